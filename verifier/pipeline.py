"""The corridor: one sample, walking forward.

In: a sample. Out: a `Score`. Between its two halves lies the sandbox: `prepare` ends with
a job, `conclude` begins with what happened to it. Must not know: trainers, processes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from nova_code_verifier.sandbox.types import Execution, Executor, Job, Limits
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.completion.extraction import answer_text, extract_candidate
from nova_code_verifier.verifier.completion.format import (
    format_issues_of_program,
    format_issues_of_text,
)
from nova_code_verifier.verifier.completion.safety import find_risks
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.jobs import job_for, program_with
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import (
    Task,
    TaskSpec,
    read_task,
    read_text_reference,
)
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Polarity, Rubric
from nova_code_verifier.verifier.scoring.guess_baseline import best_guess
from nova_code_verifier.verifier.scoring.score import (
    no_candidate,
    refused,
    score_cases,
    score_sentiment,
    score_text,
)
from nova_code_verifier.verifier.sentiment.answer import Expected, mark, read_expected
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.types import (
    Candidate,
    CaseResult,
    CodePlan,
    Comparison,
    Finding,
    FormatIssue,
    Groups,
    Sample,
    Score,
    Severity,
    Similarity,
    Source,
    StdioCase,
    TestPlan,
    Verdict,
)

_DEFAULT_LIMITS = Limits()
_SHOWN_BYTES = 2048
_NOBODY_COMPARES = (
    "similarity: the task of a sample, but there is no language model that could judge it "
    "(VERIFIER_JUDGE_MODEL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSample:
    """A sample that is ready to be run: with a job, or with an test run to be held.

    Where there is a `comparison`, a language model has to make it, too; perhaps it alone.
    """

    spec: TaskSpec
    source: Source = Source.NONE
    candidate: Candidate | None = None
    plan: TestPlan | CodePlan | None = None
    job: Job | None = None
    run: TestCodeRun | None = None
    comparison: Comparison | None = None
    misses: tuple[FormatIssue, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_to_be_run(self) -> bool:
        """Whether there is anything for the sandbox to do."""
        return self.job is not None or self.run is not None


def prepare(
    sample: Sample, *, rubric: Rubric = DEFAULT_RUBRIC, default_limits: Limits = _DEFAULT_LIMITS
) -> PreparedSample | Score:
    """Go as far as the sandbox's door; or, where there is nothing to run, to the score."""
    if sample.completion is None:
        return no_candidate(_rubric_of(sample, rubric))
    if sample.reference is None:
        return ungraded("reference_answer: missing (nor is there one in any other place for it)")
    try:
        return _prepare(sample, rubric, default_limits)
    except VerifierError as error:
        return ungraded(str(error))


def _prepare(sample: Sample, rubric: Rubric, default_limits: Limits) -> PreparedSample | Score:
    assert sample.completion is not None  # noqa: S101  (looked at by `prepare`)
    spec, reference = read_task(sample.reference, sample.tasks, rubric)
    if spec.task is Task.SIMILARITY:
        text = read_text_reference(sample.reference)
        made = _prepare_text(sample.completion, text, spec)
        return replace(made, source=Source.SIMILARITY)
    expected = None if spec.task is Task.CODE else read_expected(reference)
    if expected is not None:
        return replace(
            _score_sentiment(sample.completion, expected, spec.rubric), source=Source.SENTIMENT
        )
    if spec.task is Task.SENTIMENT:
        raise VerifierError("answer", f"expected one of {', '.join(Polarity)}, or opinions")
    plan = plan_tests(reference, default_limits=default_limits)
    return replace(_prepare_program(sample.completion, plan, spec), source=_source_of(plan))


def _rubric_of(sample: Sample, rubric: Rubric) -> Rubric:
    """Find out what is paid for a sample, if that can be read."""
    try:
        spec, _ = read_task(sample.reference, sample.tasks, rubric)
    except VerifierError:
        return rubric
    return spec.rubric


def _source_of(plan: TestPlan | CodePlan) -> Source:
    if isinstance(plan, CodePlan):
        return Source.CODE
    return Source.STDIO if isinstance(plan.cases[0], StdioCase) else Source.CALL


def _score_sentiment(completion: str, expected: Expected, rubric: Rubric) -> Score:
    marked = mark(completion, expected)

    def is_answer(text: str) -> bool:
        alone = mark(text, expected)
        return (alone.answer, alone.correctness) == (marked.answer, marked.correctness)

    return score_sentiment(marked, format_issues_of_text(completion, rubric, is_answer), rubric)


