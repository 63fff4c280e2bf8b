# against: code
# must: accepted
# problem: vector
# style: operator overloading
class Vector:
    def __init__(self, *parts):
        self.parts = parts

    def __getattr__(self, name):
        if name in ("x", "y"):
            return self.parts["xy".index(name)]
        raise AttributeError(name)

    def __add__(self, other):
        return Vector(*(a + b for a, b in zip(self.parts, other.parts)))

    def __mul__(self, factor):
        return Vector(*(part * factor for part in self.parts))

    __rmul__ = __mul__

    def __abs__(self):
        return sum(part**2 for part in self.parts) ** 0.5

    def __getitem__(self, place):
        return self.parts[place]

    def __contains__(self, part):
        return part in self.parts
