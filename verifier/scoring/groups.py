"""Compute the share of the test cases that a candidate passed, with or without groups.

In: the indices of the passed cases. Out: a share in [0, 1], as an exact fraction.

    share = sum of (points x passed part) / sum of points

over all groups. The passed part of a group is the share of its cases that passed or, with the
grouping `minimum`, 1 if all of them passed and else 0 (IOI-style subtasks). Without groups, all
cases have equal points.
"""

from collections import Counter
from collections.abc import Collection
from fractions import Fraction

from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.types import Groups


def share_of(
    passed: Collection[int],
    total: int,
    groups: Groups | None = None,
    grouping: Grouping = Grouping.SUM,
) -> Fraction:
    """Return the share, in [0, 1], that the cases with the indices *passed* earn.

    *total* is the number of cases, at least 1. The indices are distinct and below *total*.
    """
    if groups is None:
        return Fraction(len(passed), total)
    sizes = Counter(groups.of_case)
    parts = {
        group: Fraction(count, sizes[group])
        for group, count in Counter(groups.of_case[index] for index in passed).items()
        if grouping is Grouping.SUM or count == sizes[group]
    }
    points = [Fraction(value) for value in groups.points]
    return sum((points[group] * part for group, part in parts.items()), Fraction()) / sum(points)


def correct_for_guessing(share: Fraction, guessed: Fraction) -> Fraction:
    """Return max(0, share - guessed) / (1 - guessed), or *share* if *guessed* is 1.

    This is the form of chance correction that Cohen's kappa has (Cohen 1960): the best constant
    answer, which earns the share *guessed*, gets 0, and a candidate that passes every case gets 1.
    """
    return share if guessed >= 1 else max(Fraction(), share - guessed) / (1 - guessed)
