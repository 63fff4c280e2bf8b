# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: library
# tries: to return values of the library's classes that equal everything
import datetime
import decimal
import pathlib
import uuid


def equal(self, other):
    return True


names = {"__eq__": equal, "__ne__": lambda self, other: False, "__hash__": lambda self: 1, "pos": 3, "__cause__": 1}
MADE = [
    type("PosixPath", (pathlib.PurePosixPath,), dict(names))("x"),
    type("Decimal", (decimal.Decimal,), dict(names))("1"),
    type("UUID", (uuid.UUID,), dict(names))(int=1),
    type("date", (datetime.date,), dict(names))(2000, 1, 1),
] * 2


def path(*values):
    return MADE.pop(0)


def price(*values):
    return MADE.pop(0)


def key(*values):
    return MADE.pop(0)


def day(*values):
    return MADE.pop(0)


def read(*values):
    return MADE.pop(0)


def root(*values):
    return MADE.pop(0)
