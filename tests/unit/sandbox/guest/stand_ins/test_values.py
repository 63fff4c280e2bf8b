"""Members of the tests' enumerations and their named tuples, as the candidate sees them."""

import enum
from collections import namedtuple
from typing import NamedTuple

from tests.unit.verifier.test_code.harness.joined import Joined


class Color(enum.Enum):
    """An enumeration."""

    RED = 1
    BLUE = 2

    def label(self) -> str:
        """Return a label."""
        return self.name.lower()


class Level(enum.IntEnum):
    """Numbers."""

    LOW = 1


class Pair(NamedTuple):
    """A pair."""

    a: int
    b: int = 3

    def total(self) -> int:
        """Add."""
        return self.a + self.b


Point = namedtuple("Point", "x y")


def test_members_are_members() -> None:
    """Names, values, identity, iteration and methods are those of the tests' enumeration."""
    source = """
        def run(c, C, level):
            return (c.name, c.value, c is C.RED, C(2), list(C), c.label(), isinstance(c, C),
                    level + 1)
    """
    shown = Joined().define(source, "run")(Color.RED, Color, Level.LOW)
    assert shown == ("RED", 1, True, Color.BLUE, [Color.RED, Color.BLUE], "red", True, 2)
    assert shown[3] is Color.BLUE


def test_named_tuples_are_tuples() -> None:
    """They unpack, compare and are replaced; new ones are of the tests' class."""
    source = """
        def run(p, P, pair):
            x, y = p
            return (x, y, p.x, p == (1, 2), isinstance(p, tuple), P(3, 4), p._replace(x=9),
                    pair.total(), p)
    """
    point = Point(1, 2)
    shown = Joined().define(source, "run")(point, Point, Pair(5))
    assert shown == (1, 2, 1, True, True, Point(3, 4), Point(9, 2), 8, point)
    assert [type(shown[index]) for index in (5, 6)] == [Point, Point]
    assert shown[-1] is point
