# against: code
# must: accepted
# problem: point
# style: slots and operators of its own
# self_compared: 2
class Point:
    __slots__ = ("__x", "__y")

    def __init__(self, x, y):
        self.__x, self.__y = x, y

    @property
    def x(self):
        return self.__x

    def __eq__(self, other):
        return isinstance(other, Point) and (self.__x, self.__y) == (other.__x, other.__y)

    def __hash__(self):
        return hash((self.__x, self.__y))
