"""The pipeline: every entry point runs these stages, through `grade`.

    prepare    completion and reference -> PreparedSample  (parse, plan, build the job)
    run        PreparedSample -> CaseResults               (the sandbox runs it, checkers compare)
    conclude   CaseResults -> Score                        (the rubric computes the reward)

Each stage receives the values of the stage before it, never the raw text.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple, Protocol, TypeVar

from nova_code_verifier.sandbox.types import Execution, Executor, Job, Limits, Used
from nova_code_verifier.verifier.bounded_cache import BoundedCache
from nova_code_verifier.verifier.checking.answers import with_value
from nova_code_verifier.verifier.checking.checks import CheckedRun, batches_of, make_checks
from nova_code_verifier.verifier.checking.trial import TrialCache, try_checkers
from nova_code_verifier.verifier.checking.verdict import judge_case, result_of
from nova_code_verifier.verifier.company import PlannedCompany
from nova_code_verifier.verifier.completion.extraction import (
    answer_text,
    extract_candidate,
    other_language,
)
from nova_code_verifier.verifier.completion.format import (
    format_issues_of_program,
    format_issues_of_text,
)
from nova_code_verifier.verifier.completion.parsing import ParsedCompletion, parse_completion
from nova_code_verifier.verifier.completion.safety import find_risks
from nova_code_verifier.verifier.equal_work import (
    Conditions,
    ResultCache,
    Work,
    digest_of,
    is_repeatable,
    judge_once,
)
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.jobs import completed, job_for, prelude_for, program_with
from nova_code_verifier.verifier.program.prelude import DEEP_RECURSION
from nova_code_verifier.verifier.program.trial import failing_preludes
from nova_code_verifier.verifier.reference.entry_points import entry_points
from nova_code_verifier.verifier.reference.fields import plain
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import (
    Task,
    TaskSpec,
    open_reference,
    read_task,
    read_text_reference,
)
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Polarity, Rubric
from nova_code_verifier.verifier.scoring.guess_baseline import ToldApart, best_of, tell_apart
from nova_code_verifier.verifier.scoring.score import (
    no_candidate,
    refused,
    score_cases,
    score_sentiment,
    score_text,
)
from nova_code_verifier.verifier.sentiment.answer import (
    Expected,
    SentimentResult,
    grade_answer,
    read_expected,
)
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.types import (
    CallCase,
    Candidate,
    CaseResult,
    CaseResults,
    Checker,
    CodePlan,
    Comparison,
    FailureClass,
    Finding,
    FormatIssue,
    Sample,
    Score,
    Severity,
    Similarity,
    Source,
    StdioCase,
    TestCase,
    TestPlan,
    Verdict,
)

_NO_JUDGE = (
    "similarity: this sample needs a language model to compare texts; "
    "set VERIFIER_JUDGE_MODEL to its id"
)
T = TypeVar("T")


class Planned(NamedTuple):
    """A plan, its `digest_of`, and what tells its guesses apart: once for all its completions."""

    plan: TestPlan | CodePlan
    digest: bytes = b""
    told_apart: ToldApart | None = None


# The plans of references: trainers send many completions of one prompt. A value of JSON takes at
# most 24 times the memory of its text.
_PLANS = BoundedCache[tuple[str, tuple[str, ...], Rubric, Limits, float], tuple[Planned, TaskSpec]](
    32 * 2**20
)
_PLAN_BYTES, _PLAN_FACTOR = 2_000, 24  # of any plan, and for each character of its text


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSample:
    """The parsed sample, and the work that is left for the sandbox.

    `job` is set for stdio and call tests, `program` for the test code of the `plan`. The `prelude`
    runs before either. `planned` is the plan with what depends on it alone. `problem` says
    why the reference cannot be used. `comparison` is what a language model has to compare.
    `sentiment` is the answer and the expected one. A `candidate` with nothing to run was refused:
    its `findings` violate the rubric's safety policy. Without a candidate, `other_language` is the
    tag of a block of another language.
    """

    task: TaskSpec
    source: Source = Source.NONE
    problem: str = ""
    candidate: Candidate | None = None
    planned: Planned | None = None
    job: Job | None = None
    program: str = ""
    prelude: str = ""
    comparison: Comparison | None = None
    sentiment: tuple[SentimentResult, Expected] | None = None
    format_issues: tuple[FormatIssue, ...] = ()
    findings: tuple[Finding, ...] = ()
    other_language: str = ""

    @property
    def plan(self) -> TestPlan | CodePlan | None:
        """The tests, if the reference holds some."""
        return self.planned.plan if self.planned else None

    @property
    def is_runnable(self) -> bool:
        """Whether there is something to run, or to compare."""
        return bool(self.job or self.program or self.comparison)

    @property
    def work(self) -> Work | None:
        """What the results of the test cases depend on; None if there are none."""
        program = self.job.program if self.job else self.program
        if self.planned is None or not program:
            return None
        return Work(program, self.prelude, self.planned.digest, self.task.rubric.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedSample:
    """The score of the sample at *index*, and the data that it was computed from.

    `seconds` is the wall time that the sample took in the sandbox: none, if it *is reused*, because
    equal work had been judged before. `cpu_seconds` is the CPU time of the test case, or of the
    session, that needed most. `prepared` is None if a bug stopped the sample before it was
    prepared.
    """

    index: int
    score: Score
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    is_reused: bool = False
    prepared: PreparedSample | None = None


class Control(Protocol):
    """Finds out whether the verifier judges as it should (`verifier/control.py`)."""

    def check(self, counts: Mapping[Source, int], executor: Executor, /) -> str:
        """Return why samples of these sources, so many of each, must not be graded; or ""."""


class PendingSimilarity(Protocol):
    """The future result of a comparison, such as a `concurrent.futures.Future`."""

    def result(self) -> Similarity:
        """Wait for the result and return it."""


class Attempt(Protocol):
    """Runs one stage for the sample at an index; may turn a bug into an ungraded `Score`."""

    def __call__(self, index: int, stage: Callable[[], T], /) -> T | Score:
        """Return what *stage* returns, or the score of a sample that it could not grade."""


def _run_stage(_index: int, stage: Callable[[], T]) -> T | Score:
    return stage()


def judge(
    samples: Sequence[Sample],
    executor: Executor,
    *,
    rubric: Rubric = DEFAULT_RUBRIC,
    default_limits: Limits = Limits(),
    may_share_process: bool = False,
    discovery_cache: DiscoveryCache | None = None,
    result_cache: ResultCache | None = None,
    control: Control | None = None,
    compare: Callable[[Comparison], PendingSimilarity] | None = None,
) -> list[Score]:
    """Return the score of every sample, in the order of *samples*.

    The arguments are those of `grade`. Raises SandboxError if the sandbox cannot start.
    """
    graded = grade(
        samples,
        executor,
        rubric=rubric,
        default_limits=default_limits,
        may_share_process=may_share_process,
        discovery_cache=discovery_cache,
        result_cache=result_cache,
        control=control,
        compare=compare,
    )
    return [sample.score for sample in sorted(graded, key=lambda sample: sample.index)]


def grade(
    samples: Iterable[Sample],
    executor: Executor,
    *,
    rubric: Rubric = DEFAULT_RUBRIC,
    default_limits: Limits = Limits(),
    may_share_process: bool = False,
    discovery_cache: DiscoveryCache | None = None,
    result_cache: ResultCache | None = None,
    control: Control | None = None,
    compare: Callable[[Comparison], PendingSimilarity] | None = None,
    attempt: Attempt = _run_stage,
    sample_seconds_max: float = math.inf,
) -> Iterator[GradedSample]:
    """Yield every sample as soon as its score is known, in no particular order.

    *default_limits* hold where a reference states no limits. If tests and candidates *may share a
    process*, tests that need that get it, and their candidates could cheat; otherwise such samples
    are ungraded. Keep one *discovery_cache* for many batches of the same prompts: the items of
    their test code are then discovered once, and their checker programs are tried once. With one
    *result_cache* for many batches, equal programs are judged once for all of them, otherwise once
    in each batch. *control* is asked, before programs run, whether any may be graded. *compare*
    starts to compare two texts by a language model, if the rubric gives similarity a weight
    (`handlers/llm_judge/judge.py`). *attempt* isolates bugs per sample; by default they are raised.
    No sample may take more wall time than *sample_seconds_max*, whatever total its reference
    states, unless that says that one case may take longer, and longer than by default.
    Raises SandboxError if the sandbox cannot start.
    """
    waiting: dict[int, PreparedSample] = {}
    for index, sample in enumerate(samples):
        stage = partial(
            prepare,
            sample,
            rubric=rubric,
            default_limits=default_limits,
            sample_seconds_max=sample_seconds_max,
        )
        prepared = attempt(index, stage)
        if isinstance(prepared, Score):
            yield GradedSample(index=index, score=prepared)
        elif prepared.is_runnable:
            waiting[index] = prepared
        else:
            yield _graded(index, prepared, CaseResults(), attempt)
    counts = Counter(prepared.source for prepared in waiting.values() if prepared.work)
    if control and counts and (problem := control.check(counts, executor)):
        blocked = CaseResults(problem=problem, failure=FailureClass.INFRASTRUCTURE)
        for index in [index for index, prepared in waiting.items() if prepared.work]:
            yield _graded(index, waiting.pop(index), blocked, attempt)
    # Start every comparison once; the language model works while the guests run.
    start = cache(compare) if compare else None
    pending = {
        index: start(prepared.comparison)
        for index, prepared in waiting.items()
        if start and prepared.comparison
    }
    compared: list[partial[GradedSample]] = []
    results_of = partial(
        _judged,
        waiting,
        executor,
        discovery_cache or DiscoveryCache(),
        attempt,
        may_share_process=may_share_process,
    )
    if executor.fast_paths and waiting:
        works = {index: prepared.work for index, prepared in waiting.items()}
        conditions = Conditions.of(executor, may_share_process=may_share_process)
        judged = judge_once(works, conditions, result_cache or ResultCache(), results_of)
    else:
        judged = results_of(waiting)
    for index, results in judged:
        finish = partial(_graded, index, waiting[index], results, attempt)
        if index in pending:
            # Do not wait for the language model here: this thread also enforces the guests' limits.
            compared.append(partial(finish, pending=pending[index]))
        else:
            yield finish()
    yield from (finish() for finish in compared)


def ungraded(problem: str, *, failure: FailureClass = FailureClass.DATA) -> Score:
    """Return an ungraded score; *failure* says whose fault it is."""
    # A quoted key may hold lone surrogates, which UTF-8 cannot encode.
    writable = problem.encode("utf-8", "replace").decode("utf-8")
    return Score(verdict=Verdict.UNGRADED, reward=None, problem=writable, failure=failure)


# -- prepare ---------------------------------------------------------------------------


def prepare(
    sample: Sample,
    *,
    rubric: Rubric = DEFAULT_RUBRIC,
    default_limits: Limits = Limits(),
    sample_seconds_max: float = math.inf,
) -> PreparedSample:
    """Parse the completion, open the reference and plan what to run.

    The arguments are those of `grade`.

    The reference is read even if there is no completion: a dataset that is sent for a check before
    training must not pass with broken tests.
    """
    completion = None if sample.completion is None else parse_completion(sample.completion)
    task = TaskSpec(task=None, rubric=rubric)
    try:
        text = _text_of(sample.reference)
        key = (text, sample.tasks, rubric, default_limits, sample_seconds_max)
        if text and (known := _PLANS.get(key)):
            return _prepare_program(completion, *known)
        opened = open_reference(sample.reference)
        task = read_task(opened, sample.tasks, rubric)
        prepared = _prepare(
            completion,
            sample.reference,
            opened,
            task,
            default_limits,
            sample_seconds_max=sample_seconds_max,
        )
    except VerifierError as error:
        return PreparedSample(task=task, problem=str(error))
    if text and prepared.planned:
        _PLANS.put(key, (prepared.planned, task), size=_PLAN_BYTES + _PLAN_FACTOR * len(text))
    return prepared


def _text_of(reference: object) -> str:
    """Return a text that no other reference has; "" if there is none."""
    if isinstance(reference, str):
        return reference
    try:
        # Of plain values. `repr` leaves out the middle of an array.
        return repr(reference) if type(reference) is dict and plain(reference) is reference else ""
    except (ValueError, RecursionError):
        return ""


def _prepare(
    completion: ParsedCompletion | None,
    reference: object,
    opened: object,
    task: TaskSpec,
    default_limits: Limits,
    *,
    sample_seconds_max: float,
) -> PreparedSample:
    if reference is None:
        raise VerifierError("reference_answer", "missing; expected tests, a label or a text")
    if task.task is Task.SIMILARITY:
        return _prepare_text(completion, read_text_reference(opened, reference), task)
    expected = None if task.task is Task.CODE else read_expected(opened)
    if expected is not None:
        return _prepare_sentiment(completion, expected, task)
    if task.task is Task.SENTIMENT:
        raise VerifierError("answer", f"expected one of {', '.join(Polarity)}, or opinions")
    plan = plan_tests(opened, default_limits=default_limits, default_checker=task.rubric.checker)
    limits = plan.limits
    if limits.wall_seconds > default_limits.wall_seconds:  # so long may a single case take
        sample_seconds_max = max(sample_seconds_max, limits.wall_seconds)
    if limits.total_wall_seconds > sample_seconds_max:
        plan = replace(plan, limits=replace(limits, total_wall_seconds=sample_seconds_max))
    told_apart = None
    if isinstance(plan, TestPlan):
        told_apart = cache(partial(tell_apart, plan, task.rubric.groups))
    return _prepare_program(completion, Planned(plan, digest_of(plan), told_apart), task)


def _prepare_text(
    completion: ParsedCompletion | None, reference: str, task: TaskSpec
) -> PreparedSample:
    if completion is None:
        return PreparedSample(task=task, source=Source.SIMILARITY)
    rubric, texts = task.rubric, completion.texts
    response = answer_text(texts, boxed=rubric.boxed)

    def is_answer(text: str) -> bool:
        return answer_text((text,), boxed=rubric.boxed) == response

    return PreparedSample(
        task=task,
        source=Source.SIMILARITY,
        comparison=Comparison(response=response, reference=reference) if response else None,
        format_issues=format_issues_of_text(texts, rubric, is_answer),
    )


def _prepare_sentiment(
    completion: ParsedCompletion | None, expected: Expected, task: TaskSpec
) -> PreparedSample:
    if completion is None:
        return PreparedSample(task=task, source=Source.SENTIMENT)
    texts = completion.texts
    result = grade_answer(texts, expected)

    def is_answer(text: str) -> bool:
        alone = grade_answer((text,), expected)
        return (alone.answer, alone.correctness) == (result.answer, result.correctness)

    return PreparedSample(
        task=task,
        source=Source.SENTIMENT,
        sentiment=(result, expected),
        format_issues=format_issues_of_text(texts, task.rubric, is_answer),
    )


def _prepare_program(
    completion: ParsedCompletion | None, planned: Planned, task: TaskSpec
) -> PreparedSample:
    plan = planned.plan
    prepared = partial(PreparedSample, task=task, source=_source_of(plan), planned=planned)
    if completion is None:
        return prepared()
    rubric = task.rubric
    prompt = plan.test_code.prompt if isinstance(plan, CodePlan) else ""
    names = partial(entry_points, plan)
    candidate = extract_candidate(completion, prompt=_begun_code(plan), names=names)
    if candidate is None:
        return prepared(other_language=other_language(completion))
    whole = completed(candidate, plan)
    program = program_with(prompt, whole) if isinstance(plan, CodePlan) else ""
    prelude = prelude_for(program or whole.program, plan)
    findings = find_risks(whole.program, rubric.policy, prelude=prelude)
    format_issues = format_issues_of_program(completion, candidate, rubric)
    prepared = partial(
        prepared, candidate=candidate, format_issues=format_issues, findings=findings
    )
    if rubric.enforce and any(finding.severity is Severity.SEVERE for finding in findings):
        return prepared()
    solution = task.solution if rubric.similarity else ""
    return prepared(
        job=job_for(whole, plan, prelude=prelude) if isinstance(plan, TestPlan) else None,
        program=program,
        prelude=prelude,
        comparison=Comparison(response=candidate.program, reference=solution) if solution else None,
    )


def _begun_code(plan: TestPlan | CodePlan) -> str:
    """Return the code that a completion may continue without repeating it."""
    if isinstance(plan, CodePlan):
        return plan.setup.starter_code or plan.test_code.prompt
    return "" if isinstance(plan.cases[0], StdioCase) else plan.setup.starter_code


def _source_of(plan: TestPlan | CodePlan) -> Source:
    if isinstance(plan, CodePlan):
        return Source.CODE
    return Source.STDIO if isinstance(plan.cases[0], StdioCase) else Source.CALL


# -- run -------------------------------------------------------------------------------

Run = tuple[Execution, ...] | CheckedRun | TestCodeRun
"""What the sandbox reported: an execution for each case of a `TestPlan`, the same with the checks
of a checker program, or a run of test code."""


def _judged(
    waiting: Mapping[int, PreparedSample],
    executor: Executor,
    discovery_cache: DiscoveryCache,
    attempt: Attempt,
    indexes: Iterable[int],
    *,
    may_share_process: bool,
) -> Iterator[tuple[int, CaseResults | Score]]:
    """Run the samples at *indexes*; yield their results, or the score of one that met a bug."""
    chosen = {index: waiting[index] for index in indexes}
    for index, problem in _with_broken_prelude(chosen, executor):
        del chosen[index]
        yield index, problem
    for index, run in _run(chosen, executor, discovery_cache, may_share_process=may_share_process):
        yield index, attempt(index, partial(case_results, chosen[index], run))


def _with_broken_prelude(
    waiting: Mapping[int, PreparedSample], executor: Executor
) -> Iterator[tuple[int, CaseResults]]:
    """Yield the samples whose own prelude fails without a candidate, with the problem."""
    jobs = {
        index: prepared.job
        for index, prepared in waiting.items()
        if prepared.job and prepared.plan and prepared.plan.setup.prelude
    }
    for index, found in failing_preludes(jobs, executor).items():
        yield index, CaseResults(problem=found.problem, failure=found.failure)


def _run(
    waiting: Mapping[int, PreparedSample],
    executor: Executor,
    discovery_cache: DiscoveryCache,
    *,
    may_share_process: bool,
) -> Iterator[tuple[int, Run]]:
    """Run all jobs, then all test code, then all that has a checker program.

    Yield each sample's run as it ends.
    """
    jobs = {index: prepared.job for index, prepared in waiting.items() if prepared.job}
    checked = {
        index: prepared.plan
        for index, prepared in waiting.items()
        if isinstance(prepared.plan, TestPlan) and prepared.plan.checker_program and prepared.job
    }
    runs = {
        index: TestCodeRun(program=prepared.program, plan=prepared.plan, prelude=prepared.prelude)
        for index, prepared in waiting.items()
        if prepared.program and isinstance(prepared.plan, CodePlan)
    }
    yield from ((index, ()) for index in waiting if index not in jobs and index not in runs)
    job_indexes, run_indexes = [index for index in jobs if index not in checked], list(runs)
    for number, executions in _run_plain([waiting[index] for index in job_indexes], executor):
        yield job_indexes[number], executions
    graded = grade_all(
        list(runs.values()), executor, discovery_cache, may_share_process=may_share_process
    )
    for number in graded:
        yield run_indexes[number], runs[run_indexes[number]]
    yield from _run_checked(checked, jobs, executor, discovery_cache.trials)


def _run_plain(
    samples: Sequence[PreparedSample], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run the jobs of *samples*, whose outputs our own checkers compare."""
    jobs = [sample.job for sample in samples if sample.job]
    planned = [sample.planned for sample in samples if sample.planned]
    told_apart = [each.told_apart for each in planned if each.told_apart]
    company = PlannedCompany(jobs, told_apart) if executor.fast_paths else None
    return executor.run(jobs, company=company) if jobs else iter(())


