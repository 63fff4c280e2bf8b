# against: code
# must: accepted
# problem: calculator
# style: a class with a history
class Calculator:
    def __init__(self):
        self.history = []

    def mean(self, numbers):
        self.history.append(numbers)
        return sum(numbers) / len(numbers)
