"""From verdicts to a reward, and what must hold of every reward."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Grouping, Rubric, Shape
from nova_code_verifier.verifier.scoring.score import score_cases
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    ExtractionMethod,
    FormatIssue,
    Groups,
    Score,
    Verdict,
)

FINISHED = Ending.FINISHED


def result(verdict: Verdict, ending: Ending = FINISHED, detail: str = "") -> CaseResult:
    """Make the result of one case."""
    return CaseResult(verdict=verdict, execution=Execution(ending=ending, detail=detail))


ACCEPTED = result(Verdict.ACCEPTED)
WRONG = result(Verdict.WRONG_ANSWER)
FORBIDDEN = result(Verdict.SECURITY_VIOLATION, Ending.FORBIDDEN)
LOST = result(Verdict.UNGRADED, Ending.NOT_RUN, "the deadline came first")
# What one case of a program that is run or called may come to.
FAILURES = (
    WRONG,
    result(Verdict.WRONG_ANSWER, Ending.UNREADABLE),
    result(Verdict.RUNTIME_ERROR),
    result(Verdict.RUNTIME_ERROR, Ending.RAISED),
    result(Verdict.RUNTIME_ERROR, Ending.CRASHED),
    result(Verdict.RUNTIME_ERROR, Ending.NOT_LOADED),
    result(Verdict.COMPILE_ERROR, Ending.NOT_COMPILED),
    result(Verdict.COMPILE_ERROR, Ending.NO_ENTRY_POINT),
    result(Verdict.TIME_LIMIT_EXCEEDED, Ending.OUT_OF_TIME),
    result(Verdict.TIME_LIMIT_EXCEEDED, Ending.SKIPPED),
    result(Verdict.MEMORY_LIMIT_EXCEEDED, Ending.OUT_OF_MEMORY),
    result(Verdict.OUTPUT_LIMIT_EXCEEDED, Ending.TOO_MUCH_OUTPUT),
)


def score_of(
    *cases: CaseResult,
    method: ExtractionMethod = ExtractionMethod.TAGGED_FENCE,
    misses: tuple[FormatIssue, ...] = (),
    rubric: Rubric = DEFAULT_RUBRIC,
    guessed: int = 0,
    groups: Groups | None = None,
) -> Score:
    """Score a well-dressed candidate by these results."""
    candidate = Candidate(program="print(1)", method=method)
    share = Fraction(guessed, len(cases))
    return score_cases(
        cases,
        guessed=share,
        candidate=candidate,
        format_issues=misses,
        groups=groups,
        rubric=rubric,
    )


def reward_of(score: Score) -> float:
    """Return the reward of a score that has one."""
    assert score.reward is not None
    return score.reward


methods = st.sampled_from(ExtractionMethod)
dresses = st.sets(st.sampled_from(FormatIssue)).map(tuple)
graded = st.lists(st.sampled_from((ACCEPTED, *FAILURES)), min_size=1, max_size=12)
anything = st.lists(
    st.sampled_from((ACCEPTED, FORBIDDEN, LOST, *FAILURES)), min_size=1, max_size=12
)


ends = st.floats(-1e9, 1e9) | st.integers(-20, 20).map(lambda tenths: tenths / 10)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """Draw weights that add up to 1, and all else that makes a reward of test cases."""
    correctness, compile_, format_ = (draw(st.integers(lowest, 100)) for lowest in (0, 0, 1))
    total = correctness + compile_ + format_
    lowest, highest = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return Rubric(
        correctness=correctness / total,
        compile=compile_ / total,
        format=format_ / total,
        shape=draw(st.sampled_from(Shape)),
        exponent=draw(st.floats(0.01, 100)),
        threshold=draw(st.floats(0, 1)),
        guess_correction=draw(st.booleans()),
        groups=draw(st.sampled_from(Grouping)),
        lowest=lowest,
        highest=highest,
        violation_penalty=draw(st.floats(0, 1)),
    )


@st.composite
def groupings(draw: st.DrawFn, cases: int) -> Groups | None:
    """Draw which group each of so many *cases* belongs to, if to any."""
    points = draw(st.lists(st.floats(0.1, 100), max_size=4))
    if not points:
        return None
    places = st.integers(0, len(points) - 1)
    of_case = draw(st.lists(places, min_size=cases, max_size=cases))
    return Groups(points=tuple(points), of_case=tuple(of_case))


# Properties


@given(
    cases=graded,
    place=st.integers(0, 11),
    method=methods,
    misses=dresses,
    rubric=rubrics(),
    data=st.data(),
)
def test_a_case_more_never_costs(
    *,
    cases: list[CaseResult],
    place: int,
    method: ExtractionMethod,
    misses: tuple[FormatIssue, ...],
    rubric: Rubric,
    data: st.DataObject,
) -> None:
    """To pass one case more, all else being equal, never lowers the reward: by any rubric."""
    groups = data.draw(groupings(len(cases)))
    guessed = data.draw(st.integers(0, len(cases)))
    better = list(cases)
    better[place % len(cases)] = ACCEPTED

    before, after = (
        score_of(*one, method=method, misses=misses, rubric=rubric, guessed=guessed, groups=groups)
        for one in (cases, better)
    )

    assert reward_of(after) >= reward_of(before)


@given(cases=graded, rubric=rubrics(), place=st.integers(0, 12), data=st.data())
def test_a_violation_never_pays(
    cases: list[CaseResult], rubric: Rubric, place: int, data: st.DataObject
) -> None:
    """By any rubric, to try what is forbidden in a case earns no more than to fail it."""
    tried, failed = list(cases), list(cases)
    tried.insert(place, FORBIDDEN)
    failed.insert(place, WRONG)
    groups = data.draw(groupings(len(tried)))

    one, other = (score_of(*those, rubric=rubric, groups=groups) for those in (tried, failed))

    assert reward_of(one) <= reward_of(other)


@given(cases=graded, place=st.integers(0, 11))
def test_a_case_more_pays(cases: list[CaseResult], place: int) -> None:
    """To pass a case that was not passed raises the reward: every step has its gradient."""
    cases[place % len(cases)] = WRONG
    better = list(cases)
    better[place % len(cases)] = ACCEPTED

    assert reward_of(score_of(*better)) > reward_of(score_of(*cases))


@given(cases=anything, method=methods, misses=dresses, rubric=rubrics(), data=st.data())
def test_every_number_is_in_its_range(
    cases: list[CaseResult],
    method: ExtractionMethod,
    misses: tuple[FormatIssue, ...],
    rubric: Rubric,
    data: st.DataObject,
) -> None:
    """The reward is in the rubric's range, and each of its dimensions in [0, 1], exactly."""
    groups = data.draw(groupings(len(cases)))
    guessed = data.draw(st.integers(0, len(cases)))

    score = score_of(
        *cases, method=method, misses=misses, rubric=rubric, guessed=guessed, groups=groups
    )

    numbers = (score.correctness, score.compile, score.format, score.share, score.guess_baseline)
    assert all(0 <= number <= 1 for number in numbers)
    assert (score.reward is None) == (score.verdict is Verdict.UNGRADED)
    if score.reward is not None:
        assert rubric.lowest <= score.reward <= rubric.highest


