# against: code
# must: accepted
# problem: dots
# style: an object that computes objects and numbers
import math


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, other):
        if isinstance(other, Vector):
            return self.x * other.x + self.y * other.y
        return Vector(self.x * other, self.y * other)

    __matmul__ = __mul__

    def __abs__(self):
        return math.hypot(self.x, self.y)
