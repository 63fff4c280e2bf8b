# cases: 6
import datetime
import json
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from solution import day, key, path, price, read, root


def test_path():
    assert path("etc") == Path("etc/config.toml")


def test_price():
    assert price("1.10") == Decimal("3.30")


def test_key():
    assert key(5) == UUID(int=5)


def test_day():
    assert day(2024, 60) == datetime.date(2024, 2, 29)


def test_library_error():
    with pytest.raises(json.JSONDecodeError) as caught:
        read("[1,")
    assert caught.value.pos == 3


def test_cause():
    with pytest.raises(RuntimeError) as caught:
        root("x")
    assert type(caught.value.__cause__) is ValueError
