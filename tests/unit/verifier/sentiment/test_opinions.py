"""Which opinions belong together, and what that is worth."""

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

worths = st.lists(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.51, 1.0]), min_size=4, max_size=4), max_size=4
)


@given(worths)
def test_the_best_pairing_is_the_best(rows: list[list[float]]) -> None:
    """As trying all of them finds; and every row has a column of its own."""
    tried = [
        sum(row[column] for row, column in zip(rows, order, strict=False))
        for order in itertools.permutations(range(4))
    ]

    paired = best_pairing(rows)

    assert sum(rows[row][column] for row, column in paired) == pytest.approx(max(tried))
    assert sorted(row for row, _ in paired) == list(range(len(rows)))
    assert len({column for _, column in paired}) == len(rows)


def test_pairs_name_both_sides() -> None:
    """By their places, whichever list is the longer; what is like nothing is in no pair."""
    sales = Pair(expected=0, answered=1, likeness=1.0)

    assert pair_up([SALES, STAFF], [PROFIT, SALES, PROFIT]) == (sales,)
    assert pair_up([SALES, PROFIT, STAFF], [STAFF, SALES]) == (
        sales,
        Pair(expected=2, answered=0, likeness=1.0),
    )
    assert pair_up([], [SALES]) == pair_up([SALES], []) == ()


def test_a_soft_f1_counts_both_sides() -> None:
    """Twice the likeness, over all that was expected and all that was answered."""
    pairs = pair_up([SALES, PROFIT], [SALES])

    assert soft_f1(pairs, 2, 1) == pytest.approx(2 / 3)
    assert soft_f1((), 0, 0) == 1.0
