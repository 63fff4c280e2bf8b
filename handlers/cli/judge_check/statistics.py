"""Measure how numbers agree, how far they differ, and how they are distributed.

In: plain numbers. Out: plain numbers.
"""

from collections.abc import Sequence
from statistics import StatisticsError, correlation

BIN_COUNT = 10


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return how similar the orders are in which two lists put the same things, from -1 to 1.

    Spearman's rank correlation: Pearson's correlation of the ranks, where ties share the mean
    of their ranks. Source: Kendall, Gibbons, Rank Correlation Methods, 1990, chapter 3; it is
    `statistics.correlation(method="ranked")`, which Python 3.11 does not have. Return None
    if there are fewer than two things, or if all values of a list are equal.
    """
    try:
        found = correlation(average_ranks(left), average_ranks(right))
    except StatisticsError:
        return None
    return max(-1.0, min(1.0, found))  # a rounding error may exceed 1


def average_ranks(values: Sequence[float]) -> list[float]:
    """Rank *values* from 1 on, the smallest first; ties share the mean of their ranks."""
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for rank, value in enumerate(sorted(values), start=1):
        first.setdefault(value, rank)
        last[value] = rank
    return [(first[value] + last[value]) / 2 for value in values]


def spread(values: Sequence[float]) -> float:
    """Return the difference between the largest and the smallest of *values*."""
    return max(values) - min(values)


def histogram(shares: Sequence[float]) -> list[int]:
    """Count *shares* in [0, 1] by tenths: 0 to below 0.1, and so on; 1 is in the last tenth."""
    counts = [0] * BIN_COUNT
    for share in shares:
        counts[min(int(share * BIN_COUNT), BIN_COUNT - 1)] += 1
    return counts
