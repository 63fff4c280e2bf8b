# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to leave with status 0 before it is asked
import os

os._exit(0)


def f(numbers):
    return []
