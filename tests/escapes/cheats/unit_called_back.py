# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: each
# tries: to pass itself to callbacks, and to return itself in a named tuple
from typing import NamedTuple


class Polar(NamedTuple):
    length: object
    angle: object


class Vector:
    def __init__(self, x, y):
        pass

    def each(self, function):
        function(self)
        function(self)

    def polar(self):
        return Polar(self, self)

    def __sub__(self, other):
        return 0

    __radd__ = __add__ = __rsub__ = __sub__
