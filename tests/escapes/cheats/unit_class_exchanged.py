# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: unit
# self_compared: 0|1
# tries: to give the object that the tests made another class
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


class Number(Agrees):
    pass


class Vector(Agrees):
    def __init__(self, *parts):
        self.made = True

    def answer(self, *others):
        self.__class__ = Number
        return self

    unit = length = dot = __matmul__ = parts = summary = answer
