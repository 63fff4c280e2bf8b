# against: code
# must: wrong_answer|runtime_error
# problem: module
# tries: to exit before any test is defined
import os


def f(numbers):
    os._exit(0)
