"""Compare numbers with numbers: do they agree, do they scatter, where do they lie.

In: plain numbers. Out: plain numbers. Must not know: judges, files, terminals.
"""

from collections.abc import Sequence
from statistics import StatisticsError, correlation

BIN_COUNT = 10


def spearman(ones: Sequence[float], others: Sequence[float]) -> float | None:
    """Tell how far two lists put the same things into the same order, from -1 to 1.

    Spearman's rank correlation: Pearson's correlation of the ranks, where ties share the mean
    of their ranks. Source: Kendall, Gibbons, Rank Correlation Methods, 1990, chapter 3; it is
    `statistics.correlation(method="ranked")`, which Python 3.11 does not have. None where
    fewer than two things, or a list that only knows one rank, allow no statement.
    """
    try:
        found = correlation(average_ranks(ones), average_ranks(others))
    except StatisticsError:
        return None
    return max(-1.0, min(1.0, found))  # a rounding error may lead beyond


def average_ranks(values: Sequence[float]) -> list[float]:
    """Rank *values* from 1 on, the smallest first; ties share the mean of their ranks."""
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for rank, value in enumerate(sorted(values), start=1):
        first.setdefault(value, rank)
        last[value] = rank
    return [(first[value] + last[value]) / 2 for value in values]


def spread(values: Sequence[float]) -> float:
    """Tell how far the largest of *values* is from the smallest."""
    return max(values) - min(values)


def histogram(shares: Sequence[float]) -> list[int]:
    """Count *shares* in [0, 1] by tenths: 0 to below 0.1, and so on; 1 is in the last."""
    counts = [0] * BIN_COUNT
    for share in shares:
        counts[min(int(share * BIN_COUNT), BIN_COUNT - 1)] += 1
    return counts
