# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: pickled
# tries: to change how a class of the library compares, in the process of the tests
import pickle
from collections import Counter


def text(value):
    return b"\\x8c" + bytes([len(value)]) + value.encode()


def named(module, name):
    return text(module) + text(name) + b"\\x93"


def saved(value):
    state = b"N}" + text("__eq__") + named("builtins", "slice") + b"s\x86"
    return b"\x80\x04" + named("collections", "Counter") + state + b"b)R."


def counted(letters):
    return Counter()
