"""The corridor: one sample, walking forward.

In: a sample. Out: a `Score`. Between its two halves lies the sandbox: `prepare` ends with
a job, `conclude` begins with what happened to it. Must not know: trainers, processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.types import Execution, Executor, Job, Limits
from verifier.errors import VerifierError
from verifier.extraction import complete_blocks, extract_candidate
from verifier.programs import job_for
from verifier.scoring import DEFAULT_RUBRIC, Rubric, score_cases
from verifier.testplan import plan_tests
from verifier.types import (
    Candidate,
    CaseResult,
    Sample,
    Score,
    TestPlan,
    Verdict,
)
from verifier.verdict import judge_case

_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sample that is ready to be run."""

    candidate: Candidate
    plan: TestPlan
    job: Job
    blocks: int


def prepare(sample: Sample, *, default_limits: Limits = _DEFAULT_LIMITS) -> Prepared | Score:
    """Go as far as the sandbox's door; or, where there is nothing to run, to the score."""
    if sample.completion is None:
        return Score(verdict=Verdict.NO_CANDIDATE)
    try:
        plan = plan_tests(sample.reference, default_limits=default_limits)
        candidate = extract_candidate(sample.completion)
        if candidate is None:
            return Score(verdict=Verdict.NO_CANDIDATE, tests_total=len(plan.cases))
        job = job_for(candidate, plan)
    except VerifierError as error:
        return ungraded(str(error))
    blocks = complete_blocks(sample.completion)
    return Prepared(candidate=candidate, plan=plan, job=job, blocks=blocks)


def conclude(
    prepared: Prepared, executions: Sequence[Execution], *, rubric: Rubric = DEFAULT_RUBRIC
) -> Score:
    """Judge what happened, and score it."""
    plan = prepared.plan
    try:
        cases = tuple(
            CaseResult(verdict=judge_case(case, plan.checker, execution), execution=execution)
            for case, execution in zip(plan.cases, executions, strict=True)
        )
    except VerifierError as error:
        return ungraded(str(error))
    return score_cases(
        cases, method=prepared.candidate.method, blocks=prepared.blocks, rubric=rubric
    )


def ungraded(problem: str, *, is_outage: bool = False) -> Score:
    """Say that there is no score, and why: the dataset's fault, or (*is_outage*) ours."""
    # A key of the reference is quoted as it is, and may be no text that can be written.
    writable = problem.encode("utf-8", "replace").decode("utf-8")
    return Score(verdict=Verdict.UNGRADED, problem=writable, is_outage=is_outage)


def judge(
    samples: Sequence[Sample],
    executor: Executor,
    *,
    rubric: Rubric = DEFAULT_RUBRIC,
    default_limits: Limits = _DEFAULT_LIMITS,
) -> list[Score]:
    """Score samples, in order. Raises SandboxError where the sandbox cannot start."""
    started = [prepare(sample, default_limits=default_limits) for sample in samples]
    to_run = [(n, one) for n, one in enumerate(started) if isinstance(one, Prepared)]
    scores = {n: one for n, one in enumerate(started) if isinstance(one, Score)}
    for place, executions in executor.run(prepared.job for _, prepared in to_run):
        number, prepared = to_run[place]
        scores[number] = conclude(prepared, executions, rubric=rubric)
    return [scores[number] for number in range(len(samples))]
