"""What travels by its name in the library."""

import datetime
import json
import math
import operator
import os.path
import random
import sys
from functools import reduce
from typing import Any
from unittest import mock

import pytest

from nova_code_verifier.verifier.test_code.harness.library_names import (
    made_in_library,
    name_in_library,
)

NAMED: list[Any] = [
    math.sqrt, operator.add, str.upper, int, os.path, os.path.exists, len, json.dumps, reduce,
    random.choice, datetime.datetime.now, dict.fromkeys, json.JSONDecodeError, math, list.append,
    ..., NotImplemented, sys.stdin, sys.stdout,
]  # fmt: skip


@pytest.mark.parametrize("value", NAMED)
def test_a_value_of_the_library_is_found_by_its_name(value: Any) -> None:
    """The name leads to the same object, in whichever guest it is looked up."""
    path = name_in_library(value)
    assert path is not None
    found: Any = sys.modules[path[0]]
    for name in path[1:]:
        found = getattr(found, name)
    assert found == value


OTHERS: list[Any] = [
    lambda: 1, [].append, "text".upper, random.Random(1).choice, sys.modules[__name__],
    test_a_value_of_the_library_is_found_by_its_name, 5, mock.Mock(), mock.MagicMock(spec=int),
    pytest.raises, type("Own", (), {}),
]  # fmt: skip


@pytest.mark.parametrize("value", OTHERS, ids=lambda value: type(value).__name__)
def test_other_values_have_no_name(value: Any) -> None:
    """Objects of the tests, bound methods among them, do not travel by name."""
    assert name_in_library(value) is None


def test_a_function_that_the_tests_replaced_has_no_name() -> None:
    """Neither the original nor what lies in its place is found under the name."""
    original = os.path.exists
    with mock.patch("genericpath.exists"):
        assert name_in_library(original) is None


GETTERS: list[Any] = [
    operator.attrgetter("a.b", "c"), operator.itemgetter(1, 2), operator.methodcaller("m", 1, x=2),
]  # fmt: skip


@pytest.mark.parametrize("getter", GETTERS)
def test_getters_are_made_again(getter: Any) -> None:
    """A getter travels as its class and its arguments."""
    made = made_in_library(getter)
    assert made is not None
    (module, name), arguments, keywords = made
    again = getattr(sys.modules[module], name)(*arguments, **keywords)
    assert repr(again) == repr(getter)
    assert made_in_library(math.sqrt) is None
