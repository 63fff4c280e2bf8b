# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to make its tests skipped, so that they do not count
import unittest


def f(numbers):
    raise unittest.SkipTest("not today")
