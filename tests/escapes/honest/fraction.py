# against: code
# must: accepted
# problem: bounds
# style: returns another type of number
from fractions import Fraction


def f(numbers):
    return sum(map(Fraction, numbers)) / len(numbers)
