# against: code
# must: accepted
# problem: each
# style: calls back with its parts, and returns a named tuple
import math
from typing import NamedTuple


class Polar(NamedTuple):
    length: float
    angle: float


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def each(self, function):
        function(self.x)
        function(self.y)

    def polar(self):
        return Polar(math.hypot(self.x, self.y), math.atan2(self.y, self.x))

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)
