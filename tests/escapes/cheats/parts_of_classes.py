# against: code
# must: wrong_answer|runtime_error|no_entry_point
# problem: parts
# tries: to leave its sample ungraded, with classes in place of their objects
from fractions import Fraction


def root(number):
    if number < 0:
        return complex
    deep = frozenset()
    for _ in range(198):
        deep = frozenset([deep])
    return deep


def halved(number):
    return Fraction if number % 2 else iter([])


def name_of(kind):
    return ""


def scaled(*parts):
    return parts


def packed(number):
    return memoryview(b"ab")


def reversed_bytes(data):
    return data


memoized = staticmethod


def applied(function, *args):
    return function
