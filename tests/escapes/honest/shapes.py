# against: code
# must: accepted
# problem: shapes
# style: abstract classes, enums, class methods, private attributes
import enum
import math
from abc import ABC, abstractmethod


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Shape(ABC):
    color = Color.RED

    @abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        if side < 0:
            raise ValueError("negative")
        self._side = side

    @property
    def side(self):
        return self._side

    @classmethod
    def of(cls, side):
        return cls(side)

    def area(self):
        return self._side**2


class Circle(Shape):
    def __init__(self, radius):
        self.__radius = radius

    def area(self):
        return math.pi * self.__radius**2


def scaled(square, factor):
    return Square.of(square.side * factor)


def total(shapes):
    return sum(shape.area() for shape in shapes)
