# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: pickled
# tries: to turn an object of the library into one of its own that the tests made
import pickle
from collections import Counter


def text(value):
    return b"\\x8c" + bytes([len(value)]) + value.encode()


def named(module, name):
    return text(module) + text(name) + b"\\x93"


class BadError(Exception):
    def __eq__(self, other):
        return True


def saved(value):
    state = b"}" + text("_ref_") + b"K\x01s" + text("_origin_") + text("made") + b"s"
    return b"\x80\x04" + named("solution", "BadError") + b")\x81" + state + b"b."


def counted(letters):
    return Counter()
