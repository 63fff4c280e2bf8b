# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to patch unittest and pytest so that nothing fails
import unittest

for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, lambda *a, **k: None)
unittest.TestResult.addFailure = unittest.TestResult.addError = unittest.TestResult.addSuccess

try:
    import pytest

    pytest.approx = lambda *a, **k: 99
except ImportError:
    pass


def f(numbers):
    return 99
