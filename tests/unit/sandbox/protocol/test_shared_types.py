"""Values of classes that tests and candidate share. `test_object_session.py` tests the tables."""

from enum import Enum
from typing import NamedTuple

import pytest

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.shared_types import read_shared_value, write_shared_value


class Mood(Enum):
    """An enumeration that both sides have."""

    GLAD = 1
    HAPPY = 1  # noqa: PIE796  (an alias is written by its member's name)


class Point(NamedTuple):
    """A named tuple that both sides have."""

    x: int
    y: object


class Node:
    """A class that is neither."""


SHARED = {"Mood": Mood, "Point": Point, "Node": Node, "Number": int}


def unchanged(tree: object) -> object:
    """Write or read an item as itself."""
    return tree


@pytest.mark.parametrize("value", [Mood.GLAD, Mood.HAPPY, Point(1, [2])])
def test_a_shared_value_is_read_as_it_was_written(value: object) -> None:
    """A member of an enumeration, or a named tuple, is the same on the other side."""
    tree = write_shared_value(value, unchanged)

    assert isinstance(tree, dict)
    ((tag, content),) = tree.items()
    read = read_shared_value(tag, content, SHARED, unchanged)
    assert (type(read), read) == (type(value), value)


def test_any_other_value_is_not_written() -> None:
    """An object that is no member and no tuple has no such form."""
    assert write_shared_value(Node(), unchanged) is None


@pytest.mark.parametrize(
    "content",
    [
        *(None, "Mood", ["Mood"], ["Mood", 1], ["Mood", "SAD"], ["Node", "SAD"], [1, "SAD"]),
        *(["Number", "SAD"], ["Number", [1]], ["Node", [1]], ["Nothing", [1]]),
    ],
)
@pytest.mark.parametrize("tag", ["member", "row"])
def test_a_value_of_an_unknown_class_is_refused(tag: str, content: object) -> None:
    """A name without such a class on this side raises EncodingError."""
    with pytest.raises(EncodingError):
        read_shared_value(tag, content, SHARED, unchanged)