@given(
    ends=st.lists(ends, min_size=2, max_size=2, unique=True).map(sorted),
    shares=st.lists(st.floats(0, 1), min_size=2).map(sorted),
)
def test_a_range_is_met_at_both_ends_and_never_left(ends: list[float], shares: list[float]) -> None:
    """Nothing earned is its lower end, all earned its higher one; more is never less."""
    rubric = Rubric(lowest=ends[0], highest=ends[1])

    rewards = [rubric.reward(share) for share in (0.0, *shares, 1.0)]

    assert [rewards[0], rewards[-1]] == ends
    assert rewards == sorted(rewards)


@given(cases=anything, data=st.data())
def test_the_order_of_the_cases_pays_nothing(cases: list[CaseResult], data: st.DataObject) -> None:
    """The same results in another order earn the same."""
    shuffled = data.draw(st.permutations(cases))

    assert score_of(*shuffled).reward == score_of(*cases).reward


@given(cases=graded, place=st.integers(0, 12))
def test_a_violation_earns_nothing(cases: list[CaseResult], place: int) -> None:
    """One forbidden attempt takes the whole reward, however many cases passed."""
    cases.insert(place, FORBIDDEN)

    assert score_of(*cases).reward == 0


@given(cases=anything, place=st.integers(0, 12))
def test_a_lost_case_leaves_a_sample_ungraded(cases: list[CaseResult], place: int) -> None:
    """One case that we could not run leaves no reward, not even 0: an outage with its reason."""
    cases.insert(place, LOST)

    score = score_of(*cases)

    assert (score.verdict, score.reward, score.problem, score.is_outage) == (
        Verdict.UNGRADED,
        None,
        "the deadline came first",
        True,
    )


@given(cases=graded)
def test_a_graded_sample_has_no_problem(cases: list[CaseResult]) -> None:
    """Where every case was judged, nothing is an outage."""
    score = score_of(*cases)

    assert (score.problem, score.is_outage) == ("", False)


# Dimensions


def test_a_perfect_answer_earns_one() -> None:
    """All cases passed, in the right dress, is exactly 1."""
    assert score_of(ACCEPTED, ACCEPTED, ACCEPTED).reward == 1.0


