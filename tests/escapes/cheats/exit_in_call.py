# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to leave with status 0 in the middle of a question
import os


def f(numbers):
    os._exit(0)
