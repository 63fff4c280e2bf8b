"""What share of its test cases a program has passed, where they stand in groups with points.

In: the places of the cases that were passed. Out: a share in [0, 1], exact. Must not know: what
was passed, or why.

    share = sum of (points x part passed) / sum of points

over the groups. The part passed of a group is the share of its cases, or (`minimum`, as in
contests with subtasks) all or nothing. Without groups, all cases count the same.
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
    """Return the share that the cases at the places *passed*, of *total*, are worth."""
    if groups is None:
        return Fraction(len(passed), total)
    sizes = Counter(groups.of_case)
    parts = {
        group: Fraction(count, sizes[group])
        for group, count in Counter(groups.of_case[place] for place in passed).items()
        if grouping is Grouping.SUM or count == sizes[group]
    }
    points = [Fraction(worth) for worth in groups.points]
    return sum((points[group] * part for group, part in parts.items()), Fraction()) / sum(points)


def beyond_guess(share: Fraction, guessed: Fraction) -> Fraction:
    """Share out what is left when the best constant answer has got its part, if anything is."""
    return share if guessed >= 1 else max(Fraction(), share - guessed) / (1 - guessed)
