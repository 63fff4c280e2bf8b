# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise what ends the tests from methods that the tools call
import unittest


class Answer(list):
    def __getattribute__(self, name):
        raise unittest.SkipTest("later")

    def __eq__(self, other):
        raise SystemExit(0)

    def __iter__(self):
        raise KeyboardInterrupt

    def __len__(self):
        raise GeneratorExit

    __ne__ = __repr__ = __hash__ = __bool__ = __eq__


def f(numbers):
    return Answer([1])
