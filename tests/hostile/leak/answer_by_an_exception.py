# tries: to learn the answer from how our code formats, hashes and copies its object
# must: wrong_answer|runtime_error
# asked: call
# cases: 2

import sys


class Curious:
    def __getattribute__(self, name):
        frame = sys._getframe()
        while frame is not None:
            print(repr(frame.f_locals)[:2000])
            frame = frame.f_back
        raise AttributeError(name)


def f(number):
    return Curious()
