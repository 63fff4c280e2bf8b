"""From verdicts to a reward, by a rubric.

In: how the candidate was found, the verdicts of its test cases, and how many of these the best
constant answer would have passed. Out: a `Score`. Must not know: output text, processes.

    correctness = shape((passed - guessed) / (cases - guessed)), and never below 0
    reward      = 0.8 correctness + 0.1 compile + 0.1 format + 0 safety + 0 conciseness

in the rubric's range; unless the candidate tried something forbidden: then it is its bottom.
"""

from collections.abc import Sized

from sandbox.types import Ending, Execution
from verifier.rubric import Polarity, Rubric
from verifier.safety import safety_of
from verifier.sentiment import Marked
from verifier.types import Candidate, CaseResult, ExtractionMethod, Finding, Score, Verdict
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


def score_cases(
    cases: tuple[CaseResult, ...],
    *,
    guessed: int,
    candidate: Candidate,
    blocks: int,
    findings: tuple[Finding, ...] = (),
    rubric: Rubric,
) -> Score:
    """Score a candidate by its test cases; *blocks* counts the program blocks it wrote.

    *guessed* counts the cases that the best constant answer passes; *findings* are what its text
    reaches for.
    """
    verdict = overall(tuple(case.verdict for case in cases))
    passed = sum(case.verdict is Verdict.ACCEPTED for case in cases)
    correctness = rubric.shaped(_share(passed, guessed if rubric.guess_correction else 0, cases))
    dimensions = {
        "correctness": correctness,
        "compile": _compile_ladder(cases),
        "format": _format(candidate.method, blocks),
        "safety": safety_of(findings),
        "conciseness": min(1.0, rubric.budget / max(1, len(candidate.program))),
    }
    share = sum(getattr(rubric, name) * value for name, value in dimensions.items())
    if verdict is Verdict.SECURITY_VIOLATION:
        share *= 1 - rubric.violation_penalty
    outages = [case for case in cases if case.verdict is Verdict.UNGRADED]
    return Score(
        verdict=verdict,
        reward=0.0 if verdict is Verdict.UNGRADED else rubric.reward(min(share, 1.0)),
        correctness=correctness,
        compile=dimensions["compile"],
        format=dimensions["format"],
        safety=dimensions["safety"],
        conciseness=dimensions["conciseness"],
        guess_baseline=guessed / len(cases),
        method=candidate.method,
        findings=findings,
        cases=cases,
        tests_total=len(cases),
        problem=outages[0].execution.detail if outages else "",
        is_outage=bool(outages),
    )


def score_sentiment(marked: Marked, rubric: Rubric) -> Score:
    """Score a label, or opinions. There is no program: what is paid for one is left out."""
    if marked.answer is None:
        return no_candidate(rubric, tests_total=1)
    is_right = marked.correctness == 1.0
    verdict = Verdict.ACCEPTED if is_right else Verdict.WRONG_ANSWER
    correctness = rubric.shaped(marked.correctness)
    if isinstance(marked.answer, Polarity):
        correctness *= rubric.worth_of(marked.answer)
    weight = rubric.correctness + rubric.format
    paid = rubric.correctness * correctness + rubric.format * marked.format
    return Score(
        verdict=verdict,
        reward=rubric.reward(paid / weight if weight else correctness),
        correctness=correctness,
        compile=1.0,
        format=marked.format,
        safety=1.0,
        conciseness=1.0,
        cases=(CaseResult(verdict=verdict, execution=Execution(ending=Ending.FINISHED)),),
        tests_total=1,
    )


def refused(rubric: Rubric, candidate: Candidate, findings: tuple[Finding, ...]) -> Score:
    """Score a program that was not run, as the rubric enforces its policy."""
    return Score(
        verdict=Verdict.SECURITY_VIOLATION,
        reward=rubric.reward(0.0),
        method=candidate.method,
        findings=findings,
    )


def no_candidate(rubric: Rubric, *, tests_total: int = 0) -> Score:
    """Score a completion that holds no program."""
    reward = rubric.reward(0.0)
    return Score(verdict=Verdict.NO_CANDIDATE, reward=reward, tests_total=tests_total)


def _share(passed: int, guessed: int, cases: Sized) -> float:
    """Share out what is left when a guess has got its part, if anything is."""
    if guessed >= len(cases):
        return passed / len(cases)
    return max(0, passed - guessed) / (len(cases) - guessed)


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
