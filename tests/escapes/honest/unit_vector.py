# against: code
# must: accepted
# problem: unit
# style: an object that computes plain numbers
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def length(self):
        return (self.x**2 + self.y**2) ** 0.5

    def unit(self):
        return [self.x / self.length(), self.y / self.length()]

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    __matmul__ = dot

    def parts(self):
        return [self.x, self.y]

    def summary(self):
        return {"x": self.x, "y": self.y}
