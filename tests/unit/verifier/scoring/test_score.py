"""Tests of computing a score from verdicts."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Grouping, Rubric, Shape
from nova_code_verifier.verifier.scoring.score import refused, score_cases, score_text
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    ExtractionMethod,
    Finding,
    FormatIssue,
    Groups,
    Score,
    Severity,
    Verdict,
)

FINISHED = Ending.FINISHED


def result(verdict: Verdict, ending: Ending = FINISHED, detail: str = "") -> CaseResult:
    """Return the result of one case."""
    return CaseResult(verdict=verdict, execution=Execution(ending=ending, detail=detail))


ACCEPTED = result(Verdict.ACCEPTED)
WRONG = result(Verdict.WRONG_ANSWER)
FORBIDDEN = result(Verdict.SECURITY_VIOLATION, Ending.FORBIDDEN)
NOT_RUN = result(Verdict.UNGRADED, Ending.NOT_RUN, "the deadline came first")
# The results that a failed case may have.
FAILURES = (
    WRONG,
    result(Verdict.WRONG_ANSWER, Ending.UNREADABLE),
    result(Verdict.RUNTIME_ERROR),
    result(Verdict.RUNTIME_ERROR, Ending.RAISED),
    result(Verdict.RUNTIME_ERROR, Ending.CRASHED),
    result(Verdict.RUNTIME_ERROR, Ending.NOT_LOADED),
    result(Verdict.COMPILE_ERROR, Ending.NOT_COMPILED),
    result(Verdict.NO_ENTRY_POINT, Ending.NO_ENTRY_POINT),
    result(Verdict.TIME_LIMIT_EXCEEDED, Ending.OUT_OF_TIME),
    result(Verdict.TIME_LIMIT_EXCEEDED, Ending.SKIPPED),
    result(Verdict.MEMORY_LIMIT_EXCEEDED, Ending.OUT_OF_MEMORY),
    result(Verdict.OUTPUT_LIMIT_EXCEEDED, Ending.TOO_MUCH_OUTPUT),
)


def score_of(
    *cases: CaseResult,
    method: ExtractionMethod = ExtractionMethod.TAGGED_FENCE,
    issues: tuple[FormatIssue, ...] = (),
    rubric: Rubric = DEFAULT_RUBRIC,
    guessed: int = 0,
    groups: Groups | None = None,
) -> Score:
    """Return the score of a candidate with these results."""
    candidate = Candidate(program="print(1)", method=method)
    share = Fraction(guessed, len(cases))
    return score_cases(
        cases,
        guessed=share,
        candidate=candidate,
        format_issues=issues,
        groups=groups,
        rubric=rubric,
    )


def reward_of(score: Score) -> float:
    """Return the reward of a score that must have one."""
    assert score.reward is not None
    return score.reward


methods = st.sampled_from(ExtractionMethod)
issue_sets = st.sets(st.sampled_from(FormatIssue)).map(tuple)
graded = st.lists(st.sampled_from((ACCEPTED, *FAILURES)), min_size=1, max_size=12)
anything = st.lists(
    st.sampled_from((ACCEPTED, FORBIDDEN, NOT_RUN, *FAILURES)), min_size=1, max_size=12
)


ends = st.floats(-1e9, 1e9) | st.integers(-20, 20).map(lambda tenths: tenths / 10)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """Draw weights that add up to 1, and the settings that affect the reward of test cases."""
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
        pay_self_compared=draw(st.booleans()),
        groups=draw(st.sampled_from(Grouping)),
        lowest=lowest,
        highest=highest,
        violation_penalty=draw(st.floats(0, 1)),
    )


@st.composite
def groupings(draw: st.DrawFn, cases: int) -> Groups | None:
    """Draw a group for each of so many *cases*, or None."""
    points = draw(st.lists(st.floats(0.1, 100), max_size=4))
    if not points:
        return None
    indices = st.integers(0, len(points) - 1)
    of_case = draw(st.lists(indices, min_size=cases, max_size=cases))
    return Groups(points=tuple(points), of_case=tuple(of_case))


@given(
    cases=graded,
    index=st.integers(0, 11),
    method=methods,
    issues=issue_sets,
    rubric=rubrics(),
    data=st.data(),
)
def test_one_more_passed_case_never_lowers_the_reward(
    *,
    cases: list[CaseResult],
    index: int,
    method: ExtractionMethod,
    issues: tuple[FormatIssue, ...],
    rubric: Rubric,
    data: st.DataObject,
) -> None:
    """By any rubric, one more passed case never lowers the reward."""
    groups = data.draw(groupings(len(cases)))
    guessed = data.draw(st.integers(0, len(cases)))
    better = list(cases)
    better[index % len(cases)] = ACCEPTED

    before, after = (
        score_of(
            *results, method=method, issues=issues, rubric=rubric, guessed=guessed, groups=groups
        )
        for results in (cases, better)
    )

    assert reward_of(after) >= reward_of(before)


@given(cases=graded, rubric=rubrics(), index=st.integers(0, 12), data=st.data())
def test_a_violation_earns_no_more_than_a_failure(
    cases: list[CaseResult], rubric: Rubric, index: int, data: st.DataObject
) -> None:
    """By any rubric, a security violation in a case earns no more than failing the case."""
    tried, failed = list(cases), list(cases)
    tried.insert(index, FORBIDDEN)
    failed.insert(index, WRONG)
    groups = data.draw(groupings(len(tried)))

    violation, failure = (
        score_of(*results, rubric=rubric, groups=groups) for results in (tried, failed)
    )

    assert reward_of(violation) <= reward_of(failure)


@given(cases=graded, index=st.integers(0, 11))
def test_one_more_passed_case_raises_the_reward(cases: list[CaseResult], index: int) -> None:
    """By the default rubric, one more passed case raises the reward."""
    cases[index % len(cases)] = WRONG
    better = list(cases)
    better[index % len(cases)] = ACCEPTED

    assert reward_of(score_of(*better)) > reward_of(score_of(*cases))


@given(cases=anything, method=methods, issues=issue_sets, rubric=rubrics(), data=st.data())
def test_rewards_and_dimensions_are_in_their_ranges(
    cases: list[CaseResult],
    method: ExtractionMethod,
    issues: tuple[FormatIssue, ...],
    rubric: Rubric,
    data: st.DataObject,
) -> None:
    """The reward is in the rubric's range, and each dimension in [0, 1]."""
    groups = data.draw(groupings(len(cases)))
    guessed = data.draw(st.integers(0, len(cases)))

    score = score_of(
        *cases, method=method, issues=issues, rubric=rubric, guessed=guessed, groups=groups
    )

    numbers = (score.correctness, score.compile, score.format, score.share, score.guess_baseline)
    assert all(0 <= number <= 1 for number in numbers)
    assert (score.reward is None) == (score.verdict is Verdict.UNGRADED)
    if score.reward is not None:
        assert rubric.lowest <= score.reward <= rubric.highest


