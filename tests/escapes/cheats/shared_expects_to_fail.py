# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to make its tests ones that are expected to fail
import pytest


def f(numbers):
    pytest.xfail("as expected")
