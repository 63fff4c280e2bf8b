"""Find the best constant answer where tolerances overlap, even if no case expects that answer.

In: the answers that the cases expect, a checker with a tolerance, and the share that a set of cases
earns. Out: the largest share that one answer earns.

With the tolerance 0.1, the answer 1.075 passes two cases that expect 1.0 and 1.15; within 1e-6, the
answer 0 passes all cases that expect less than that. For a number, each case accepts all values of
an interval. So it is enough to try each set of intervals that have a value in common and are not
part of a larger such set. An answer has several parts (tokens, or the items of a list), and the
search decides one part after the other, as a branch and bound.
"""

import marshal
import math
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

from nova_code_verifier.verifier.checking.text import has_tolerance, read_number
from nova_code_verifier.verifier.checking.tolerance import accepted_range
from nova_code_verifier.verifier.checking.values import as_float
from nova_code_verifier.verifier.types import Checker

# So many parts of answers are looked at, which takes about a tenth of a second.
_MAX_STEPS = 2**15
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

    If *exact* does not spell a finite number, *is_number* is False, and *low* and *high* are 0.
    """

    exact: Hashable
    low: float = 0.0
    high: float = 0.0
    is_number: bool = True


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
    stops after `_MAX_STEPS`; then the result may be too low.
    """
    by_shape: defaultdict[Hashable, _Group] = defaultdict(list)
    for answer in answers:
        by_shape[answer.shape].append(answer)
    best, steps = at_least, 0
    # Each entry: the answers that agree on their first parts, and the number of these parts.
    pending = [(0, group) for group in by_shape.values()]
    while pending:
        part, group = pending.pop()
        steps += 2 * len(group)
        if steps > _MAX_STEPS:
            break
        upper_bound = share(frozenset().union(*(answer.cases for answer in group)))
        if upper_bound <= best:
            continue
        if part == len(group[0].parts):
            best = upper_bound
            continue
        subgroups = []
        for subgroup in _agreeing(group, part, checker):
            steps += len(subgroup)
            if steps > _MAX_STEPS:
                break
            subgroups.append((part + 1, subgroup))
        pending += sorted(subgroups, key=lambda entry: len(entry[1]))  # the largest is next
    return best


def _agreeing(answers: _Group, part: int, checker: Checker) -> Iterator[_Group]:
    """Yield the largest groups of answers that accept a common value for one part."""
    exact: defaultdict[_Interval, _Group] = defaultdict(list)
    loose: list[tuple[_Interval, _Group]] = []
    for answer in answers:
        interval = _interval_of(answer.parts[part], checker)
        if interval.exact is None:
            loose.append((interval, [answer]))
        else:
            exact[interval].append(answer)
    yield from (group for interval, group in exact.items() if not interval.is_number)
    numbers = [entry for entry in exact.items() if entry[0].is_number]
    yield from _overlapping(sorted(loose + numbers, key=lambda entry: _order(entry[0])))


def _order(interval: _Interval) -> tuple[float, bool]:
    """Sort by the lower ends; an exact number comes after the intervals that it begins."""
    return interval.low, interval.exact is not None


def _overlapping(ordered: Iterable[tuple[_Interval, _Group]]) -> Iterator[_Group]:
    """Yield the largest groups of intervals with a common value: sweep from the lowest value up."""
    open_: dict[int, ExpectedAnswer] = {}  # the answers that accept the value of the sweep
    ends: list[tuple[float, int]] = []  # a heap of their upper ends
    has_grown = False
    for number, (interval, group) in enumerate(ordered):
        while ends and ends[0][0] < interval.low:
            if has_grown:
                yield list(open_.values())
                has_grown = False
            del open_[heappop(ends)[1]]
        if interval.exact is not None:
            yield [*group, *open_.values()]
        else:
            open_[number] = group[0]
            heappush(ends, (interval.high, number))
            has_grown = True
    if has_grown:
        yield list(open_.values())


def _interval_of(expected: object, checker: Checker) -> _Interval:
    if isinstance(expected, bytes):
        number, is_loose, exact = read_number(expected), has_tolerance(expected), expected
    else:
        number, is_loose = _exact_float(expected), isinstance(expected, float)
        exact = value_key(expected)
    if number is None:
        return _Interval(exact, is_number=False)
    if not is_loose:
        return _Interval(exact, number, number)
    if not math.isfinite(number):
        return _Interval(repr(number), is_number=False)  # "inf" and "Infinity" are the same
    return _Interval(None, *accepted_range(number, checker))


def _exact_float(value: object) -> float | None:
    number = as_float(value) if isinstance(value, int | float) else None
    return number if number == value else None