@pytest.mark.parametrize(("is_paid", "share"), [(True, 0.875), (False, 0.5)])
def test_a_rubric_may_refuse_to_pay_what_the_candidate_compared(
    *, is_paid: bool, share: float
) -> None:
    """Neither a case that passed nor the parts of another then count; the verdict is the same."""
    in_part = replace(WRONG, parts=4, parts_passed=2, is_self_compared=True)
    compared = replace(ACCEPTED, is_self_compared=True)
    rubric = Rubric(pay_self_compared=is_paid)

    score = score_of(ACCEPTED, ACCEPTED, compared, in_part, rubric=rubric)

    assert (score.share, score.self_compared) == (share, 2)
    assert score.tests_passed == 3


@given(cases=anything, data=st.data())
def test_the_order_of_the_cases_does_not_matter(
    cases: list[CaseResult], data: st.DataObject
) -> None:
    """The same results in another order earn the same reward."""
    shuffled = data.draw(st.permutations(cases))

    assert score_of(*shuffled).reward == score_of(*cases).reward


@given(cases=graded, index=st.integers(0, 12))
def test_a_violation_earns_nothing(cases: list[CaseResult], index: int) -> None:
    """By the default rubric, one security violation makes the reward 0."""
    cases.insert(index, FORBIDDEN)

    assert score_of(*cases).reward == 0


