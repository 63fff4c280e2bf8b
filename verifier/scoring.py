"""The rubric: from verdicts to a reward.

In: how the candidate was found, and the verdicts of its test cases. Out: a `Score`. Must
not know: output text, processes.

    reward = 0.8 correctness + 0.1 compile + 0.1 format

unless the candidate tried something forbidden: then it is 0.
"""

from dataclasses import dataclass

from sandbox.types import Ending
from verifier.types import CaseResult, ExtractionMethod, Score, Verdict
from verifier.verdict import overall

# How far a program got: found, parses, loads, has its entry point; then, by share of the
# cases, runs without an error.
_COMPILE_STEPS = {Ending.NOT_COMPILED: 0.2, Ending.NOT_LOADED: 0.4, Ending.NO_ENTRY_POINT: 0.6}
_COMPILE_LOADED = 0.8

_FORMAT_BY_METHOD = {
    ExtractionMethod.TAGGED_FENCE: 1.0,
    ExtractionMethod.UNTAGGED_FENCE: 0.5,
    ExtractionMethod.UNCLOSED_FENCE: 0.25,
    ExtractionMethod.BARE_TEXT: 0.0,
}
_FORMAT_OF_SEVERAL_BLOCKS = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """The weight of each dimension. Weights are at least 0 and add up to 1."""

    correctness: float = 0.8
    compile: float = 0.1
    format: float = 0.1


DEFAULT_RUBRIC = Rubric()


def score_cases(
    cases: tuple[CaseResult, ...], *, method: ExtractionMethod, blocks: int, rubric: Rubric
) -> Score:
    """Score a candidate by its test cases; *blocks* counts the program blocks it wrote."""
    verdict = overall(tuple(case.verdict for case in cases))
    correctness = sum(case.verdict is Verdict.ACCEPTED for case in cases) / len(cases)
    compiled = _compile_ladder(cases)
    formatted = _format(method, blocks)
    reward = (
        rubric.correctness * correctness + rubric.compile * compiled + rubric.format * formatted
    )
    outages = [case for case in cases if case.verdict is Verdict.UNGRADED]
    return Score(
        verdict=verdict,
        reward=0.0 if verdict in (Verdict.SECURITY_VIOLATION, Verdict.UNGRADED) else reward,
        correctness=correctness,
        compile=compiled,
        format=formatted,
        method=method,
        cases=cases,
        tests_total=len(cases),
        problem=outages[0].execution.detail if outages else "",
        is_outage=bool(outages),
    )


def _compile_ladder(cases: tuple[CaseResult, ...]) -> float:
    stopped = [_COMPILE_STEPS[e] for c in cases if (e := c.execution.ending) in _COMPILE_STEPS]
    if stopped:
        return min(stopped)
    clean = sum(case.verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER) for case in cases)
    return _COMPILE_LOADED + (1 - _COMPILE_LOADED) * clean / len(cases)


def _format(method: ExtractionMethod, blocks: int) -> float:
    if method is ExtractionMethod.TAGGED_FENCE and blocks > 1:
        return _FORMAT_OF_SEVERAL_BLOCKS
    return _FORMAT_BY_METHOD[method]
