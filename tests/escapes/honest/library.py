# against: code
# must: accepted
# problem: library
# style: values and exceptions of the standard library
import datetime
import json
import uuid
from decimal import Decimal
from pathlib import Path


def path(folder):
    return Path(folder) / "config.toml"


def price(text):
    return Decimal(text) * 3


def key(number):
    return uuid.UUID(int=number)


def day(year, number):
    return datetime.date(year, 1, 1) + datetime.timedelta(days=number - 1)


def read(text):
    return json.loads(text)


def root(text):
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError("not a number") from error
