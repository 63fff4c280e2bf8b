# against: code
# must: accepted
# problem: errors
# style: raises an exception of its own, of the right kind
class NegativeError(ValueError):
    def __init__(self, number):
        super().__init__(f"negative: {number}")
        self.number = number


def f(number):
    if number < 0:
        raise NegativeError(number)
    return round(number**0.5)
