"""Compare a list of answered opinions with a list of expected ones.

In: two lists of opinions. Out: pairs of similar opinions, and a score in [0, 1].

The likeness of two opinions is

    likeness = 0.4 target + 0.2 category + 0.4 polarity

`target` is the Dice coefficient of the character bigrams of the two targets (Dice 1945); below 0.5
the two opinions are not paired. `category` and `polarity` are 1 if they are equal, and else 0. Each
expected opinion is paired with at most one answered opinion, so that the sum of the likenesses is
maximal (an assignment problem). With n expected and m answered opinions

    correctness = 2 x (sum of likenesses) / (n + m)

which is an F1 score with partial matches, so superfluous answers lower it. Example: 売上高 positive
is expected, and 売上高 positive and 利益 positive are answered: 2 x 1.0 / (1 + 2) = 0.67.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.labels import plain

_TARGET_WEIGHT, _CATEGORY_WEIGHT, _POLARITY_WEIGHT = 0.4, 0.2, 0.4
_MIN_TARGET = 0.5
_SPARE_ANSWERS = 10
_QUOTATION_MARKS = "「」『』“”'*`\" "


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A polarity towards a target. An unknown category is an empty string."""

    target: str
    polarity: Polarity
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The indices of an expected and of an answered opinion, and their likeness, in (0, 1]."""

    expected: int
    answered: int
    likeness: float


def pair_up(expected: Sequence[Opinion], answered: Sequence[Opinion]) -> tuple[Pair, ...]:
    """Pair each expected opinion with at most one answered opinion, with maximal total likeness.

    Pairs with a likeness of 0 are left out. Pairs are ordered by the index of the expected opinion.
    """
    # More answers than this score low anyway, and comparing them all would take long.
    considered = list(map(_normalized, answered[: 2 * len(expected) + _SPARE_ANSWERS]))
    likenesses = [
        [_likeness(opinion, answer) for answer in considered]
        for opinion in map(_normalized, expected)
    ]
    if len(likenesses) > len(considered):  # `best_pairing` needs at least as many columns as rows
        transposed = [list(column) for column in zip(*likenesses, strict=True)]
        indices = [(row, column) for column, row in best_pairing(transposed)]
    else:
        indices = best_pairing(likenesses)
    return tuple(
        Pair(expected=row, answered=column, likeness=likenesses[row][column])
        for row, column in sorted(indices)
        if likenesses[row][column]
    )


def soft_f1(pairs: Iterable[Pair], expected_count: int, answered_count: int) -> float:
    """Return 2 x (sum of likenesses) / (expected + answered), in [0, 1]; 1.0 if both are empty."""
    if not expected_count and not answered_count:
        return 1.0
    return 2 * math.fsum(pair.likeness for pair in pairs) / (expected_count + answered_count)


def best_pairing(values: list[list[float]]) -> list[tuple[int, int]]:
    """Return (row, column) pairs, one for each row and no column twice, with the largest total.

    *values* has a list for each row, and at least as many columns as rows. The algorithm is the
    Hungarian method with potentials (Kuhn 1955), which takes O(rows^2 x columns) time. A library
    for it would be larger than the rest of this package.
    """
    columns = len(values[0]) if values else 0
    # Rows and columns count from 1. Column 0 holds the row that is being assigned.
    row_potential, column_potential = [0.0] * (len(values) + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)  # the row assigned to each column; 0 is none
    for row in range(1, len(values) + 1):
        row_of[0], column = row, 0
        slack, previous = [math.inf] * (columns + 1), [0] * (columns + 1)
        visited = [False] * (columns + 1)
        while row_of[column]:
            visited[column] = True
            current, delta, nearest = row_of[column], math.inf, 0
            for other in range(1, columns + 1):
                if not visited[other]:
                    cost = -values[current - 1][other - 1] - row_potential[current]
                    cost -= column_potential[other]
                    if cost < slack[other]:
                        slack[other], previous[other] = cost, column
                    if slack[other] < delta:
                        delta, nearest = slack[other], other
            for other in range(columns + 1):
                if visited[other]:
                    row_potential[row_of[other]] += delta
                    column_potential[other] -= delta
                else:
                    slack[other] -= delta
            column = nearest
        while column:
            row_of[column], column = row_of[previous[column]], previous[column]
    return [(row - 1, column - 1) for column, row in enumerate(row_of) if column and row]


def _normalized(opinion: Opinion) -> Opinion:
    """Normalize an opinion: an expected one like an answered one, or equal ones could differ.

    Quotation marks around a target do not count. Both sides lose them, also one that is a part of
    the name that it begins (`「A」事業`).
    """
    target, category = plain(opinion.target).strip(), plain(opinion.category)
    return replace(opinion, target=target.strip(_QUOTATION_MARKS) or target, category=category)


def _likeness(expected: Opinion, answered: Opinion) -> float:
    """Return the likeness, in [0, 1], of two normalized opinions."""
    target = _dice(expected.target, answered.target)
    if target < _MIN_TARGET:
        return 0.0
    # A reference without a category does not ask for one.
    same_category = expected.category in ("", answered.category)
    likeness = _TARGET_WEIGHT * target + _CATEGORY_WEIGHT * same_category
    return likeness + _POLARITY_WEIGHT * (expected.polarity is answered.polarity)


def _dice(left: str, right: str) -> float:
    """Return the Dice coefficient of the character bigrams of two texts."""
    if left == right:
        return 1.0
    left_bigrams, right_bigrams = Counter(pairwise(left)), Counter(pairwise(right))
    shared = (left_bigrams & right_bigrams).total()
    return 2 * shared / (left_bigrams.total() + right_bigrams.total()) if shared else 0.0
