"""Tests of the guess baseline."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.rubric import Grouping, Rubric, Shape
from nova_code_verifier.verifier.scoring.guess_baseline import best_guess, best_of
from nova_code_verifier.verifier.scoring.score import score_cases
from nova_code_verifier.verifier.types import (
    CallCase,
    Candidate,
    CaseResult,
    Checker,
    CheckerKind,
    ExtractionMethod,
    Groups,
    StdioCase,
    TestPlan,
)


def printing(*outputs: str, kind: CheckerKind = CheckerKind.TOKENS) -> TestPlan:
    """Return a plan with cases that expect these outputs."""
    cases = tuple(StdioCase(stdin="", expected_stdout=output) for output in outputs)
    return TestPlan(cases=cases, checker=Checker(kind=kind))


def returning(*values: Any, also: tuple[object, ...] = ()) -> TestPlan:
    """Return a plan with calls that expect these values."""
    cases = tuple(
        CallCase(entry_point="f", arguments=(), expected_value=value, also_accepted=also)
        for value in values
    )
    return TestPlan(cases=cases)


def within(abs_tol: float, plan: TestPlan) -> TestPlan:
    """Return *plan* with a numeric checker."""
    checker = Checker(kind=CheckerKind.NUMERIC, abs_tol=abs_tol, rel_tol=0.0)
    return replace(plan, checker=checker)


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        (printing("1", "2", "3"), 1),
        (printing("YES", "NO", "YES"), 2),
        (printing("YES", "YES"), 2),
        (printing("1"), 1),
        (printing("1 2", "1\n2\n", "2"), 2),
        (printing("yes", "YES", "no", kind=CheckerKind.CASE_INSENSITIVE), 2),
        (printing("1.0", "1.0000001", "3", kind=CheckerKind.NUMERIC), 2),
        (printing("a\nb", "b\na", "c", kind=CheckerKind.UNORDERED_LINES), 2),
        (printing("a", "a ", "c", kind=CheckerKind.EXACT), 1),
        (printing('{"a": 1}', '{ "a":1}', "2", kind=CheckerKind.JSON), 2),
        (printing(*(["7"] * 50), *map(str, range(500))), 51),
        (printing("x" * 10**6, "y" * 10**6, "y" * 10**6), 2),
        (returning(*[True, False, True, None]), 2),
        (returning(1, 1.0, 2), 2),
        (returning([1], (1,), 2), 2),
        (returning(1, 2, 3, also=(4,)), 3),
        (returning(10**5000, 10**5000, 1), 2),
        (returning({"a": [1.5]}, {"a": [1.5]}, {}), 2),
        (within(0.1, printing("1.0", "1.15", "x")), 2),
        (within(0.1, printing(*["1.0", "1.15", "x"] * 700)), 1400),
        (within(0.1, returning(1.0, 1.15, 2.0)), 2),
        (within(0.1, returning({0.5}, {0.55}, 1.5, also=(1.65,))), 3),
        (within(0.1, returning(10**400, 10**400, 1.0)), 2),
    ],
)
def test_the_best_constant_answer_is_found(plan: TestPlan, count: int) -> None:
    """The baseline is the share of the answer that passes most cases, with any checker."""
    assert best_guess(plan) == Fraction(count, len(plan.cases))


outputs = st.lists(st.sampled_from(["1", "2", "1.0", "a b", "A B", " a  b\n", ""]), min_size=2)
values: st.SearchStrategy[list[Any]] = st.lists(
    st.sampled_from([1, 2, True, None, "a", [1, 2], (1, 2), {}, 0.5, 0.5000001]), min_size=2
)
plans = st.one_of(
    st.builds(
        lambda texts, kind: printing(*texts, kind=kind),
        outputs,
        st.sampled_from([kind for kind in CheckerKind if kind is not CheckerKind.JSON]),
    ),
    values.map(lambda some: returning(*some)),
)


@given(plan=plans, data=st.data(), shape=st.sampled_from(Shape))
def test_a_constant_program_earns_no_correctness(
    plan: TestPlan, data: st.DataObject, shape: Shape
) -> None:
    """An answer that some case expects earns 0 as a constant, unless it is always right."""
    case = data.draw(st.sampled_from(plan.cases))
    if isinstance(case, StdioCase):
        stdout = case.expected_stdout.encode()
        execution = Execution(ending=Ending.FINISHED, stdout=stdout, exit_status=0)
    else:
        execution = Execution(ending=Ending.FINISHED, value=case.expected_value)
    results = tuple(
        CaseResult(verdict=judge_case(case, plan.checker, execution), execution=execution)
        for case in plan.cases
    )

    score = score_cases(
        results,
        guessed=best_guess(plan),
        candidate=Candidate(program="", method=ExtractionMethod.TAGGED_FENCE),
        rubric=Rubric(shape=shape),
    )

    if score.guess_baseline < 1:
        assert score.correctness == 0.0
    else:
        assert score.correctness == Rubric(shape=shape).shaped(score.pass_rate)


words = st.sampled_from(["1", "2", "a b", "b", ""])


@given(pairs=st.lists(st.tuples(words, words), min_size=2))
def test_a_program_that_prints_its_input_earns_no_correctness(pairs: list[tuple[str, str]]) -> None:
    """A program that prints its input earns 0, unless it is always right."""
    cases = tuple(StdioCase(stdin=stdin, expected_stdout=stdout) for stdin, stdout in pairs)
    plan = TestPlan(cases=cases)
    printed = (
        Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdin.encode())
        for stdin, _ in pairs
    )
    results = tuple(
        CaseResult(verdict=judge_case(case, plan.checker, execution), execution=execution)
        for case, execution in zip(cases, printed, strict=True)
    )

    score = score_cases(
        results,
        guessed=best_guess(plan),
        candidate=Candidate(program="", method=ExtractionMethod.TAGGED_FENCE),
        rubric=Rubric(),
    )

    assert score.correctness == (score.pass_rate if score.guess_baseline == 1 else 0.0)


@pytest.mark.parametrize("index", range(4))
def test_returning_an_argument_is_a_guess(index: int) -> None:
    """A function that returns one of its first four arguments is a guess."""
    arguments = [tuple(f"{n}{argument}" for argument in "abcd") for n in range(5)]
    cases = [
        CallCase(entry_point="f", arguments=given, expected_value=given[index])
        for given in arguments[:4]
    ]
    cases.append(CallCase(entry_point="f", arguments=arguments[4], expected_value="else"))

    assert best_guess(TestPlan(cases=tuple(cases))) == Fraction(4, 5)


def test_printing_the_first_line_is_a_guess() -> None:
    """A program that prints the first line of its input is a guess."""
    cases = tuple(
        StdioCase(stdin=f"{n}\n{n + 1}\n", expected_stdout=str(n if n < 4 else n + 1))
        for n in range(5)
    )

    assert best_guess(TestPlan(cases=cases)) == Fraction(4, 5)


def test_the_best_of_known_guesses_counts() -> None:
    """Where a checker program was asked about guesses, the one that earns most is the baseline."""
    plan = printing("1", "2", "3", "4")

    assert best_of([{0}, {1, 2}, ()], plan, Grouping.SUM) == Fraction(1, 2)
    assert best_of([], plan, Grouping.SUM) == 0


def test_known_guesses_earn_the_points_of_their_groups() -> None:
    """A guess that passes part of a group earns nothing where groups pass as a whole."""
    groups = Groups(points=(1.0, 9.0), of_case=(0, 1, 1))
    plan = replace(printing("1", "2", "3"), groups=groups)

    assert best_of([{1}], plan, Grouping.SUM) == Fraction(9, 20)
    assert best_of([{1}], plan, Grouping.MINIMUM) == 0
    assert best_of([{1, 2}], plan, Grouping.MINIMUM) == Fraction(9, 10)


def test_the_guess_of_a_single_case_is_everything() -> None:
    """There is nothing to correct."""
    assert best_of([], printing("1"), Grouping.SUM) == 1
