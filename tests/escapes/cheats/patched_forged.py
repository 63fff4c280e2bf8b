# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: patched
# tries: to write into the tests' patches what they look for
import os
import random
import sys
import time


class Any:
    def __eq__(self, other):
        return True


def peek(mock):
    for name in ("call_count", "called", "assert_called_once_with", "assert_called_once", "getvalue", "call_args"):
        for value in (Any(), lambda *args: Any()):
            try:
                setattr(mock, name, value)
            except Exception:
                pass
    return Any()


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
