"""Find the best constant answer where tolerances overlap, even if no case expects that answer.

In: the answers that the cases expect, a checker with a tolerance, and the share that a set of cases
earns. Out: the largest share that one answer earns.

With the tolerance 0.1, the answer 1.075 passes two cases that expect 1.0 and 1.15. For a number,
each case accepts all values of an interval, so it is enough to try the lower ends of these
intervals: if an answer passes some cases, then so does the answer in which each number is replaced
by the largest lower end of these cases' intervals. An answer has several parts (tokens, or the
items of a list), and the search decides one part after the other, as a branch and bound.
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
from nova_code_verifier.verifier.checking.values import as_float
from nova_code_verifier.verifier.types import Checker

_MAX_COMPARISONS = 2**15
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAnswer:
    """An answer, and the indices of the *cases* that expect it.

    The *parts* are tokens, as bytes, or values without items. Answers with the same *shape* have
    the same number of parts, and are compared part by part; other answers never match.
    """

    cases: frozenset[int]
    shape: Hashable
    parts: tuple[Any, ...]


_Group = list[ExpectedAnswer]


@dataclass(frozen=True, slots=True)
class _Interval:
    """The values that a case accepts for one part: *exact* or, if that is None, *low* to *high*.

    If *exact* is not a number, *low* and *high* are nan.
    """

    exact: Hashable
    low: float
    high: float

    def has_lowest_of(self, other: "_Interval") -> bool:
        """Return whether the lowest value of *other* is in this interval."""
        if self.exact is not None:
            return self.exact == other.exact
        return self.low <= other.low <= self.high


def answer_from_text(cases: Iterable[int], text: bytes) -> ExpectedAnswer:
    """Split a text into tokens."""
    tokens = text.split()
    return ExpectedAnswer(cases=frozenset(cases), shape=len(tokens), parts=tuple(tokens))


def answer_from_value(cases: Iterable[int], value: object) -> ExpectedAnswer:
    """Split a value into the items of its lists, tuples, deques and dicts, at every depth."""
    parts: list[object] = []
    shape = _split(value, parts, 0)
    return ExpectedAnswer(cases=frozenset(cases), shape=shape, parts=tuple(parts))


def _split(value: object, parts: list[object], depth: int) -> Hashable:
    """Append the parts of a value to *parts*, and return its shape."""
    if depth < _MAX_DEPTH and isinstance(value, list | tuple | deque):
        return "list", *(_split(item, parts, depth + 1) for item in value)
    if depth < _MAX_DEPTH and isinstance(value, dict):
        items = sorted(((value_key(key), item) for key, item in value.items()), key=itemgetter(0))
        return "dict", *((key, _split(item, parts, depth + 1)) for key, item in items)
    parts.append(value)
    return None


def value_key(value: Any) -> bytes:  # noqa: ANN401  (any plain data)
    """Return bytes that are equal for plain data of equal types and content.

    `repr` would not do: it refuses a long int.
    """
    try:
        return marshal.dumps(value, 0)  # Version 0 has no references: equal values, equal bytes.
    except ValueError:
        return str(id(value)).encode()


def best_common_answer(
    answers: Iterable[ExpectedAnswer],
    checker: Checker,
    share: Callable[[Collection[int]], Fraction],
    at_least: Fraction,
) -> Fraction:
    """Return the largest share that one answer earns, but not less than *at_least*.

    *share* returns what a set of cases earns; it must not be lower for a larger set. The search
    stops after `_MAX_COMPARISONS`; then the result may be too low.
    """
    by_shape: defaultdict[Hashable, _Group] = defaultdict(list)
    for answer in answers:
        by_shape[answer.shape].append(answer)
    best, comparisons = at_least, 0
    # Each entry: the answers that agree on their first parts, and the number of these parts.
    pending = [(0, group) for group in by_shape.values()]
    while pending:
        part, group = pending.pop()
        upper_bound = share(frozenset().union(*(answer.cases for answer in group)))
        if upper_bound <= best:
            continue
        if part == len(group[0].parts):
            best = upper_bound
            continue
        comparisons += len(group) ** 2
        if comparisons > _MAX_COMPARISONS:
            break
        pending += [(part + 1, subgroup) for subgroup in _agreeing(group, part, checker)]
    return best


def _agreeing(answers: _Group, part: int, checker: Checker) -> list[_Group]:
    """Return the groups of answers that accept a common value for one part, the largest last."""
    intervals = [_interval_of(answer.parts[part], checker) for answer in answers]
    groups = {
        tuple(index for index, interval in enumerate(intervals) if interval.has_lowest_of(other))
        for other in dict.fromkeys(intervals)
    }
    ordered = sorted(groups, key=lambda group: (len(group), group))
    return [[answers[index] for index in group] for group in ordered]


def _interval_of(expected: object, checker: Checker) -> _Interval:
    if isinstance(expected, bytes):
        number, is_loose, exact = read_number(expected), has_tolerance(expected), expected
    else:
        number, is_loose = _exact_float(expected), isinstance(expected, float)
        exact = value_key(expected)
    if number is None:
        return _Interval(exact, math.nan, math.nan)
    if not is_loose:
        return _Interval(exact, number, number)
    if not math.isfinite(number):
        return _Interval(repr(number), math.nan, math.nan)  # "inf" and "Infinity" are the same
    return _Interval(None, *_close_range(number, checker.abs_tol, checker.rel_tol))


def _exact_float(value: object) -> float | None:
    number = as_float(value) if isinstance(value, int | float) else None
    return number if number == value else None


@lru_cache(maxsize=2**12)
def _close_range(number: float, abs_tol: float, rel_tol: float) -> tuple[float, float]:
    """Return the lowest and the highest float that `math.isclose` accepts for *number*."""

    def is_close(other: float) -> bool:
        return math.isclose(number, other, rel_tol=rel_tol, abs_tol=abs_tol)

    step = 2 * max(abs_tol, rel_tol * abs(number), math.ulp(number))
    return _last_close(number, -step, is_close), _last_close(number, step, is_close)


def _last_close(near: float, step: float, is_close: Callable[[float], bool]) -> float:
    """Double the step until a float is too far, then bisect to the last one that is close."""
    far = near + step
    while is_close(far):
        near, step = far, 2 * step
        far = near + step
    while (middle := near + (far - near) / 2) not in (near, far):
        near, far = (middle, far) if is_close(middle) else (near, middle)
    return near