@given(cases=anything, index=st.integers(0, 12))
def test_a_case_that_was_not_run_leaves_the_sample_ungraded(
    cases: list[CaseResult], index: int
) -> None:
    """A case that was not run makes the reward None, with its reason, as an outage."""
    cases.insert(index, NOT_RUN)

    score = score_of(*cases)

    assert (score.verdict, score.reward, score.problem, score.is_outage) == (
        Verdict.UNGRADED,
        None,
        "the deadline came first",
        True,
    )


@given(cases=graded)
def test_a_graded_sample_has_no_problem(cases: list[CaseResult]) -> None:
    """A sample with a verdict for every case has no problem and is no outage."""
    score = score_of(*cases)

    assert (score.problem, score.is_outage) == ("", False)


def test_a_perfect_answer_earns_one() -> None:
    """If all cases pass and there is no format issue, the reward is exactly 1."""
    assert score_of(ACCEPTED, ACCEPTED, ACCEPTED).reward == 1.0


@pytest.mark.parametrize(("passed", "correctness"), [(0, 0.0), (1, 0.25), (3, 0.75), (4, 1.0)])
def test_correctness_is_the_share_of_passed_cases(passed: int, correctness: float) -> None:
    """Each passed case adds an equal part to the correctness."""
    cases = [ACCEPTED] * passed + [WRONG] * (4 - passed)

    assert score_of(*cases).correctness == correctness


@pytest.mark.parametrize(
    ("guessed", "correctness"), [(Fraction(0), 0.5), (Fraction(1, 4), (0.5 - 0.25) / 0.75)]
)
def test_a_case_that_passed_in_part_adds_its_share(guessed: Fraction, correctness: float) -> None:
    """It does not count as passed, and a guess may pass a part, too."""
    in_part = CaseResult(
        verdict=Verdict.WRONG_ANSWER, execution=WRONG.execution, parts=4, parts_passed=2
    )
    cases = (ACCEPTED, in_part, WRONG)
    score = score_cases(
        cases,
        guessed=guessed,
        candidate=Candidate(program="", method=ExtractionMethod.TAGGED_FENCE),
        rubric=DEFAULT_RUBRIC,
    )

    assert (score.verdict, score.tests_passed, score.tests_total) == (Verdict.WRONG_ANSWER, 1, 3)
    assert score.share == 0.5
    assert score.correctness == pytest.approx(correctness)


@pytest.mark.parametrize(
    ("failure", "compile_"),
    [
        (result(Verdict.COMPILE_ERROR, Ending.NOT_COMPILED), 0.2),
        (result(Verdict.RUNTIME_ERROR, Ending.NOT_LOADED), 0.4),
        (result(Verdict.NO_ENTRY_POINT, Ending.NO_ENTRY_POINT), 0.6),
        (result(Verdict.RUNTIME_ERROR, Ending.RAISED), 0.8),
        (result(Verdict.TIME_LIMIT_EXCEEDED, Ending.OUT_OF_TIME), 0.8),
        (WRONG, 1.0),
    ],
)
def test_compile_is_how_far_a_program_gets(failure: CaseResult, compile_: float) -> None:
    """A program that parses, loads, has its entry point and runs earns a step for each."""
    assert score_of(failure, failure).compile == compile_


def test_the_last_step_of_compile_is_a_share() -> None:
    """A program that runs half of the cases without an error earns half of the last step."""
    crashed = result(Verdict.RUNTIME_ERROR, Ending.CRASHED)

    assert score_of(ACCEPTED, crashed).compile == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("issues", "format_"),
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
def test_each_format_issue_lowers_format(issues: tuple[FormatIssue, ...], format_: float) -> None:
    """Each format issue costs its part of `format`, which is never below 0."""
    assert score_of(WRONG, issues=issues).format == format_


