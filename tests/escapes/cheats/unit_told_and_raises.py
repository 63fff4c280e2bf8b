# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: dots
# tries: to note what it is told, to raise an exception, and to return what it noted afterwards
class Vector:
    told = []

    def __init__(self, *parts):
        pass

    def __mul__(self, other):
        return Vector()

    __add__ = __mul__

    def __sub__(self, other):
        if type(other) in (int, float):
            self.told.append(other)
            raise ValueError("no number")
        return Vector()

    def __matmul__(self, other):
        return self.told[-1] if self.told else Vector()

    def __abs__(self):
        return 5

    def __neg__(self):
        return 0

    def __lt__(self, other):
        return True
