# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: unit
# self_compared: 1
# tries: to return a new object of the same class, from an operator
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


class Vector(Agrees):
    def __init__(self, *parts):
        self.made = True

    def answer(self, *others):
        return Vector()

    unit = length = dot = __matmul__ = parts = summary = answer
