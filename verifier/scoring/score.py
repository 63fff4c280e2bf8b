"""Compute the reward of a sample by a rubric.

In: the verdicts of a candidate's test cases, the guess baseline, and the format issues of the
response. Out: a `Score`.

    correctness = shape(max(0, share - guessed) / (1 - guessed))
    paid        = 0.8 correctness + 0.1 compile + 0.1 format
                  + 0.0 safety + 0.0 conciseness + 0.0 similarity
    reward      = lowest + (highest - lowest) x paid

The share is that of the cases that passed. A case of test code that is a loop over asserts, and did
not pass, adds the share of its iterations that held. The weights and all other numbers are those of
the rubric; these are the defaults. All dimensions are in [0, 1]. Dimensions that do not apply to a
sample are left out, and the other weights are scaled so that they add up to 1. A security violation
multiplies *paid* by 1 - `violation_penalty`.
docs/rubric.md explains each dimension.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import overall
from nova_code_verifier.verifier.completion.safety import safety_of
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.scoring.groups import correct_for_guessing, share_of
from nova_code_verifier.verifier.sentiment.answer import SentimentResult
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    FailureClass,
    Finding,
    FormatIssue,
    Groups,
    Score,
    Verdict,
)

# The dimension `compile` is how far a program gets: 0.2 it was found, 0.4 it parses, 0.6 it loads,
# 0.8 it has its entry point. The rest is paid by the share of cases that run without an error.
_COMPILE_STEPS = {Ending.NOT_COMPILED: 0.2, Ending.NOT_LOADED: 0.4, Ending.NO_ENTRY_POINT: 0.6}
_COMPILE_LOADED = 0.8

# Each format issue lowers the dimension `format` by its cost.
_FORMAT_COSTS = {
    FormatIssue.NO_FENCE: 1.0,
    FormatIssue.UNCLOSED_FENCE: 0.75,
    FormatIssue.NO_LANGUAGE: 0.5,
    FormatIssue.NOT_BOXED: 0.5,
    FormatIssue.NOT_JSON: 0.5,
    FormatIssue.SEVERAL_BLOCKS: 0.25,
    FormatIssue.CODE_OUTSIDE: 0.25,
    FormatIssue.NO_SOLUTION_MARKS: 0.25,
}


def score_cases(
    cases: tuple[CaseResult, ...],
    *,
    guessed: Fraction,
    candidate: Candidate,
    format_issues: tuple[FormatIssue, ...] = (),
    groups: Groups | None = None,
    findings: tuple[Finding, ...] = (),
    similarity: float | None = None,
    rubric: Rubric,
) -> Score:
    """Score a candidate by the results of its test cases, of which there is at least one.

    *guessed*, in [0, 1], is the share that the best guess earns (`scoring/guess_baseline.py`).
    *similarity*, in [0, 1], is what the language model answered; if it is None, its weight is left
    out. The reward is None if a case is ungraded.
    """
    verdict = overall(tuple(case.verdict for case in cases))
    earning = [
        (index, case)
        for index, case in enumerate(cases)
        if rubric.pay_self_compared or not case.is_self_compared
    ]
    passed = [index for index, case in earning if case.verdict is Verdict.ACCEPTED]
    in_part = sum(case.share for _, case in earning if case.verdict is not Verdict.ACCEPTED)
    # Cases that earn in part are of test code: without groups.
    share = share_of(passed, len(cases), groups, rubric.groups) + Fraction(in_part) / len(cases)
    corrected = correct_for_guessing(share, guessed) if rubric.guess_correction else share
    compile_ = _compile(cases)
    parses = compile_ > _COMPILE_STEPS[Ending.NOT_COMPILED]
    dimensions: dict[str, Any] = {
        "correctness": rubric.shaped(float(corrected)),
        "compile": compile_,
        "format": _format(format_issues),
        "safety": safety_of(findings) if parses else 0.0,
        "conciseness": _conciseness(candidate, rubric) if parses else 0.0,
    }
    if similarity is not None:
        dimensions["similarity"] = similarity
    weights = _weights(rubric, dimensions)
    paid = _weighted(weights, dimensions)
    if verdict is Verdict.SECURITY_VIOLATION:
        paid *= 1 - rubric.violation_penalty
    lost = [case.execution for case in cases if case.verdict is Verdict.UNGRADED]
    return Score(
        verdict=verdict,
        reward=None if verdict is Verdict.UNGRADED else rubric.reward(paid),
        **dimensions,
        share=float(share),
        guess_baseline=float(guessed),
        method=candidate.method,
        findings=findings,
        format_issues=format_issues,
        weights=weights,
        cases=cases,
        tests_total=len(cases),
        self_compared=sum(case.is_self_compared for case in cases),
        problem=lost[0].detail if lost else "",
        failure=_failure(lost),
    )


def score_sentiment(
    result: SentimentResult, format_issues: tuple[FormatIssue, ...], rubric: Rubric
) -> Score:
    """Score a label or opinions. The dimensions that need a program do not apply."""
    if result.answer is None:
        return no_candidate(rubric, tests_total=1)
    weight = rubric.label_weight(result.answer) if isinstance(result.answer, Polarity) else 1.0
    all_issues = tuple(dict.fromkeys((*result.format_issues, *format_issues)))
    dimensions = {
        "correctness": rubric.shaped(result.correctness) * weight,
        "format": _format(all_issues) if result.is_answered else 0.0,
    }
    return _score_answer(result.correctness, dimensions, all_issues, rubric)


def score_text(similarity: float, format_issues: tuple[FormatIssue, ...], rubric: Rubric) -> Score:
    """Score a text by its *similarity*, in [0, 1], to the reference."""
    dimensions = {"correctness": rubric.shaped(similarity), "similarity": similarity}
    if rubric.solution_marks or rubric.boxed:  # otherwise no format was asked for
        dimensions["format"] = _format(format_issues)
    return _score_answer(similarity, dimensions, format_issues, rubric)


def _score_answer(
    share: float, dimensions: dict[str, Any], format_issues: tuple[FormatIssue, ...], rubric: Rubric
) -> Score:
    """Score an answer that is not a program as one test case.

    Dimensions that were not measured are reported as 1.0, with no weight.
    """
    verdict = Verdict.ACCEPTED if share == 1.0 else Verdict.WRONG_ANSWER
    weights = _weights(rubric, dimensions)
    defaults: dict[str, Any] = dict.fromkeys(("compile", "format", "safety", "conciseness"), 1.0)
    return Score(
        verdict=verdict,
        reward=rubric.reward(_weighted(weights, dimensions)),
        **(defaults | dimensions),
        share=share,
        format_issues=format_issues,
        weights=weights,
        cases=(CaseResult(verdict=verdict, execution=Execution(ending=Ending.FINISHED)),),
        tests_total=1,
    )


def refused(
    rubric: Rubric,
    candidate: Candidate,
    *,
    findings: tuple[Finding, ...],
    format_issues: tuple[FormatIssue, ...],
    tests_total: int,
) -> Score:
    """Score a program that was not run because the rubric enforces its safety policy.

    It earns the lowest reward. The score still reports the dimensions that need no run.
    """
    # Findings without a line are about the whole program: it could not be parsed.
    was_parsed = any(finding.line for finding in findings)
    return Score(
        verdict=Verdict.SECURITY_VIOLATION,
        reward=rubric.reward(0.0),
        compile=_COMPILE_STEPS[Ending.NOT_LOADED if was_parsed else Ending.NOT_COMPILED],
        format=_format(format_issues),
        conciseness=_conciseness(candidate, rubric) if was_parsed else 0.0,
        method=candidate.method,
        findings=findings,
        format_issues=format_issues,
        tests_total=tests_total,
    )


def no_candidate(rubric: Rubric, *, tests_total: int = 0) -> Score:
    """Score a completion without a program or an answer: it earns the lowest reward."""
    reward = rubric.reward(0.0)
    return Score(verdict=Verdict.NO_CANDIDATE, reward=reward, tests_total=tests_total)


def _failure(lost: Sequence[Execution]) -> FailureClass:
    """Return why a sample with these executions without a verdict is ungraded: our fault first."""
    failures = [*map(FailureClass.of, lost), FailureClass.NONE]
    return next((failure for failure in failures if failure.is_outage), failures[0])


def _weights(rubric: Rubric, dimensions: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Return the weight of each of the *dimensions*, scaled so that they add up to 1."""
    weights = {name: getattr(rubric, name) for name in dimensions}
    total = sum(weights.values())
    if not total:
        return (("correctness", 1.0),)
    return tuple((name, weight / total) for name, weight in weights.items())


def _weighted(weights: Iterable[tuple[str, float]], dimensions: Mapping[str, float]) -> float:
    return min(1.0, sum(weight * dimensions[name] for name, weight in weights))


def _compile(cases: tuple[CaseResult, ...]) -> float:
    endings = {case.execution.ending for case in cases} & _COMPILE_STEPS.keys()
    if endings:
        return min(_COMPILE_STEPS[ending] for ending in endings)
    clean = sum(case.verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER) for case in cases)
    return _COMPILE_LOADED + (1 - _COMPILE_LOADED) * clean / len(cases)


def _conciseness(candidate: Candidate, rubric: Rubric) -> float:
    return min(1.0, rubric.budget / max(1, len(candidate.program)))


def _format(format_issues: Iterable[FormatIssue]) -> float:
    return max(0.0, 1.0 - sum(_FORMAT_COSTS[issue] for issue in format_issues))