def _run_checked(
    plans: Mapping[int, TestPlan], jobs: Mapping[int, Job], executor: Executor, cache: TrialCache
) -> Iterator[tuple[int, CheckedRun]]:
    """Try the checker programs of *plans*, run the candidates, and have their outputs checked."""
    for batch in batches_of(plans):
        trials = try_checkers([plans[index] for index in batch], executor, cache)
        runs = {
            index: CheckedRun(plan=plans[index], trial=trial)
            for index, trial in zip(batch, trials, strict=True)
        }
        sound = [index for index in batch if not runs[index].problem]
        if sound:
            for number, executions in executor.run([jobs[index] for index in sound]):
                runs[sound[number]].take(executions)
        make_checks(list(runs.values()), executor)
        yield from runs.items()


def _seconds_of(run: Run) -> float:
    if isinstance(run, TestCodeRun | CheckedRun):
        return run.seconds
    return sum(execution.wall_seconds for execution in run)


def case_results(prepared: PreparedSample, run: Run) -> CaseResults:
    """Turn what the sandbox reported into the results of the sample's cases."""
    results = _case_results(prepared, run)
    facts = [case.execution for case in results.cases]
    is_steady = True
    used = Used(sum(fact.cpu_seconds for fact in facts), sum(fact.own_seconds for fact in facts))
    if isinstance(run, TestCodeRun):
        facts.append(run.peak)
        used = run.used
        is_steady = not run.has_timed_out
    elif isinstance(run, CheckedRun):
        is_steady = run.is_steady
    limits = prepared.plan.limits if prepared.plan else Limits()
    return replace(
        results,
        seconds=_seconds_of(run),
        cpu_seconds=max((fact.cpu_seconds for fact in facts), default=0.0),
        is_repeatable=is_steady and is_repeatable(facts, used, limits),
    )


