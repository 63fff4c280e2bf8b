# against: code|call
# must: wrong_answer
# problem: order
# tries: to define check, tests and cases in addition to its function
import unittest


def check(candidate):
    return None


class TestOrder(unittest.TestCase):
    def test_three(self):
        pass

    test_two = test_twice = test_three


class TestCase:
    pass


def test_three():
    pass


def candidate(numbers):
    return sorted(numbers)


def f(numbers):
    return []