def _prepare_text(completion: str, reference: str, spec: TaskSpec) -> PreparedSample | Score:
    boxed = spec.rubric.boxed
    response = answer_text(completion, boxed=boxed)
    if not response:
        return no_candidate(spec.rubric, tests_total=1)
    return PreparedSample(
        spec=spec,
        comparison=Comparison(response=response, reference=reference),
        misses=format_issues_of_text(
            completion, spec.rubric, lambda text: answer_text(text, boxed=boxed) == response
        ),
    )


def _prepare_program(
    completion: str, plan: TestPlan | CodePlan, spec: TaskSpec
) -> PreparedSample | Score:
    prompt = plan.test_code.prompt if isinstance(plan, CodePlan) else ""
    candidate = extract_candidate(completion, prompt=prompt)
    total = 0 if isinstance(plan, CodePlan) else len(plan.cases)
    if candidate is None:
        return no_candidate(spec.rubric, tests_total=total)
    findings = find_risks(candidate.program, spec.rubric.policy)
    misses = format_issues_of_program(completion, candidate, spec.rubric)
    if spec.rubric.enforce and any(one.severity is Severity.SEVERE for one in findings):
        return refused(
            spec.rubric, candidate, findings=findings, format_issues=misses, tests_total=total
        )
    prepared = PreparedSample(
        spec=spec,
        candidate=candidate,
        plan=plan,
        comparison=_comparison(candidate, spec),
        misses=misses,
        findings=findings,
    )
    if isinstance(plan, CodePlan):
        run = TestCodeRun(program=program_with(prompt, candidate), plan=plan)
        return replace(prepared, run=run)
    return replace(prepared, job=job_for(candidate, plan))


def _comparison(candidate: Candidate, spec: TaskSpec) -> Comparison | None:
    """Have a program compared with the right one, if that is paid for and there is one."""
    if not (spec.rubric.similarity and spec.solution):
        return None
    return Comparison(response=candidate.program, reference=spec.solution)


CaseResults = tuple[CaseResult, ...] | Score
"""What became of each case; or, where there is nothing to count, of all."""


def judge_cases(prepared: PreparedSample, executions: Sequence[Execution]) -> CaseResults:
    """Judge what happened to each case; an test run has been judged already.

    No more of an execution is kept than people are shown: of a whole batch, outputs would fill
    the memory.
    """
    plan = prepared.plan
    if not isinstance(plan, TestPlan):
        return prepared.run.cases if prepared.run else ()
    try:
        return tuple(
            CaseResult(
                verdict=judge_case(case, plan.checker, execution), execution=_shown(execution)
            )
            for case, execution in zip(plan.cases, executions, strict=True)
        )
    except VerifierError as error:
        return ungraded(str(error))


def _shown(execution: Execution) -> Execution:
    stdout = execution.stdout
    if len(stdout) > 2 * _SHOWN_BYTES:
        stdout = stdout[:_SHOWN_BYTES] + b" ... " + stdout[-_SHOWN_BYTES:]
    value = execution.value if execution.value_bytes <= _SHOWN_BYTES else None
    return replace(execution, stdout=stdout, value=value)


def conclude(
    prepared: PreparedSample, judged: CaseResults, similarity: Similarity | None = None
) -> Score:
    """Score what `judge_cases` found.

    *similarity* is what came of the comparison, where there was one to be made.
    """
    if isinstance(judged, Score):
        return replace(judged, source=prepared.source)
    score = _conclude(prepared, judged, similarity)
    problem = score.problem or (similarity.problem if similarity else "")
    return replace(score, source=prepared.source, problem=problem)


def _conclude(
    prepared: PreparedSample, cases: tuple[CaseResult, ...], similarity: Similarity | None
) -> Score:
    if prepared.comparison is not None:
        if similarity is None:
            return ungraded(_NOBODY_COMPARES, is_outage=True)
        # What a judge refuses to read is still to be judged by its tests: who cannot pass them
        # could have it refuse, and be ungraded.
        if similarity.value is None and (prepared.candidate is None or similarity.is_outage):
            return ungraded(similarity.problem, is_outage=similarity.is_outage)
    alike = similarity.value if similarity else None
    try:
        if prepared.candidate is None:
            return score_text(alike or 0.0, prepared.misses, prepared.spec.rubric)
        if isinstance(prepared.plan, TestPlan):
            guessed = best_guess(prepared.plan, prepared.spec.rubric.groups)
            return _score(prepared, cases, guessed, alike, prepared.plan.groups)
        return _conclude_examination(prepared, cases, alike)
    except VerifierError as error:
        return ungraded(str(error))


