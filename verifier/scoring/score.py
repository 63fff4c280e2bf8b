"""From verdicts to a reward, by a rubric.

In: the verdicts of a candidate's test cases, the share of these that the best constant answer
would have passed, what the response misses. Out: a `Score`. Must not know: output text, processes.

    correctness = shape((share - guessed) / (1 - guessed)), and never below 0
    reward      = 0.8 correctness + 0.1 compile + 0.1 format
                  + 0 safety + 0 conciseness + 0 similarity

in the rubric's range; unless the candidate tried something forbidden: then it is its bottom.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import overall
from nova_code_verifier.verifier.completion.safety import safety_of
from nova_code_verifier.verifier.rubric import Polarity, Rubric
from nova_code_verifier.verifier.scoring.groups import beyond_guess, share_of
from nova_code_verifier.verifier.sentiment.answer import SentimentResult
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    Finding,
    FormatIssue,
    Groups,
    Score,
    Verdict,
)

# How far a program got: found, parses, loads, has its entry point; then, by share of the
# cases, runs without an error.
_COMPILE_STEPS = {Ending.NOT_COMPILED: 0.2, Ending.NOT_LOADED: 0.4, Ending.NO_ENTRY_POINT: 0.6}
_COMPILE_LOADED = 0.8

# What is missing of the form that was asked for costs so much of `format`.
_COSTS = {
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
    misses: tuple[FormatIssue, ...] = (),
    groups: Groups | None = None,
    findings: tuple[Finding, ...] = (),
    similarity: float | None = None,
    rubric: Rubric,
) -> Score:
    """Score a candidate by its test cases.

    *guessed* is the share of the cases that the best constant answer passes; *misses* are what the
    response lacks, *findings* what the program's text reaches for. Where there is no *similarity*,
    its weight is left out.
    """
    verdict = overall(tuple(case.verdict for case in cases))
    passed = [place for place, case in enumerate(cases) if case.verdict is Verdict.ACCEPTED]
    share = share_of(passed, len(cases), groups, rubric.groups)
    counted = beyond_guess(share, guessed) if rubric.guess_correction else share
    compiles = _compile_ladder(cases)
    is_program = compiles > _COMPILE_STEPS[Ending.NOT_COMPILED]
    dimensions: dict[str, Any] = {
        "correctness": rubric.shaped(float(counted)),
        "compile": compiles,
        "format": _format(misses),
        "safety": safety_of(findings) if is_program else 0.0,
        "conciseness": _conciseness(candidate, rubric) if is_program else 0.0,
    }
    if similarity is not None:
        dimensions["similarity"] = similarity
    weights = _weights(rubric, dimensions)
    paid = _weighted(weights, dimensions)
    if verdict is Verdict.SECURITY_VIOLATION:
        paid *= 1 - rubric.violation_penalty
    lost = [case for case in cases if case.verdict is Verdict.UNGRADED]
    return Score(
        verdict=verdict,
        reward=None if verdict is Verdict.UNGRADED else rubric.reward(paid),
        **dimensions,
        share=float(share),
        guess_baseline=float(guessed),
        method=candidate.method,
        findings=findings,
        misses=misses,
        weights=weights,
        cases=cases,
        tests_total=len(cases),
        problem=lost[0].execution.detail if lost else "",
        is_outage=any(case.execution.ending is Ending.NOT_RUN for case in lost),
    )


def score_sentiment(
    marked: SentimentResult, misses: tuple[FormatIssue, ...], rubric: Rubric
) -> Score:
    """Score a label, or opinions. There is no program: what is paid for one is left out."""
    if marked.answer is None:
        return no_candidate(rubric, tests_total=1)
    worth = rubric.worth_of(marked.answer) if isinstance(marked.answer, Polarity) else 1.0
    all_misses = tuple(dict.fromkeys((*marked.format_issues, *misses)))
    dimensions: dict[str, Any] = {
        "correctness": rubric.shaped(marked.correctness) * worth,
        "format": _format(all_misses) if marked.is_answered else 0.0,
    }
    return _score_answer(marked.correctness, dimensions, all_misses, rubric)


def score_text(similarity: float, misses: tuple[FormatIssue, ...], rubric: Rubric) -> Score:
    """Score a text by its likeness to the one that was expected."""
    dimensions: dict[str, Any] = {
        "correctness": rubric.shaped(similarity),
        "similarity": similarity,
    }
    if rubric.solution_marks or rubric.boxed:  # every text has the form that nobody asked for
        dimensions["format"] = _format(misses)
    return _score_answer(similarity, dimensions, misses, rubric)


def _score_answer(
    share: float, dimensions: dict[str, Any], misses: tuple[FormatIssue, ...], rubric: Rubric
) -> Score:
    """Score an answer that is no program, as one test case; what is not measured is perfect."""
    verdict = Verdict.ACCEPTED if share == 1.0 else Verdict.WRONG_ANSWER
    weights = _weights(rubric, dimensions)
    perfect: dict[str, Any] = {"compile": 1.0, "format": 1.0, "safety": 1.0, "conciseness": 1.0}
    return Score(
        verdict=verdict,
        reward=rubric.reward(_weighted(weights, dimensions)),
        **(perfect | dimensions),
        share=share,
        misses=misses,
        weights=weights,
        cases=(CaseResult(verdict=verdict, execution=Execution(ending=Ending.FINISHED)),),
        tests_total=1,
    )


def refused(
    rubric: Rubric,
    candidate: Candidate,
    *,
    findings: tuple[Finding, ...],
    misses: tuple[FormatIssue, ...],
    tests_total: int,
) -> Score:
    """Score a program that was not run, as the rubric enforces its policy.

    It earns nothing; what is known of it without a run explains it all the same.
    """
    was_read = any(finding.line for finding in findings)
    return Score(
        verdict=Verdict.SECURITY_VIOLATION,
        reward=rubric.reward(0.0),
        compile=_COMPILE_STEPS[Ending.NOT_LOADED if was_read else Ending.NOT_COMPILED],
        format=_format(misses),
        conciseness=_conciseness(candidate, rubric) if was_read else 0.0,
        method=candidate.method,
        findings=findings,
        misses=misses,
        tests_total=tests_total,
    )


def no_candidate(rubric: Rubric, *, tests_total: int = 0) -> Score:
    """Score a completion that holds no program."""
    reward = rubric.reward(0.0)
    return Score(verdict=Verdict.NO_CANDIDATE, reward=reward, tests_total=tests_total)


def _weights(rubric: Rubric, dimensions: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Say what each of the *dimensions* counts: their weights, made to add up to 1."""
    weights = {name: getattr(rubric, name) for name in dimensions}
    total = sum(weights.values())
    if not total:
        return (("correctness", 1.0),)
    return tuple((name, weight / total) for name, weight in weights.items())


def _weighted(weights: Iterable[tuple[str, float]], dimensions: Mapping[str, float]) -> float:
    return min(1.0, sum(weight * dimensions[name] for name, weight in weights))


def _compile_ladder(cases: tuple[CaseResult, ...]) -> float:
    stopped = [_COMPILE_STEPS[e] for c in cases if (e := c.execution.ending) in _COMPILE_STEPS]
    if stopped:
        return min(stopped)
    clean = sum(case.verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER) for case in cases)
    return _COMPILE_LOADED + (1 - _COMPILE_LOADED) * clean / len(cases)


def _conciseness(candidate: Candidate, rubric: Rubric) -> float:
    return min(1.0, rubric.budget / max(1, len(candidate.program)))


def _format(misses: Iterable[FormatIssue]) -> float:
    return max(0.0, 1.0 - sum(_COSTS[miss] for miss in misses))
