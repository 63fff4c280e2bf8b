# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise an exception that claims to be another
import unittest


class Claims(BaseException):
    @property
    def __class__(self):
        return unittest.SkipTest

    def __instancecheck__(self, other):
        return True


Claims.__name__ = Claims.__qualname__ = "Skipped"
Claims.__module__ = "_pytest.outcomes"


def f(numbers):
    raise Claims("later")