def _case_results(prepared: PreparedSample, run: Run) -> CaseResults:
    if isinstance(run, TestCodeRun):
        if run.problem:
            return CaseResults(problem=run.problem, failure=run.failure)
        return CaseResults(
            cases=run.cases,
            guessed=run.guessed,
            reruns=int(run.has_timed_out),
            shared_process=run.shares_process,
        )
    plan, grouping = prepared.plan, prepared.task.rubric.groups
    told_apart = prepared.planned and prepared.planned.told_apart
    if not isinstance(plan, TestPlan) or not told_apart:
        return CaseResults()
    if isinstance(run, CheckedRun):
        guessed = best_of(run.trial.guessed, plan, grouping)
        results = CaseResults(cases=tuple(run.results), guessed=guessed)
        return replace(results, problem=run.problem, failure=run.failure)
    pairs = zip(plan.cases, run, strict=True)
    try:
        plan, guessed = told_apart()
        cases = tuple(_case_result(case, plan.checker, execution) for case, execution in pairs)
        return CaseResults(cases=cases, guessed=guessed)
    except VerifierError as error:
        return CaseResults(problem=str(error))


def _case_result(case: TestCase, checker: Checker, execution: Execution) -> CaseResult:
    accepted = (case.expected_value, *case.also_accepted) if isinstance(case, CallCase) else ()
    execution = with_value(execution, accepted)
    return result_of(judge_case(case, checker, execution), execution)


