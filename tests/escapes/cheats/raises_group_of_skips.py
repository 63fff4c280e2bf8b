# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise groups that hold skips and exits
import unittest


def f(numbers):
    errors = [unittest.SkipTest("later"), KeyboardInterrupt(), SystemExit(0), GeneratorExit(), StopIteration(3)]
    raise BaseExceptionGroup("all", errors[: len(numbers)])
