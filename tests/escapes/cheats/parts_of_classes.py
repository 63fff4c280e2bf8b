# against: code
# must: wrong_answer|runtime_error|no_entry_point
# problem: parts
# tries: to leave its sample ungraded, with classes in place of their objects
from fractions import Fraction


def root(number):
    return complex


def halved(number):
    return Fraction


def scaled(*parts):
    return parts


def packed(number):
    return memoryview(b"ab")


def reversed_bytes(data):
    return data


memoized = staticmethod


def applied(function, *args):
    return function