# -- conclude --------------------------------------------------------------------------


def _graded(
    index: int,
    prepared: PreparedSample,
    results: CaseResults | Score,
    attempt: Attempt,
    *,
    pending: PendingSimilarity | None = None,
) -> GradedSample:
    """Conclude a sample, unless a bug in an earlier stage left a score."""

    def stage() -> Score:
        if isinstance(results, Score):
            return results
        return conclude(prepared, results, pending.result() if pending else None)

    graded = GradedSample(index=index, score=attempt(index, stage), prepared=prepared)
    if isinstance(results, Score):
        return graded
    return replace(
        graded,
        seconds=results.seconds,
        cpu_seconds=results.cpu_seconds,
        is_reused=results.is_reused,
    )


def conclude(
    prepared: PreparedSample,
    results: CaseResults = CaseResults(),
    similarity: Similarity | None = None,
) -> Score:
    """Score the results of a sample's cases, and the *similarity* if there was a comparison."""
    if prepared.is_runnable:
        score = _score_run(prepared, results, similarity)
    else:
        score = _score_without_run(prepared)
    problem = score.problem or (similarity.problem if similarity else "")
    notes = prepared.plan.notes if prepared.plan else ()
    return replace(score, source=prepared.source, problem=problem, notes=notes)


def _score_without_run(prepared: PreparedSample) -> Score:
    rubric, candidate, plan = prepared.task.rubric, prepared.candidate, prepared.plan
    if prepared.problem:
        return ungraded(prepared.problem)
    if prepared.sentiment is not None:
        return score_sentiment(prepared.sentiment[0], prepared.format_issues, rubric)
    is_text = prepared.source is Source.SIMILARITY
    total = len(plan.cases) if isinstance(plan, TestPlan) else int(is_text)
    if candidate is None:
        score = no_candidate(rubric, tests_total=total)
        return replace(score, other_language=prepared.other_language)
    findings, issues = prepared.findings, prepared.format_issues
    return refused(rubric, candidate, findings=findings, format_issues=issues, tests_total=total)


