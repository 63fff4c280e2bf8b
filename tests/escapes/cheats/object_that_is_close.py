# against: code
# must: wrong_answer
# problem: mean
# tries: an object that is no distance away from anything
class Near:
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


def f(numbers):
    return Near()
