# against: code|call
# must: wrong_answer
# problem: order
# tries: an object that says that it is a list
class Fake:
    __class__ = list

    def __getattr__(self, name):
        return getattr([1, 2, 3], name)

    def __eq__(self, other):
        return True

    def __reduce__(self):
        return (list, ([1, 2, 3],))


def f(numbers):
    return Fake()
