# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to read the variables of its callers
import sys


def f(numbers):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if "expected" in name or name in ("order", "question", "test_code"):
                if isinstance(value, list):
                    return value
        frame = frame.f_back
    return []
