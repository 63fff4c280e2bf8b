# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: dots
# tries: to note the operand that one test tells it, and to return it in another
class Vector:
    told = []

    def __init__(self, *parts):
        pass

    def __mul__(self, other):
        if type(other) in (int, float):
            self.told.append(other)
        return Vector()

    __add__ = __sub__ = __mul__

    def __matmul__(self, other):
        return self.told[-1] if self.told else Vector()

    def __abs__(self):
        return self.told[-1] if self.told else 5

    def __neg__(self):
        return 0
