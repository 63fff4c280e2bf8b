# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: that its tests are skipped and so do not count
import unittest


def f(numbers):
    raise unittest.SkipTest("not today")
