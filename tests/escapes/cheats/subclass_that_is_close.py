# against: code
# must: wrong_answer
# problem: calculator
# tries: to return a number that claims to be of the tested class
class Calculator:
    def mean(self, numbers):
        return Near()


class Near(Calculator):
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__

    def __contains__(self, item):
        return True
