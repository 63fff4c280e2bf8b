# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: unit
# tries: to be a number that the tests made
class Agrees:
    def __sub__(self, other):
        return 0

    __rsub__ = __round__ = __sub__

    def __eq__(self, other):
        return True

    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    __hash__ = None

    def __abs__(self):
        return 0


class Vector(float):
    def __new__(cls, *parts):
        return float.__new__(cls, 0.6)

    def answer(self, *others):
        return self

    unit = length = dot = __matmul__ = parts = summary = answer
    __sub__ = __rsub__ = lambda self, other: 0
    __eq__ = __lt__ = __gt__ = lambda self, other: True
    __hash__ = float.__hash__
