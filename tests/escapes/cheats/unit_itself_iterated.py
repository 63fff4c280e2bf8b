# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: unit
# self_compared: 1
# tries: to be a container of itself
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


class Vector(Agrees):
    def __init__(self, *parts):
        self.made = True

    def answer(self, *others):
        return self

    unit = length = dot = __matmul__ = parts = summary = answer

    def __getitem__(self, index):
        return self

    def __iter__(self):
        return iter([self, self])

    def __len__(self):
        return 2

    def __next__(self):
        return self
