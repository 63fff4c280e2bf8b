"""The corridor: one sample, walking forward.

In: a sample. Out: a `Score`. Between its two halves lies the sandbox: `prepare` ends with
a job, `conclude` begins with what happened to it. Must not know: trainers, processes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sandbox.types import Execution, Executor, Job, Limits
from verifier.asking import AskedBefore
from verifier.errors import VerifierError
from verifier.examination import Examination, examine_all
from verifier.extraction import complete_blocks, extract_candidate
from verifier.guess import best_guess
from verifier.programs import job_for, program_with
from verifier.rubric import DEFAULT_RUBRIC, Rubric
from verifier.safety import find_risks
from verifier.scoring import no_candidate, refused, score_cases, score_sentiment
from verifier.sentiment import mark, read_expected
from verifier.testplan import plan_tests
from verifier.types import (
    Candidate,
    CaseResult,
    CodePlan,
    Finding,
    Sample,
    Score,
    Severity,
    TestPlan,
    Verdict,
)
from verifier.verdict import judge_case

_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sample that is ready to be run: with a job, or with an examination to be held."""

    candidate: Candidate
    plan: TestPlan | CodePlan
    job: Job | None = None
    examination: Examination | None = None
    blocks: int
    findings: tuple[Finding, ...] = ()


def prepare(
    sample: Sample, *, rubric: Rubric = DEFAULT_RUBRIC, default_limits: Limits = _DEFAULT_LIMITS
) -> Prepared | Score:
    """Go as far as the sandbox's door; or, where there is nothing to run, to the score."""
    if sample.completion is None:
        return no_candidate(rubric)
    try:
        expected = read_expected(sample.reference)
        if expected is not None:
            return score_sentiment(mark(sample.completion, expected), rubric)
        plan = plan_tests(sample.reference, default_limits=default_limits)
        return _prepare_program(sample.completion, plan, rubric)
    except VerifierError as error:
        return ungraded(str(error))


def _prepare_program(
    completion: str, plan: TestPlan | CodePlan, rubric: Rubric
) -> Prepared | Score:
    prompt = plan.paper.prompt if isinstance(plan, CodePlan) else ""
    candidate = extract_candidate(completion, prompt=prompt)
    if candidate is None:
        total = 0 if isinstance(plan, CodePlan) else len(plan.cases)
        return no_candidate(rubric, tests_total=total)
    findings = find_risks(candidate.program, rubric.policy)
    if rubric.enforce and any(one.severity is Severity.SEVERE for one in findings):
        return refused(rubric, candidate, findings)
    prepared = Prepared(
        candidate=candidate, plan=plan, blocks=complete_blocks(completion), findings=findings
    )
    if isinstance(plan, CodePlan):
        examination = Examination(program=program_with(prompt, candidate), plan=plan)
        return replace(prepared, examination=examination)
    return replace(prepared, job=job_for(candidate, plan))


def conclude(
    prepared: Prepared, executions: Sequence[Execution], *, rubric: Rubric = DEFAULT_RUBRIC
) -> Score:
    """Judge what happened, and score it. An examination has been judged already."""
    plan = prepared.plan
    if isinstance(plan, CodePlan):
        return _conclude_examination(prepared, rubric)
    try:
        cases = tuple(
            CaseResult(verdict=judge_case(case, plan.checker, execution), execution=execution)
            for case, execution in zip(plan.cases, executions, strict=True)
        )
        guessed = best_guess(plan)
    except VerifierError as error:
        return ungraded(str(error))
    return score_cases(
        cases,
        guessed=guessed,
        candidate=prepared.candidate,
        blocks=prepared.blocks,
        findings=prepared.findings,
        rubric=rubric,
    )


def _conclude_examination(prepared: Prepared, rubric: Rubric) -> Score:
    examination = prepared.examination
    assert examination is not None  # noqa: S101  (a code plan's sample has one)
    if examination.problem:
        return ungraded(examination.problem, is_outage=examination.is_outage)
    score = score_cases(
        examination.cases,
        guessed=min(examination.guessed, len(examination.cases)),
        candidate=prepared.candidate,
        blocks=prepared.blocks,
        findings=prepared.findings,
        rubric=rubric,
    )
    return replace(
        score,
        self_judged=examination.self_judged,
        shared_process=examination.plan.paper.shared_process,
    )


def run_all(
    prepared: Sequence[Prepared], executor: Executor, asked_before: AskedBefore
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run jobs and hold examinations; yield the place of each as it ends, and what happened."""
    jobs = [(place, one.job) for place, one in enumerate(prepared) if one.job]
    exams = [(place, one.examination) for place, one in enumerate(prepared) if one.examination]
    for number, executions in executor.run([job for _, job in jobs]):
        yield jobs[number][0], executions
    for number in examine_all([exam for _, exam in exams], executor, asked_before):
        place, exam = exams[number]
        yield place, tuple(case.execution for case in exam.cases)


def seconds_of(prepared: Prepared, executions: Sequence[Execution]) -> float:
    """Add up the wall time that a sample took in the sandbox."""
    if prepared.examination is not None:
        return prepared.examination.seconds
    return sum(execution.wall_seconds for execution in executions)


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
    asked_before: AskedBefore | None = None,
) -> list[Score]:
    """Score samples, in order. Raises SandboxError where the sandbox cannot start.

    Who judges many batches of the same prompts keeps one *asked_before* for all: what test code
    asks is then found out once.
    """
    started = [prepare(sample, rubric=rubric, default_limits=default_limits) for sample in samples]
    to_run = [(n, one) for n, one in enumerate(started) if isinstance(one, Prepared)]
    scores = {n: one for n, one in enumerate(started) if isinstance(one, Score)}
    waiting = [prepared for _, prepared in to_run]
    for place, executions in run_all(waiting, executor, asked_before or AskedBefore()):
        number, prepared = to_run[place]
        scores[number] = conclude(prepared, executions, rubric=rubric)
    return [scores[number] for number in range(len(samples))]
