# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit with status 0 during a question
import os


def f(numbers):
    os._exit(0)
