"""Ranks, their correlation, and the histogram."""

import sys
from statistics import correlation
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nova_code_verifier.handlers.cli.judge_check.statistics import (
    average_ranks,
    histogram,
    spearman,
    spread,
)

NUMBERS = st.floats(-1e6, 1e6) | st.integers(-3, 3).map(float)
LISTS = st.lists(NUMBERS, min_size=2, max_size=30)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=30)


def both(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return the first and the second values of *pairs*."""
    return [first for first, _ in pairs], [second for _, second in pairs]


@pytest.mark.parametrize(
    ("left", "right", "agreement"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3, 4], [1, 2, 4, 3], 0.8),  # 1 - 6 * 2 / (4 * 15)
        # IQ and hours of television, the example of Wikipedia's article on the coefficient.
        (
            [106, 100, 86, 101, 99, 103, 97, 113, 112, 110],
            [7, 27, 2, 50, 28, 29, 20, 12, 6, 17],
            -29 / 165,
        ),
        # With ties: ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4, so 4.5 / sqrt(4.5 * 5).
        ([1, 2, 2, 3], [1, 2, 3, 4], 4.5 / (4.5 * 5) ** 0.5),
    ],
)
def test_known_correlations(left: list[float], right: list[float], agreement: float) -> None:
    """The results agree with examples that were computed by hand or published."""
    assert spearman(left, right) == pytest.approx(agreement)


@pytest.mark.parametrize(("left", "right"), [([], []), ([1], [2]), ([1, 1], [1, 2])])
def test_an_undefined_correlation_is_none(left: list[float], right: list[float]) -> None:
    """It is undefined for fewer than two values, and for values that are all equal."""
    assert spearman(left, right) is None


@given(LISTS)
def test_a_list_agrees_with_itself(values: list[float]) -> None:
    """The correlation of a list with itself is 1, and with its negative -1."""
    assume(len(set(values)) > 1)

    assert spearman(values, values) == pytest.approx(1.0)
    assert spearman(values, [-value for value in values]) == pytest.approx(-1.0)


@given(PAIRS)
def test_the_correlation_is_symmetric_and_bounded(pairs: list[tuple[float, float]]) -> None:
    """It is the same for swapped lists and for reordered pairs, and within -1 and 1."""
    left, right = both(pairs)
    found = spearman(left, right)

    assert found == pytest.approx(spearman(right, left))
    assert found == pytest.approx(spearman(*both(pairs[::-1])))
    assert found is None or -1.0 <= found <= 1.0


@given(PAIRS)
def test_only_the_order_counts(pairs: list[tuple[float, float]]) -> None:
    """The correlation stays the same if one list is put on another scale, in the same order."""
    left, right = both(pairs)
    scale = {value: float(index**3) for index, value in enumerate(sorted(set(right)))}

    stretched = [scale[value] for value in right]

    assert spearman(left, stretched) == pytest.approx(spearman(left, right))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 cannot rank")
@given(PAIRS)
def test_the_correlation_is_that_of_python(pairs: list[tuple[float, float]]) -> None:
    """The result equals `statistics.correlation(method="ranked")` of newer Pythons."""
    left, right = both(pairs)
    assume(len(set(left)) > 1 and len(set(right)) > 1)
    ranked: Any = {"method": "ranked"}

    assert spearman(left, right) == pytest.approx(correlation(left, right, **ranked))


def test_ties_share_their_mean_rank() -> None:
    """Two equal values at ranks 2 and 3 both get 2.5."""
    assert average_ranks([0.5, 0.1, 0.5, 0.9]) == [2.5, 1.0, 2.5, 4.0]


@given(st.lists(NUMBERS, max_size=30))
def test_the_sum_of_ranks_is_constant(values: list[float]) -> None:
    """The ranks of n values add up to 1 + 2 + ... + n, with ties and without."""
    count = len(values)

    assert sum(average_ranks(values)) == pytest.approx(count * (count + 1) / 2)


def test_the_spread_is_the_largest_minus_the_smallest() -> None:
    """The order of the values does not matter."""
    assert spread([0.5, 0.25, 1.0]) == 0.75


def test_an_edge_belongs_to_the_tenth_above_it() -> None:
    """Only 1 belongs to the tenth below it."""
    assert histogram([number / 10 for number in range(11)]) == [1] * 9 + [2]


@given(st.lists(st.floats(0, 1)))
def test_no_score_is_lost(shares: list[float]) -> None:
    """Every score is in one of the tenths."""
    assert sum(histogram(shares)) == len(shares)
