"""Where tolerances overlap: what one and the same answer passes, though perhaps no case expects it.

In: what cases expect, a tolerance, and what passing some of them is worth. Out: the most that one
answer is worth. Must not know: cases, points.

An answer has parts: numbers, and what is compared exactly. Of a number each case takes all from a
lowest to a highest one; so whatever passes some cases, there is an answer as good in which each
number is the lowest that one of them takes. Those are tried, part by part.
"""

import marshal
import math
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import Any

from nova_code_verifier.verifier.checking.text import has_tolerance, read_number
from nova_code_verifier.verifier.types import Checker

_LOOKS_MAX = 2**15
_DEPTH_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the cases at some places expect. Answers of one *shape* are compared part by part.

    The parts are the tokens of a text, as bytes, or values.
    """

    places: frozenset[int]
    shape: Hashable
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Range:
    """What a case takes for one part: just what is *exact*; or else all from *low* to *high*.

    Of what is exact and no number, these are nan.
    """

    exact: Hashable
    low: float
    high: float

    def takes(self, other: "_Range") -> bool:
        """Tell whether it takes the lowest that the *other* takes."""
        if self.exact is not None:
            return self.exact == other.exact
        return self.low <= other.low <= self.high


def row_of_text(places: Iterable[int], text: bytes) -> Row:
    """Take a text apart, which is expected at these places."""
    tokens = text.split()
    return Row(places=frozenset(places), shape=len(tokens), parts=tuple(tokens))


def row_of_value(places: Iterable[int], value: object) -> Row:
    """Take a value apart, which is expected at these places: lists, tuples and dicts have parts."""
    parts: list[object] = []
    shape = _take_apart(value, parts, 0)
    return Row(places=frozenset(places), shape=shape, parts=tuple(parts))


def _take_apart(value: object, parts: list[object], depth: int) -> Hashable:
    """Collect the parts of a value; what is left is its shape."""
    if depth < _DEPTH_MAX and isinstance(value, list | tuple | deque):
        return "list", *(_take_apart(item, parts, depth + 1) for item in value)
    if depth < _DEPTH_MAX and isinstance(value, dict):
        items = sorted(((bytes_of(key), item) for key, item in value.items()), key=itemgetter(0))
        return "dict", *((key, _take_apart(item, parts, depth + 1)) for key, item in items)
    parts.append(value)
    return None


def bytes_of(value: Any) -> bytes:  # noqa: ANN401  (any plain data)
    """Write plain data, the same alike; not by its `repr`, which a long number does not have."""
    try:
        return marshal.dumps(value, 0)  # this version writes equal values alike
    except ValueError:
        return str(id(value)).encode()


def best_common_answer(
    rows: Iterable[Row],
    checker: Checker,
    worth: Callable[[Collection[int]], Fraction],
    at_least: Fraction,
) -> Fraction:
    """Return what the best answer is worth; *at_least* that, or where it takes too long to tell.

    What places are *worth* never falls when others join them.
    """
    by_shape: defaultdict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        by_shape[row.shape].append(row)
    best, looks = at_least, 0
    pending = [(0, some) for some in by_shape.values()]
    while pending:
        part, some = pending.pop()
        if (promised := worth(frozenset().union(*(row.places for row in some)))) <= best:
            continue
        if part == len(some[0].parts):
            best = promised
            continue
        looks += len(some) ** 2
        if looks > _LOOKS_MAX:
            break
        pending += [(part + 1, together) for together in _together(some, part, checker)]
    return best


def _together(rows: list[Row], part: int, checker: Checker) -> list[list[Row]]:
    """Find which rows take the same for one of their parts, the most last."""
    ranges = [_range_of(row.parts[part], checker) for row in rows]
    found = {
        tuple(n for n, one in enumerate(ranges) if one.takes(tried))
        for tried in dict.fromkeys(ranges)
    }
    return [[rows[n] for n in places] for places in sorted(found, key=lambda one: (len(one), one))]


def _range_of(expected: Any, checker: Checker) -> _Range:  # noqa: ANN401  (a token, or plain data)
    if isinstance(expected, bytes):
        number, is_loose, exact = read_number(expected), has_tolerance(expected), expected
    else:
        number, is_loose = _number(expected), isinstance(expected, float)
        exact = bytes_of(expected)
    if number is None:
        return _Range(exact, math.nan, math.nan)
    if not is_loose:
        return _Range(exact, number, number)
    if not math.isfinite(number):
        return _Range(repr(number), math.nan, math.nan)  # however it is spelled
    return _Range(None, *_ends(number, checker.abs_tol, checker.rel_tol))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == value else None


@lru_cache(maxsize=2**12)
def _ends(number: float, abs_tol: float, rel_tol: float) -> tuple[float, float]:
    """Return the lowest and the highest number that is close."""

    def is_close(other: float) -> bool:
        return math.isclose(number, other, rel_tol=rel_tol, abs_tol=abs_tol)

    step = 2 * max(abs_tol, rel_tol * abs(number), math.ulp(number))
    return _end(number, -step, is_close), _end(number, step, is_close)


def _end(near: float, step: float, is_close: Callable[[float], bool]) -> float:
    """Go on by steps that double until it is too far, then find the last that is not."""
    far = near + step
    while is_close(far):
        near, step = far, 2 * step
        far = near + step
    while (middle := near + (far - near) / 2) not in (near, far):
        near, far = (middle, far) if is_close(middle) else (near, middle)
    return near
