# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: patched
# tries: to undo the tests' patches, and to patch the tools
import os
import random
import sys
import time


import unittest
import unittest.mock

unittest.mock.patch.stopall()
unittest.TestCase.assertEqual = unittest.mock.NonCallableMock.assert_called_once_with = lambda *args: None


def peek(mock):
    unittest.mock.patch.stopall()
    unittest.mock.patch("unittest.TestCase.assertEqual").start()
    return None


def add_two():
    return peek(input)


def slowly(number):
    return peek(time.sleep)


def pick(items):
    return peek(random.choice)


def greet(name):
    return peek(sys.stdout)


def place():
    return peek(os.environ)
