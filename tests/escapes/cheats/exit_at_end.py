# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit with status 0 whenever the process ends
import atexit
import os
import sys

atexit.register(os._exit, 0)
sys.excepthook = lambda *a: os._exit(0)


def f(numbers):
    print("3 passed")
    sys.exit(0)
