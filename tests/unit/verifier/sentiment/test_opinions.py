"""Tests of pairing opinions and of their score."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.opinions import (
    Opinion,
    Pair,
    best_pairing,
    pair_up,
    soft_f1,
)

SALES = Opinion(target="売上高", category="company#sales", polarity=Polarity.POSITIVE)
PROFIT = Opinion(target="営業利益", category="company#profit", polarity=Polarity.NEGATIVE)
STAFF = Opinion(target="従業員", polarity=Polarity.NEUTRAL)

matrices = st.lists(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.51, 1.0]), min_size=4, max_size=4), max_size=4
)


@given(matrices)
def test_the_best_pairing_has_the_largest_total(rows: list[list[float]]) -> None:
    """The total is that of the best permutation, and no column is used twice."""
    totals = [
        sum(row[column] for row, column in zip(rows, order, strict=False))
        for order in itertools.permutations(range(4))
    ]

    paired = best_pairing(rows)

    assert sum(rows[row][column] for row, column in paired) == pytest.approx(max(totals))
    assert sorted(row for row, _ in paired) == list(range(len(rows)))
    assert len({column for _, column in paired}) == len(rows)


def test_pairs_have_the_indices_of_both_opinions() -> None:
    """Opinions are paired whichever list is longer; dissimilar ones are in no pair."""
    sales = Pair(expected=0, answered=1, likeness=1.0)

    assert pair_up([SALES, STAFF], [PROFIT, SALES, PROFIT]) == (sales,)
    assert pair_up([SALES, PROFIT, STAFF], [STAFF, SALES]) == (
        sales,
        Pair(expected=2, answered=0, likeness=1.0),
    )
    assert pair_up([], [SALES]) == pair_up([SALES], []) == ()


def test_soft_f1_counts_expected_and_answered_opinions() -> None:
    """The score is twice the likeness divided by the number of all opinions."""
    pairs = pair_up([SALES, PROFIT], [SALES])

    assert soft_f1(pairs, 2, 1) == pytest.approx(2 / 3)
    assert soft_f1((), 0, 0) == 1.0