def _conclude_examination(
    prepared: PreparedSample, cases: tuple[CaseResult, ...], alike: float | None
) -> Score:
    run = prepared.run
    assert run is not None  # noqa: S101  (a code plan's sample has one)
    if run.problem:
        return ungraded(run.problem, is_outage=run.is_outage)
    total = len(cases)
    guessed = Fraction(min(run.guessed, total), total)
    return replace(
        _score(prepared, cases, guessed, alike),
        self_compared=run.self_compared,
        shared_process=run.plan.test_code.shared_process,
    )


def _score(
    prepared: PreparedSample,
    cases: tuple[CaseResult, ...],
    guessed: Fraction,
    alike: float | None,
    groups: Groups | None = None,
) -> Score:
    assert prepared.candidate is not None  # noqa: S101  (who has cases has a candidate)
    return score_cases(
        cases,
        guessed=guessed,
        candidate=prepared.candidate,
        format_issues=prepared.misses,
        groups=groups,
        findings=prepared.findings,
        similarity=alike,
        rubric=prepared.spec.rubric,
    )


def run_all(
    prepared: Sequence[PreparedSample], executor: Executor, discovery_cache: DiscoveryCache
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run jobs and hold test runs; yield the place of each as it ends, and what happened.

    Where there is nothing to run, that is the case at once.
    """
    yield from ((n, ()) for n, one in enumerate(prepared) if not one.is_to_be_run)
    jobs = [(place, one.job) for place, one in enumerate(prepared) if one.job]
    exams = [(place, one.run) for place, one in enumerate(prepared) if one.run]
    for number, executions in executor.run([job for _, job in jobs]):
        yield jobs[number][0], executions
    for number in grade_all([exam for _, exam in exams], executor, discovery_cache):
        place, exam = exams[number]
        yield place, tuple(case.execution for case in exam.cases)


def seconds_of(prepared: PreparedSample, executions: Sequence[Execution]) -> float:
    """Add up the wall time that a sample took in the sandbox."""
    if prepared.run is not None:
        return prepared.run.seconds
    return sum(execution.wall_seconds for execution in executions)


def ungraded(problem: str, *, is_outage: bool = False) -> Score:
    """Say that there is no score, and why: the dataset's fault, or (*is_outage*) ours."""
    # A key of the reference is quoted as it is, and may be no text that can be written.
    writable = problem.encode("utf-8", "replace").decode("utf-8")
    return Score(verdict=Verdict.UNGRADED, reward=None, problem=writable, is_outage=is_outage)


def judge(
    samples: Sequence[Sample],
    executor: Executor,
    *,
    rubric: Rubric = DEFAULT_RUBRIC,
    default_limits: Limits = _DEFAULT_LIMITS,
    discovery_cache: DiscoveryCache | None = None,
    compare: Callable[[Comparison], Similarity] | None = None,
) -> list[Score]:
    """Score samples, in order. Raises SandboxError where the sandbox cannot start.

    Who judges many batches of the same prompts keeps one *discovery_cache* for all: what test code
    asks is then found out once. *compare* asks a language model how alike two texts are, where the
    rubric pays for that (`handlers.llm_judge.judge` has one).
    """
    started = [prepare(sample, rubric=rubric, default_limits=default_limits) for sample in samples]
    to_run = [(n, one) for n, one in enumerate(started) if isinstance(one, PreparedSample)]
    scores = {n: one for n, one in enumerate(started) if isinstance(one, Score)}
    # Before anything is run: a guest whose keeper waits for a network has nobody to keep it.
    likenesses = {
        n: compare(one.comparison) for n, one in to_run if compare and one.comparison is not None
    }
    waiting = [prepared for _, prepared in to_run]
    for place, executions in run_all(waiting, executor, discovery_cache or DiscoveryCache()):
        number, prepared = to_run[place]
        judged = judge_cases(prepared, executions)
        scores[number] = conclude(prepared, judged, likenesses.get(number))
    return [scores[number] for number in range(len(samples))]