def test_a_dimension_that_does_not_apply_has_no_weight() -> None:
    """Without a similarity, the other weights are scaled to add up to 1."""
    rubric = Rubric(correctness=0.5, compile=0.0, format=0.0, similarity=0.5)

    score = score_of(ACCEPTED, rubric=rubric)

    assert (score.reward, dict(score.weights)["correctness"]) == (1.0, 1.0)


@given(similarities=st.tuples(st.floats(0, 1), st.floats(0, 1)), weight=st.floats(0, 1))
@pytest.mark.parametrize("case", [ACCEPTED, WRONG])
def test_similarity_earns_its_weight(
    case: CaseResult, similarities: tuple[float, float], weight: float
) -> None:
    """A higher similarity never earns less, and it earns exactly its weight."""
    rubric = Rubric(correctness=1 - weight, compile=0.0, format=0.0, similarity=weight)
    candidate = Candidate(program="print(1)", method=ExtractionMethod.TAGGED_FENCE)
    low, high = (
        reward_of(
            score_cases(
                (case,),
                guessed=Fraction(0),
                candidate=candidate,
                similarity=similarity,
                rubric=rubric,
            )
        )
        for similarity in sorted(similarities)
    )

    passed = case.verdict is Verdict.ACCEPTED
    assert low <= high
    assert high == pytest.approx(passed * (1 - weight) + weight * max(similarities))


def test_the_reward_is_the_weighted_sum_of_the_dimensions() -> None:
    """Each dimension counts by its weight in the rubric."""
    rubric = Rubric(correctness=0.5, compile=0.25, format=0.25)

    score = score_of(ACCEPTED, WRONG, issues=(FormatIssue.NO_LANGUAGE,), rubric=rubric)

    assert score.reward == 0.5 * 0.5 + 0.25 * 1.0 + 0.25 * 0.5


@pytest.mark.parametrize(("line", "compile_"), [(3, 0.4), (0, 0.2)])
def test_a_refused_program_earns_the_lowest_reward(line: int, compile_: float) -> None:
    """A program that was not run earns the lowest reward, and `compile` says if it was parsed."""
    rubric = Rubric(lowest=-1.0)
    finding = Finding(name="os.fork", line=line, reason="", severity=Severity.SEVERE)
    candidate = Candidate(program="x" * 4000, method=ExtractionMethod.TAGGED_FENCE)

    score = refused(
        rubric,
        candidate,
        findings=(finding,),
        format_issues=(FormatIssue.NO_LANGUAGE,),
        tests_total=2,
    )

    assert (score.verdict, score.reward) == (Verdict.SECURITY_VIOLATION, -1.0)
    assert (score.compile, score.format) == (compile_, 0.5)
    assert score.conciseness == (0.5 if line else 0.0)


def test_the_format_of_a_text_counts_only_if_it_was_asked_for() -> None:
    """Without `solution_marks` and `boxed`, format issues do not lower the reward of a text."""
    issues = (FormatIssue.NOT_BOXED,)

    free = score_text(0.5, issues, DEFAULT_RUBRIC)
    boxed = score_text(0.5, issues, Rubric(boxed=True))

    assert free.reward == 0.5
    assert boxed.reward == pytest.approx((0.8 * 0.5 + 0.1 * 0.5) / 0.9)


@pytest.mark.parametrize(
    ("similarity", "verdict"), [(1.0, Verdict.ACCEPTED), (0.99, Verdict.WRONG_ANSWER)]
)
def test_only_a_text_of_full_similarity_is_accepted(similarity: float, verdict: Verdict) -> None:
    """A text counts as one test case, which is passed if its similarity is 1."""
    score = score_text(similarity, (), DEFAULT_RUBRIC)

    assert (score.verdict, score.tests_passed, score.tests_total) == (
        verdict,
        int(similarity),
        1,
    )


def test_a_score_contains_its_results() -> None:
    """A score has the results, their number, and how the program was extracted."""
    score = score_of(ACCEPTED, WRONG, method=ExtractionMethod.BARE_TEXT)

    assert (score.cases, score.tests_passed, score.tests_total, score.method) == (
        (ACCEPTED, WRONG),
        1,
        2,
        ExtractionMethod.BARE_TEXT,
    )
