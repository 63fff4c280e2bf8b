# against: code
# must: wrong_answer
# problem: method
# tries: to return an object of the tested class whose distance from any number is 0
class Solution:
    def mean(self, numbers):
        return self

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__

    def __contains__(self, item):
        return True
