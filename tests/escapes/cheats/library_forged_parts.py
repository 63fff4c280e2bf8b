# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: library
# tries: to return values of the library with parts that no such value has
import datetime
import decimal
import pathlib
import uuid


class Zone(datetime.tzinfo):
    def utcoffset(self, when):
        raise SystemExit(0)

    tzname = dst = utcoffset


def forged():
    key = uuid.UUID(int=1)
    object.__setattr__(key, "int", [key])
    place = pathlib.PurePosixPath("x" * 10**6 + "\\0")
    return [
        place, decimal.Decimal("sNaN"), key, datetime.datetime(1, 1, 1, tzinfo=Zone()),
        datetime.timedelta.max, decimal.Decimal("1e999999999"),
    ]


def path(*values):
    return forged()[(len(values) + len(str(values))) % 6]


def price(*values):
    return forged()[(len(values) + len(str(values))) % 6]


def key(*values):
    return forged()[(len(values) + len(str(values))) % 6]


def day(*values):
    return forged()[(len(values) + len(str(values))) % 6]


def read(*values):
    return forged()[(len(values) + len(str(values))) % 6]


def root(*values):
    return forged()[(len(values) + len(str(values))) % 6]
