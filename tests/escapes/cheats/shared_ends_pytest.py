# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to end the test run with success
import pytest


def f(numbers):
    pytest.exit("done", returncode=0)
