# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: pickled
# tries: to make a class in the process of the tests whose objects equal anything
import pickle
from collections import Counter


def text(value):
    return b"\\x8c" + bytes([len(value)]) + value.encode()


def named(module, name):
    return text(module) + text(name) + b"\\x93"


def saved(value):
    names = b"}" + text("__eq__") + named("builtins", "slice") + b"s"
    return b"\x80\x04" + named("builtins", "type") + text("L") + b")" + names + b"\x87R)R."


def counted(letters):
    return Counter()
