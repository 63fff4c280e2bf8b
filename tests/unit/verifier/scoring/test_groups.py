"""What a part of the test cases is worth, where they stand in groups."""

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
def test_points_go_by_groups(passed: Collection[int], grouping: Grouping, share: Fraction) -> None:
    """A part of a group is worth its part of the points, or nothing."""
    assert share_of(passed, 5, SUBTASKS, grouping) == share


def test_without_groups_every_case_counts_the_same() -> None:
    """However groups would be counted."""
    shares = {share_of((0, 2), 5, None, grouping) for grouping in Grouping}

    assert shares == {Fraction(2, 5)}


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Groups, set[int], int]:
    """Draw groups, the places that were passed, and one place more."""
    points = draw(st.lists(st.floats(0.1, 100), min_size=1, max_size=4))
    numbers = list(range(len(points)))
    of_case = numbers + draw(st.lists(st.sampled_from(numbers), max_size=8))
    places = st.integers(0, len(of_case) - 1)
    return (
        Groups(points=tuple(points), of_case=tuple(of_case)),
        draw(st.sets(places)),
        draw(places),
    )


@given(drawn=grouped(), grouping=st.sampled_from(Grouping))
def test_a_case_more_never_costs(drawn: tuple[Groups, set[int], int], grouping: Grouping) -> None:
    """One case more is never worth less; all are worth 1."""
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
def test_a_constant_program_earns_nothing_in_groups(
    outputs: list[str], grouping: Grouping, data: st.DataObject
) -> None:
    """The best guess is counted by the same points, so nothing is left for it."""
    numbers = data.draw(st.lists(st.integers(0, 2), min_size=len(outputs), max_size=len(outputs)))
    names = sorted(set(numbers))
    points = data.draw(st.lists(st.floats(0.5, 9), min_size=len(names), max_size=len(names)))
    groups = Groups(points=tuple(points), of_case=tuple(names.index(one) for one in numbers))
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
    ("share", "guessed", "left"),
    [
        (Fraction(1, 2), Fraction(1, 4), Fraction(1, 3)),
        (Fraction(1, 4), Fraction(1, 2), Fraction(0)),
        (Fraction(1, 2), Fraction(1), Fraction(1, 2)),
        (Fraction(1), Fraction(3, 4), Fraction(1)),
    ],
)
def test_what_a_guess_earns_is_taken_off(
    share: Fraction, guessed: Fraction, left: Fraction
) -> None:
    """What is left is shared out among real answers; where any guess is right, nothing is."""
    assert correct_for_guessing(share, guessed) == left
