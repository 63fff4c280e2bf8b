"""Ranks, their correlation, and tenths."""

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
    """Take pairs apart."""
    return [one for one, _ in pairs], [other for _, other in pairs]


@pytest.mark.parametrize(
    ("ones", "others", "agreement"),
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
def test_known_values(ones: list[float], others: list[float], agreement: float) -> None:
    """Worked out by hand, or elsewhere."""
    assert spearman(ones, others) == pytest.approx(agreement)


@pytest.mark.parametrize(("ones", "others"), [([], []), ([1], [2]), ([1, 1], [1, 2])])
def test_where_nothing_can_be_said_nothing_is(ones: list[float], others: list[float]) -> None:
    """Neither of too few, nor of what never differs."""
    assert spearman(ones, others) is None


@given(LISTS)
def test_a_list_agrees_with_itself(values: list[float]) -> None:
    """Wholly, unless it never differs."""
    assume(len(set(values)) > 1)

    assert spearman(values, values) == pytest.approx(1.0)
    assert spearman(values, [-value for value in values]) == pytest.approx(-1.0)


@given(PAIRS)
def test_it_is_symmetric_bounded_and_blind_to_order(pairs: list[tuple[float, float]]) -> None:
    """Which list comes first, and in which order the things are named, does not matter."""
    ones, others = both(pairs)
    found = spearman(ones, others)

    assert found == pytest.approx(spearman(others, ones))
    assert found == pytest.approx(spearman(*both(pairs[::-1])))
    assert found is None or -1.0 <= found <= 1.0


@given(PAIRS)
def test_only_the_order_counts(pairs: list[tuple[float, float]]) -> None:
    """A human may score from 1 to 5 what the judge scores from 0 to 1."""
    ones, others = both(pairs)
    places = {value: float(place**3) for place, value in enumerate(sorted(set(others)))}

    stretched = [places[value] for value in others]

    assert spearman(ones, stretched) == pytest.approx(spearman(ones, others))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 cannot rank")
@given(PAIRS)
def test_it_is_what_python_says(pairs: list[tuple[float, float]]) -> None:
    """Where Python has the same, it finds the same."""
    ones, others = both(pairs)
    assume(len(set(ones)) > 1 and len(set(others)) > 1)
    ranked: Any = {"method": "ranked"}

    assert spearman(ones, others) == pytest.approx(correlation(ones, others, **ranked))


def test_ties_share_their_mean_rank() -> None:
    """Two at ranks 2 and 3 have 2.5 each."""
    assert average_ranks([0.5, 0.1, 0.5, 0.9]) == [2.5, 1.0, 2.5, 4.0]


@given(st.lists(NUMBERS, max_size=30))
def test_ranks_always_sum_up_alike(values: list[float]) -> None:
    """Ties or not, n things share the ranks from 1 to n."""
    count = len(values)

    assert sum(average_ranks(values)) == pytest.approx(count * (count + 1) / 2)


def test_a_spread_is_from_end_to_end() -> None:
    """The largest less the smallest."""
    assert spread([0.5, 0.25, 1.0]) == 0.75


def test_tenths_begin_where_they_say() -> None:
    """An edge belongs to the tenth above it, and 1 to the last one."""
    assert histogram([number / 10 for number in range(11)]) == [1] * 9 + [2]


@given(st.lists(st.floats(0, 1)))
def test_no_score_is_lost(shares: list[float]) -> None:
    """Every one is in some tenth."""
    assert sum(histogram(shares)) == len(shares)
