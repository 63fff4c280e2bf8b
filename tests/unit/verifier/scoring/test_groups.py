"""Tests of the share that passed test cases earn."""

from collections.abc import Collection
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.rubric import Grouping, Rubric
from nova_code_verifier.verifier.scoring.groups import correct_for_guessing, share_of
from nova_code_verifier.verifier.scoring.guess_baseline import best_guess
from nova_code_verifier.verifier.scoring.score import score_cases
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    ExtractionMethod,
    Groups,
    StdioCase,
    TestPlan,
    Verdict,
)

SUBTASKS = Groups(points=(30.0, 70.0), of_case=(0, 0, 1, 1, 1))


@pytest.mark.parametrize(
    ("passed", "grouping", "share"),
    [
        ((), Grouping.SUM, Fraction(0)),
        ((0,), Grouping.SUM, Fraction(15, 100)),
        ((0,), Grouping.MINIMUM, Fraction(0)),
        ((0, 1), Grouping.MINIMUM, Fraction(30, 100)),
        ((0, 1, 2, 3), Grouping.SUM, Fraction(30, 100) + Fraction(70, 100) * Fraction(2, 3)),
        ((0, 1, 2, 3), Grouping.MINIMUM, Fraction(30, 100)),
        ((0, 1, 2, 3, 4), Grouping.MINIMUM, Fraction(1)),
    ],
)
def test_groups_earn_their_points(
    passed: Collection[int], grouping: Grouping, share: Fraction
) -> None:
    """A part of a group earns its part of the points or, with `minimum`, nothing."""
    assert share_of(passed, 5, SUBTASKS, grouping) == share


def test_without_groups_all_cases_count_equally() -> None:
    """Without groups, the grouping does not matter."""
    shares = {share_of((0, 2), 5, None, grouping) for grouping in Grouping}

    assert shares == {Fraction(2, 5)}


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Groups, set[int], int]:
    """Draw groups, the indices of the passed cases, and one more index."""
    points = draw(st.lists(st.floats(0.1, 100), min_size=1, max_size=4))
    numbers = list(range(len(points)))
    of_case = numbers + draw(st.lists(st.sampled_from(numbers), max_size=8))
    indices = st.integers(0, len(of_case) - 1)
    return (
        Groups(points=tuple(points), of_case=tuple(of_case)),
        draw(st.sets(indices)),
        draw(indices),
    )


@given(drawn=grouped(), grouping=st.sampled_from(Grouping))
def test_one_more_passed_case_never_lowers_the_share(
    drawn: tuple[Groups, set[int], int], grouping: Grouping
) -> None:
    """The share is in [0, 1], never falls with one more passed case, and is 1 for all."""
    groups, passed, one_more = drawn
    total = len(groups.of_case)

    before = share_of(passed, total, groups, grouping)
    after = share_of(passed | {one_more}, total, groups, grouping)

    assert 0 <= before <= after <= 1
    assert share_of(range(total), total, groups, grouping) == 1


@given(
    outputs=st.lists(st.sampled_from(["1", "2", "3"]), min_size=2, max_size=8),
    grouping=st.sampled_from(Grouping),
    data=st.data(),
)
def test_a_constant_answer_earns_no_correctness_in_groups(
    outputs: list[str], grouping: Grouping, data: st.DataObject
) -> None:
    """The guess baseline counts the same points as the share, so a constant earns 0."""
    numbers = data.draw(st.lists(st.integers(0, 2), min_size=len(outputs), max_size=len(outputs)))
    names = sorted(set(numbers))
    points = data.draw(st.lists(st.floats(0.5, 9), min_size=len(names), max_size=len(names)))
    groups = Groups(points=tuple(points), of_case=tuple(names.index(number) for number in numbers))
    cases = tuple(StdioCase(stdin="", expected_stdout=output) for output in outputs)
    plan = TestPlan(cases=cases, groups=groups)
    printed = data.draw(st.sampled_from(outputs))
    verdicts = [
        Verdict.ACCEPTED if output == printed else Verdict.WRONG_ANSWER for output in outputs
    ]

    score = score_cases(
        tuple(
            CaseResult(verdict=verdict, execution=Execution(ending=Ending.FINISHED))
            for verdict in verdicts
        ),
        guessed=best_guess(plan, grouping),
        candidate=Candidate(program="", method=ExtractionMethod.TAGGED_FENCE),
        groups=groups,
        rubric=Rubric(groups=grouping),
    )

    assert score.correctness == (1.0 if len(set(outputs)) == 1 else 0.0)


@pytest.mark.parametrize(
    ("share", "guessed", "corrected"),
    [
        (Fraction(1, 2), Fraction(1, 4), Fraction(1, 3)),
        (Fraction(1, 4), Fraction(1, 2), Fraction(0)),
        (Fraction(1, 2), Fraction(1), Fraction(1, 2)),
        (Fraction(1), Fraction(3, 4), Fraction(1)),
    ],
)
def test_the_share_is_corrected_for_guessing(
    share: Fraction, guessed: Fraction, corrected: Fraction
) -> None:
    """The guessed share becomes 0, all becomes 1, and a guessed share of 1 is not corrected."""
    assert correct_for_guessing(share, guessed) == corrected
