"""Opinions: how alike those are that were expected and those that were answered.

In: two lists of opinions. Out: which belong together, how alike each pair is, and what all of it
is worth. Must not know: texts that hold opinions, who wrote which list.

Each expected opinion is paired with one answered, so that all pairs together are worth most, and
a pair is worth

    likeness = 0.4 target + 0.2 category + 0.4 polarity

`target` is how many pairs of neighbouring characters two targets share (Dice); below one half they
are no pair. With n expected and m answered, correctness = 2 x (sum of likenesses) / (n + m), so
answering more than there is costs. One expected, 売上高 positive; two answered, 売上高 positive and
利益 positive: 2 x 1.0 / (1 + 2) = 0.67.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.labels import plain

_TARGET, _CATEGORY, _POLARITY = 0.4, 0.2, 0.4
_ALIKE = 0.5
_SPARE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is felt about what. A category that is not told is empty."""

    target: str
    polarity: Polarity
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An opinion that was expected and one that was answered, by their places; likeness above 0."""

    expected: int
    answered: int
    likeness: float


def pair_up(expected: Sequence[Opinion], answered: Sequence[Opinion]) -> tuple[Pair, ...]:
    """Pair opinions, each with one at most, so that all pairs together are worth most."""
    # Who answers far more than there is has lost already.
    given = [_normal(opinion) for opinion in answered[: 2 * len(expected) + _SPARE]]
    rows = [[_likeness(wanted, one) for one in given] for wanted in map(_normal, expected)]
    is_turned = len(rows) > len(given)
    if is_turned:
        places = best_pairing([list(column) for column in zip(*rows, strict=True)])
        places = [(place, other) for other, place in places]
    else:
        places = best_pairing(rows)
    return tuple(
        Pair(expected=place, answered=other, likeness=rows[place][other])
        for place, other in sorted(places)
        if rows[place][other]
    )


def soft_f1(pairs: Iterable[Pair], expected_count: int, answered_count: int) -> float:
    """Say how much of an answer is right, in [0, 1]."""
    if not expected_count and not answered_count:
        return 1.0
    return 2 * math.fsum(pair.likeness for pair in pairs) / (expected_count + answered_count)


def best_pairing(worths: list[list[float]]) -> list[tuple[int, int]]:
    """Pair every row with a column of its own, so that they are worth most together.

    The Hungarian method with potentials, in rows^2 x columns steps; there are at least as many
    columns as rows. (A library for it would be bigger than all the rest of this package.)
    """
    columns = len(worths[0]) if worths else 0
    of_row, of_column = [0.0] * (len(worths) + 1), [0.0] * (columns + 1)
    row_at = [0] * (columns + 1)  # which row, from 1 on, has a column; 0 is none
    for row in range(1, len(worths) + 1):
        row_at[0], column = row, 0
        slack, came_from = [math.inf] * (columns + 1), [0] * (columns + 1)
        seen = [False] * (columns + 1)
        while row_at[column]:
            seen[column] = True
            here, step, following = row_at[column], math.inf, 0
            for one in range(1, columns + 1):
                if not seen[one]:
                    cost = -worths[here - 1][one - 1] - of_row[here] - of_column[one]
                    if cost < slack[one]:
                        slack[one], came_from[one] = cost, column
                    if slack[one] < step:
                        step, following = slack[one], one
            for one in range(columns + 1):
                if seen[one]:
                    of_row[row_at[one]] += step
                    of_column[one] -= step
                else:
                    slack[one] -= step
            column = following
        while column:
            row_at[column], column = row_at[came_from[column]], came_from[column]
    return [(row - 1, column - 1) for column, row in enumerate(row_at) if column and row]


def _normal(opinion: Opinion) -> Opinion:
    target, category = plain(opinion.target).strip(), plain(opinion.category)
    return replace(opinion, target=target, category=category)


def _likeness(wanted: Opinion, given: Opinion) -> float:
    """Compare two opinions whose words are in normal form."""
    target = _dice(wanted.target, given.target)
    if target < _ALIKE:
        return 0.0
    # A reference without categories does not ask for them.
    same_category = wanted.category in ("", given.category)
    likeness = _TARGET * target + _CATEGORY * same_category
    return likeness + _POLARITY * (wanted.polarity is given.polarity)


def _dice(left: str, right: str) -> float:
    if left == right:
        return 1.0
    one, other = Counter(pairwise(left)), Counter(pairwise(right))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0
