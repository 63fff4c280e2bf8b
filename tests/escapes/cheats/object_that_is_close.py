# against: code
# must: wrong_answer
# problem: mean
# tries: to return an object whose distance from any number is 0
class Near:
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


def f(numbers):
    return Near()
