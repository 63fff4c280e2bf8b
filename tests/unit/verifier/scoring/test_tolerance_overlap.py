"""Tests of the best answer where tolerances overlap."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.verifier.checking.checkers import output_matches, value_matches
from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.scoring.groups import share_of
from nova_code_verifier.verifier.scoring.tolerance_overlap import (
    ExpectedAnswer,
    answer_from_text,
    answer_from_value,
    best_common_answer,
)
from nova_code_verifier.verifier.types import Checker, CheckerKind, Groups


def numeric(abs_tol: float = 0.0, rel_tol: float = 0.0) -> Checker:
    """Return a numeric checker with these tolerances."""
    return Checker(kind=CheckerKind.NUMERIC, abs_tol=abs_tol, rel_tol=rel_tol)


def texts(*expected: str) -> list[ExpectedAnswer]:
    """Return the answers of cases that expect these outputs."""
    return [answer_from_text([index], text.encode()) for index, text in enumerate(expected)]


def values(*expected: object) -> list[ExpectedAnswer]:
    """Return the answers of cases that expect these values."""
    return [answer_from_value([index], value) for index, value in enumerate(expected)]


def most_passed(answers: Sequence[ExpectedAnswer], checker: Checker) -> int:
    """Return the largest number of cases that one answer passes."""

    def share(cases: Collection[int]) -> Fraction:
        return Fraction(len(cases), len(answers))

    return int(best_common_answer(answers, checker, share, Fraction(0)) * len(answers))


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (texts("1.0", "1.15"), 2),
        (texts("1.0", "1.2"), 1),  # As floats, 1.1 is further than 0.1 from both.
        (texts("1.0", "1.25"), 1),
        (texts("1.0 5.0 x", "1.15 5.15 x", "1.1 5.3 x", "1.05 5.1 y"), 2),
        (texts("1.0", "1.0 1.0", "1.15", "1.15 1.15 1.15"), 2),
        (texts("1", "1.08", "0.92", "1.11"), 3),
        (texts("1", "01", "1.08"), 2),
        (texts("inf", "inf", "nan", "1e999", "1.0"), 2),
        (texts("inf", "+Infinity", "NaN", "nan", "NAN", "-inf"), 3),
        (texts("-1.0", "-1.15", "0.0", "0.19"), 2),
        (texts(*(f"{n / 9:.5f}" for n in range(150))), 2),
        (values(1.0, 1.15, 2.0), 2),
        (values(*[1, 1.08, 0.92, True]), 3),
        (values({"a": (1.0, None)}, {"a": [1.15, None]}, {"a": [1.15, 0]}), 2),
        (values({0.5}, {0.5}, {0.55}), 2),
        (values([1.0, 2.0], [1.15, 2.15], [1.1, 2.3]), 2),
        (values(10**400, 10**400, 1.0), 2),
    ],
)
def test_an_answer_between_the_expected_ones_is_found(
    answers: list[ExpectedAnswer], count: int
) -> None:
    """Within 0.1, the best answer may be one that no case expects."""
    assert most_passed(answers, numeric(abs_tol=0.1)) == count


@pytest.mark.parametrize(
    ("rel_tol", "answers", "count"),
    [
        (0.1, texts("-1.0", "-1.15"), 2),
        (1.0, texts("1.0", "1e300", "3.0", "-2.0"), 4),
    ],
)
def test_a_relative_tolerance_is_applied(
    rel_tol: float, answers: list[ExpectedAnswer], count: int
) -> None:
    """The interval that a case accepts also follows from a relative tolerance."""
    assert most_passed(answers, numeric(rel_tol=rel_tol)) == count


def test_the_result_is_at_least_the_known_share() -> None:
    """A share that is already known is returned if no answer earns more, or the search stops."""
    answers = texts(*(f"{n}.0" for n in range(1000)))

    def share(cases: Collection[int]) -> Fraction:
        return Fraction(len(cases), 1000)

    assert best_common_answer(answers, numeric(), share, Fraction(1, 3)) == Fraction(1, 3)


numbers = st.one_of(
    st.integers(-8, 8).map(lambda n: n / 8),
    st.integers(-3, 3),
    st.sampled_from([1e16, 1e-9, float("inf"), 3.3]),
)
rows = st.lists(numbers, min_size=1, max_size=3)
tolerances = st.sampled_from([0.0, 1e-9, 0.1, 0.125, 0.3, 1.0])


@given(
    expected=st.lists(rows, min_size=2, max_size=8),
    data=st.data(),
    checker=st.builds(numeric, tolerances, tolerances),
    is_printed=st.booleans(),
)
@settings(max_examples=400)
def test_no_answer_passes_more_cases(
    *, expected: list[list[float]], data: st.DataObject, checker: Checker, is_printed: bool
) -> None:
    """No answer passes more cases than the best one, also none between the expected ones."""
    near, far = data.draw(st.permutations(expected))[:2]
    middle = [low / 2 + high / 2 for low, high in zip(near, far, strict=False)]
    answer: list[Any] = data.draw(st.one_of(st.just(middle), st.lists(st.floats(-2, 2)), rows))
    if is_printed:
        outputs = [" ".join(map(str, row)) for row in expected]
        stdout = " ".join(map(str, answer)).encode()
        passed = sum(output_matches(checker, output, stdout) for output in outputs)
        answers = texts(*outputs)
    else:
        passed = sum(value_matches(checker, row, answer) for row in expected)
        answers = values(*expected)

    assert passed <= most_passed(answers, checker)


@given(points=st.lists(st.integers(1, 9), min_size=2, max_size=2), data=st.data())
def test_the_best_answer_earns_the_most_points(points: list[int], data: st.DataObject) -> None:
    """With groups, the best answer is the one with the most points, not with the most cases."""
    expected = data.draw(st.lists(st.integers(0, 9), min_size=4, max_size=8))
    of_case = tuple(data.draw(st.integers(0, 1)) for _ in expected[2:])
    groups = Groups(points=tuple(map(float, points)), of_case=(0, 1, *of_case))
    grouping = data.draw(st.sampled_from(Grouping))

    def share(cases: Collection[int]) -> Fraction:
        return share_of(cases, len(expected), groups, grouping)

    # It is enough to try every half: with this tolerance, no number between passes other cases.
    shares = [
        share([index for index, number in enumerate(expected) if abs(number - half / 2) <= 0.75])
        for half in range(-1, 20)
    ]
    answers = values(*map(float, expected))
    assert best_common_answer(answers, numeric(abs_tol=0.75), share, Fraction(0)) == max(shares)
