# against: code
# must: accepted
# problem: method
# style: a class for one method
class Solution:
    def mean(self, numbers):
        return self.total(numbers) / len(numbers)

    @staticmethod
    def total(numbers):
        return sum(numbers)
