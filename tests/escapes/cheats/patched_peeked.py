# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: patched
# tries: to read what the tests' patches will answer
import os
import random
import sys
import time


def peek(mock):
    for name in ("side_effect", "return_value", "_mock_side_effect", "_mock_return_value", "__dict__", "__self__", "_mock_parent"):
        try:
            value = getattr(mock, name)
            if isinstance(value, (list, tuple, str)) and value:
                return value
            return sum(map(int, value.__reduce__()[1][0]))
        except Exception:
            pass
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