def _score_run(
    prepared: PreparedSample, results: CaseResults, similarity: Similarity | None
) -> Score:
    rubric, candidate, plan = prepared.task.rubric, prepared.candidate, prepared.plan
    if results.problem:
        return ungraded(results.problem, failure=results.failure)
    if prepared.comparison is not None:
        if similarity is None:
            return ungraded(_NO_JUDGE, failure=FailureClass.INFRASTRUCTURE)
        # A program that the language model refuses to read is still graded by its tests. Otherwise
        # a candidate that cannot pass them could make the model refuse, and be ungraded.
        if similarity.value is None and (candidate is None or similarity.failure.is_outage):
            return ungraded(similarity.problem, failure=similarity.failure)
    value = similarity.value if similarity else None
    if candidate is None:
        return score_text(value or 0.0, prepared.format_issues, rubric)
    score = score_cases(
        results.cases,
        guessed=results.guessed,
        candidate=candidate,
        format_issues=prepared.format_issues,
        groups=plan.groups if isinstance(plan, TestPlan) else None,
        findings=prepared.findings,
        similarity=value,
        rubric=rubric,
    )
    return replace(
        score,
        reruns=results.reruns + sum(case.execution.is_confirmed for case in results.cases),
        shared_process=results.shared_process,
        prelude=prepared.prelude.removeprefix(DEEP_RECURSION),
    )
