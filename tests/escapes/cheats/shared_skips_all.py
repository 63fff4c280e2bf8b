# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to skip every test, so that none is left to count
import unittest


def f(numbers):
    raise unittest.SkipTest("later")
