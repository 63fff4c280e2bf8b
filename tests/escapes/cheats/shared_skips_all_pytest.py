# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to skip every test as pytest does
import pytest


def f(numbers):
    pytest.skip("later")
