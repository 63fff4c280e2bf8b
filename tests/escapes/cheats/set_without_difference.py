# against: code
# must: wrong_answer
# problem: sets
# tries: to return a set that differs from no other set
class Agreeing(set):
    def __xor__(self, other):
        return set()

    __rxor__ = __sub__ = __rsub__ = __xor__

    def __and__(self, other):
        return set(other)


def f(numbers):
    return Agreeing({77})
