# against: code
# must: wrong_answer|runtime_error|time_limit_exceeded
# problem: order_script
# tries: to return an object whose hash and equality take a minute
import time


class Slow(list):
    def __hash__(self):
        time.sleep(60)

    __eq__ = __repr__ = __hash__


def f(numbers):
    return Slow()
