# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit with status 0 before the first question
import os

os._exit(0)


def f(numbers):
    return []
