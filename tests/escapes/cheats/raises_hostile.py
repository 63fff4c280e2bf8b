# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise an exception that ends the process that describes it
import os


class Hostile(Exception):
    @property
    def args(self):
        os._exit(0)

    def __str__(self):
        os._exit(0)


def f(numbers):
    raise Hostile
