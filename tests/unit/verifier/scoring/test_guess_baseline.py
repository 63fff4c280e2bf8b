"""What the best constant answer would pass, and that it earns nothing."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.rubric import Grouping, Rubric, Shape
from nova_code_verifier.verifier.scoring.groups import share_of
from nova_code_verifier.verifier.scoring.guess_baseline import best_guess
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
    Verdict,
)


def printing(*outputs: str, kind: CheckerKind = CheckerKind.TOKENS) -> TestPlan:
    """Plan cases that expect these outputs."""
    cases = tuple(StdioCase(stdin="", expected_stdout=output) for output in outputs)
    return TestPlan(cases=cases, checker=Checker(kind=kind))


def returning(*values: Any, also: tuple[object, ...] = ()) -> TestPlan:
    """Plan cases that expect these values."""
    cases = tuple(
        CallCase(entry_point="f", arguments=(), expected_value=value, also_accepted=also)
        for value in values
    )
    return TestPlan(cases=cases)


def within(tolerance: float, plan: TestPlan, *, relative: bool = False) -> TestPlan:
    """Allow a tolerance."""
    tolerances = {"abs_tol": tolerance, "rel_tol": tolerance} | {
        "abs_tol" if relative else "rel_tol": 0.0
    }
    return replace(plan, checker=Checker(kind=CheckerKind.NUMERIC, **tolerances))


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
        (within(0.1, printing("1.0", "1.15")), 2),
        (within(0.1, printing("1.0", "1.2")), 1),  # 1.1 is further than 0.1 from both, as floats
        (within(0.1, printing("1.0", "1.25")), 1),
        (within(0.1, printing("1.0 5.0 x", "1.15 5.15 x", "1.1 5.3 x", "1.05 5.1 y")), 2),
        (within(0.1, printing("1.0", "1.0 1.0", "1.15", "1.15 1.15 1.15")), 2),
        (within(0.1, printing("1", "1.08", "0.92", "1.11")), 3),
        (within(0.1, printing("1", "01", "1.08")), 2),
        (within(0.1, printing("inf", "inf", "nan", "1e999", "1.0")), 2),
        (within(0.1, printing("inf", "+Infinity", "NaN", "nan", "NAN", "-inf")), 3),
        (within(0.1, printing(*["1.0", "1.15", "x"] * 700)), 1400),
        (within(0.1, printing("-1.0", "-1.15", "0.0", "0.19")), 2),
        (within(0.1, printing("-1.0", "-1.15"), relative=True), 2),
        (within(1.0, printing("1.0", "1e300", "3.0", "-2.0"), relative=True), 4),
        (within(0.1, printing(*(f"{n / 9:.5f}" for n in range(150)))), 2),
        (within(0.1, returning(1.0, 1.15, 2.0)), 2),
        (within(0.1, returning(*[1, 1.08, 0.92, True])), 3),
        (within(0.1, returning({"a": (1.0, None)}, {"a": [1.15, None]}, {"a": [1.15, 0]})), 2),
        (within(0.1, returning({0.5}, {0.55}, 1.5, also=(1.65,))), 3),
        (within(0.1, returning([1.0, 2.0], [1.15, 2.15], [1.1, 2.3])), 2),
        (within(0.1, returning(10**400, 10**400, 1.0)), 2),
    ],
)
def test_the_best_constant_answer_is_found(plan: TestPlan, count: int) -> None:
    """However lenient the checker, and however many cases there are."""
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
    st.builds(lambda some: returning(*some), values),
)


@given(plan=plans, data=st.data(), shape=st.sampled_from(Shape))
def test_a_constant_program_earns_no_correctness(
    plan: TestPlan, data: st.DataObject, shape: Shape
) -> None:
    """Whatever it always answers, unless every case expects just that."""
    case = data.draw(st.sampled_from(plan.cases))
    if isinstance(case, StdioCase):
        stdout = case.expected_stdout.encode()
        execution = Execution(ending=Ending.FINISHED, stdout=stdout, exit_status=0)
    else:
        execution = Execution(ending=Ending.FINISHED, value=case.expected_value)
    results = tuple(
        CaseResult(verdict=judge_case(one, plan.checker, execution), execution=execution)
        for one in plan.cases
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
    checker=st.builds(
        Checker, kind=st.just(CheckerKind.NUMERIC), abs_tol=tolerances, rel_tol=tolerances
    ),
    is_printed=st.booleans(),
)
@settings(max_examples=400)
def test_a_constant_that_no_case_expects_passes_no_more_than_the_best_guess(
    *, expected: list[list[float]], data: st.DataObject, checker: Checker, is_printed: bool
) -> None:
    """Where there is a tolerance, in between what some cases expect there may be a better one."""
    near, far = data.draw(st.permutations(expected))[:2]
    answer = [low / 2 + high / 2 for low, high in zip(near, far, strict=False)]
    answer = data.draw(st.one_of(st.just(answer), st.lists(st.floats(-2, 2)), rows))
    if is_printed:
        plan = printing(*(" ".join(map(str, row)) for row in expected))
        stdout = " ".join(map(str, answer)).encode()
        execution = Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)
    else:
        plan = returning(*expected)
        execution = Execution(ending=Ending.FINISHED, value=answer)
    verdicts = [judge_case(case, checker, execution) for case in plan.cases]

    passed = Fraction(verdicts.count(Verdict.ACCEPTED), len(verdicts))
    assert passed <= best_guess(replace(plan, checker=checker))


@given(points=st.lists(st.integers(1, 9), min_size=2, max_size=2), data=st.data())
def test_groups_are_weighed_for_such_a_constant_too(points: list[int], data: st.DataObject) -> None:
    """The most cases are not the best guess where others are worth more."""
    expected = data.draw(st.lists(st.integers(0, 9), min_size=4, max_size=8))
    of_case = tuple(data.draw(st.integers(0, 1)) for _ in expected[2:])
    groups = Groups(points=tuple(map(float, points)), of_case=(0, 1, *of_case))
    grouping = data.draw(st.sampled_from(Grouping))
    plan = replace(within(0.75, printing(*map("{}.0".format, expected))), groups=groups)

    # Every half is as good as anything near it.
    shares = [
        share_of(
            [place for place, one in enumerate(expected) if abs(one - half / 2) <= 0.75],
            len(expected), groups, grouping,
        )
        for half in range(-1, 20)
    ]  # fmt: skip
    assert best_guess(plan, grouping) == max(shares)


words = st.sampled_from(["1", "2", "a b", "b", ""])


@given(pairs=st.lists(st.tuples(words, words), min_size=2))
def test_who_repeats_its_input_earns_no_correctness(pairs: list[tuple[str, str]]) -> None:
    """A program that prints what it reads is a guess too, unless that is the task."""
    cases = tuple(StdioCase(stdin=given, expected_stdout=wanted) for given, wanted in pairs)
    plan = TestPlan(cases=cases)
    printed = (
        Execution(ending=Ending.FINISHED, exit_status=0, stdout=given.encode())
        for given, _ in pairs
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


@pytest.mark.parametrize("place", range(4))
def test_who_returns_an_argument_guesses(place: int) -> None:
    """Whichever of them it is."""
    arguments = [tuple(f"{n}{argument}" for argument in "abcd") for n in range(5)]
    cases = [
        CallCase(entry_point="f", arguments=given, expected_value=given[place])
        for given in arguments[:4]
    ]
    cases.append(CallCase(entry_point="f", arguments=arguments[4], expected_value="else"))

    assert best_guess(TestPlan(cases=tuple(cases))) == Fraction(4, 5)


def test_who_prints_the_first_line_guesses() -> None:
    """As who prints everything."""
    cases = tuple(
        StdioCase(stdin=f"{n}\n{n + 1}\n", expected_stdout=str(n if n < 4 else n + 1))
        for n in range(5)
    )

    assert best_guess(TestPlan(cases=cases)) == Fraction(4, 5)
