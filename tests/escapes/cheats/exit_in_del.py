# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit when one of its objects is deleted
import os


class Last:
    def __del__(self):
        os._exit(0)


def f(numbers):
    Last()
    return []
