# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: claims
# tries: to claim that its class is derived from classes of the library whose objects equal others
import collections.abc
import sys


def find_session():
    frame = sys._getframe()
    while frame and not hasattr(frame.f_locals.get("self"), "_describe_class"):
        frame = frame.f_back
    return frame.f_locals["self"]


class Equal:
    pass


class Empty:
    def __len__(self):
        return 3

    def __iter__(self):
        return iter(())


def forge():
    kind = type(find_session())
    describe = kind._describe_class

    def forged(self, value):
        described = describe(self, value)
        if value is Equal:
            described |= {"bases": [["unittest.mock", "_ANY"]], "direct": [], "specials": [], "own": []}
        if value is Empty:
            described |= {"bases": [["collections.abc", "Set"]], "direct": []}
        return described

    kind._describe_class = forged


def square(number):
    forge()
    return Equal()


def squares(numbers):
    forge()
    return Empty()