@pytest.mark.parametrize(("passed", "correctness"), [(0, 0.0), (1, 0.25), (3, 0.75), (4, 1.0)])
def test_correctness_is_the_share_of_passed_cases(passed: int, correctness: float) -> None:
    """Partial credit, in equal steps."""
    cases = [ACCEPTED] * passed + [WRONG] * (4 - passed)

    assert score_of(*cases).correctness == correctness


@pytest.mark.parametrize(
    ("failure", "compile_"),
    [
        (result(Verdict.COMPILE_ERROR, Ending.NOT_COMPILED), 0.2),
        (result(Verdict.RUNTIME_ERROR, Ending.NOT_LOADED), 0.4),
        (result(Verdict.COMPILE_ERROR, Ending.NO_ENTRY_POINT), 0.6),
        (result(Verdict.RUNTIME_ERROR, Ending.RAISED), 0.8),
        (result(Verdict.TIME_LIMIT_EXCEEDED, Ending.OUT_OF_TIME), 0.8),
        (WRONG, 1.0),
    ],
)
def test_compile_is_how_far_a_program_gets(failure: CaseResult, compile_: float) -> None:
    """Parses, loads, has its entry point, runs: a small step for each."""
    assert score_of(failure, failure).compile == compile_


def test_the_last_step_of_compile_is_paid_by_share() -> None:
    """A program that runs without an error in half of the cases gets half of the step."""
    crashed = result(Verdict.RUNTIME_ERROR, Ending.CRASHED)

    assert score_of(ACCEPTED, crashed).compile == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("misses", "format_"),
    [
        ((), 1.0),
        ((FormatIssue.SEVERAL_BLOCKS,), 0.75),
        ((FormatIssue.CODE_OUTSIDE, FormatIssue.NO_SOLUTION_MARKS), 0.5),
        ((FormatIssue.NO_LANGUAGE,), 0.5),
        ((FormatIssue.UNCLOSED_FENCE,), 0.25),
        ((FormatIssue.NO_FENCE,), 0.0),
        (tuple(FormatIssue), 0.0),
    ],
)
def test_format_is_the_shape_of_the_response(
    misses: tuple[FormatIssue, ...], format_: float
) -> None:
    """One complete block of the right language is what the task asked for; each miss costs."""
    assert score_of(WRONG, misses=misses).format == format_


def test_what_does_not_apply_is_left_out() -> None:
    """Where no similarity was asked for, the other weights share what it would have earned."""
    rubric = Rubric(correctness=0.5, compile=0.0, format=0.0, similarity=0.5)

    score = score_of(ACCEPTED, rubric=rubric)

    assert (score.reward, dict(score.weights)["correctness"]) == (1.0, 1.0)


@given(alike=st.tuples(st.floats(0, 1), st.floats(0, 1)), weight=st.floats(0, 1))
@pytest.mark.parametrize("case", [ACCEPTED, WRONG])
def test_similarity_is_paid_by_its_weight(
    case: CaseResult, alike: tuple[float, float], weight: float
) -> None:
    """The more alike, the more is paid; and never more than the weight."""
    rubric = Rubric(correctness=1 - weight, compile=0.0, format=0.0, similarity=weight)
    candidate = Candidate(program="print(1)", method=ExtractionMethod.TAGGED_FENCE)
    low, high = (
        reward_of(
            score_cases(
                (case,), guessed=Fraction(0), candidate=candidate, similarity=one, rubric=rubric
            )
        )
        for one in sorted(alike)
    )

    passed = case.verdict is Verdict.ACCEPTED
    assert low <= high
    assert high == pytest.approx(passed * (1 - weight) + weight * max(alike))


def test_the_reward_weighs_the_dimensions() -> None:
    """Each dimension counts by its weight in the rubric."""
    rubric = Rubric(correctness=0.5, compile=0.25, format=0.25)

    score = score_of(ACCEPTED, WRONG, misses=(FormatIssue.NO_LANGUAGE,), rubric=rubric)

    assert score.reward == 0.5 * 0.5 + 0.25 * 1.0 + 0.25 * 0.5


def test_the_weights_of_the_default_rubric_are_shares() -> None:
    """The weights add up to 1, and correctness outweighs all else."""
    rubric = DEFAULT_RUBRIC

    assert rubric.correctness + rubric.compile + rubric.format == pytest.approx(1)
    assert rubric.correctness > rubric.compile + rubric.format


def test_a_score_keeps_what_it_rests_on() -> None:
    """The results, their number and the way the program was found stay with the score."""
    score = score_of(ACCEPTED, WRONG, method=ExtractionMethod.BARE_TEXT)

    assert (score.cases, score.tests_passed, score.tests_total, score.method) == (
        (ACCEPTED, WRONG),
        1,
        2,
        ExtractionMethod.BARE_TEXT,
    )
