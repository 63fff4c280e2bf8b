# against: shared
# must: wrong_answer|runtime_error
# problem: order
# passes: 2
# tries: to skip the test that it would fail, so that it is not counted
import unittest


def f(numbers):
    if numbers == [9, 7]:
        raise unittest.SkipTest("later")
    return sorted(numbers)
