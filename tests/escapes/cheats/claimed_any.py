# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: claims
# tries: to be derived from the class of `unittest.mock.ANY`
from unittest import mock


class Equal(type(mock.ANY)):
    __hash__ = None


def square(number):
    return Equal()


def squares(numbers):
    return Equal()
