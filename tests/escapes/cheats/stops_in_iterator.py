# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: many
# tries: to return objects that end whatever iterates over them
class Ends:
    def __eq__(self, other):
        raise StopIteration

    __ne__ = __hash__ = __bool__ = __getattr__ = __iter__ = __next__ = __eq__


def f(number):
    return Ends()
