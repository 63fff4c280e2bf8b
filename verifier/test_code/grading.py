"""Judge candidates by test code in three steps.

    discover   run the tests without a candidate: which items are there, and what passes a guess?
    run        run them beside each candidate; if an item ends the candidate, run the others again
    conclude   every item that discovery found gets a result, whatever was reported

The tests run in a harness guest, the candidate in another one (`jobs.session_job`). Tests that no
session carries run in one guest with the candidate, if their dataset or the operator asks for it.
In: candidates' programs, test code, an executor. Out: a result for every test item.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import assert_never

from nova_code_verifier.sandbox.types import (
    NOTHING_USED,
    Cause,
    Ending,
    Execution,
    Executor,
    Job,
    Limits,
    RaisedError,
    Used,
)
from nova_code_verifier.verifier.checking.verdict import verdict_of_ending
from nova_code_verifier.verifier.test_code.discovery import Discovery, DiscoveryCache, discover
from nova_code_verifier.verifier.test_code.jobs import (
    in_process_job,
    run_harness_jobs,
    run_sessions,
    session_job,
)
from nova_code_verifier.verifier.test_code.plain.run import final_reports, plain_job, reports
from nova_code_verifier.verifier.test_code.plain.shared_imports import (
    import_statements,
    may_need_imports,
)
from nova_code_verifier.verifier.test_code.protocol import (
    BROKEN_PROTOCOL,
    TOO_LONG,
    CompiledTests,
    InProcessReport,
    ItemReport,
    ItemState,
    RunReport,
    read_messages,
)
from nova_code_verifier.verifier.types import CaseResult, CodePlan, FailureClass, Verdict

_LATE_MAX = 3
_LOST_MAX = 12
_SHOWN_MAX = 2048
_MISSING_NAME_ERRORS = ("NameError", "ImportError")
_ONE_PROCESS = (
    "; set shared_process: true in the reference, or run with --shared-process allow or "
    "VERIFIER_SHARED_PROCESS=allow"
)
_ONE_MACHINE = ", and without an executor function, which keeps tests and candidates apart"
_NO_SHARED_PROCESS = (
    "tests.shared_process: found true, which runs the tests in the candidate's process; this "
    "executor keeps tests and candidates on different machines: score this dataset without an "
    "executor function"
)
_UNREPORTED = ItemReport("", ItemState.NOT_REACHED, error="Unreported: it is not in the report")
_SKIPS_ITSELF = "Skipped: the test skips itself, which it does not do without this candidate"
_TOO_MANY = "not run: too many test items ended like this before"
_TOO_MUCH_OUTPUT = "an output, or all answers, are longer than limits.output_bytes"
_LOAD_FAILURES = {"not_compiled": Ending.NOT_COMPILED, "not_loaded": Ending.NOT_LOADED}
# These would blame the candidate for what the harness did.
_ONLY_OF_CANDIDATES = (Ending.FORBIDDEN, Ending.NOT_COMPILED, Ending.NOT_LOADED)


@dataclass(slots=True, kw_only=True)
class TestCodeRun:
    """One candidate and one test code: the results so far.

    The `prelude` runs before the program. `results` are those of the items that are decided.
    `lost_items` are those that the candidate did not survive. `used` is what its sessions have used
    of the totals, `peak` the most that any of its guests used. If it *is unsendable*, its tests
    must not be in a session. With a `problem` there is no result, and `failure` says whose fault
    that is.
    """

    program: str
    plan: CodePlan
    prelude: str = ""
    discovery: Discovery | None = None
    results: dict[str, CaseResult] = field(default_factory=dict)
    lost_items: list[str] = field(default_factory=list)
    seconds: float = 0.0
    used: Used = NOTHING_USED
    peak: Execution = field(default_factory=partial(Execution, ending=Ending.FINISHED))
    has_timed_out: bool = False
    is_unsendable: bool = False
    is_over: bool = False
    problem: str = ""
    failure: FailureClass = FailureClass.DATA

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """The result of every test item, in the order of the tests."""
        return tuple(
            case if case.name == name else replace(case, name=name)
            for name, case in self.results.items()
        )

    @property
    def guessed(self) -> Fraction:
        """The share of the test items that the best guess passes, in [0, 1]."""
        return min(Fraction(1), self.tests.guessed / len(self.tests.items))

    @property
    def tests(self) -> Discovery:
        """What discovery found; only for a run without a problem."""
        assert self.discovery is not None  # noqa: S101  (`_discover` sets it, or ends the run)
        return self.discovery

    @property
    def shares_process(self) -> bool:
        """Whether tests and candidate run in one process."""
        return self.plan.test_code.shared_process

    @property
    def is_compiled(self) -> bool:
        """Whether discovery has compiled the tests."""
        return self.discovery is not None and self.discovery.compiled is not None

    @property
    def compiled(self) -> CompiledTests:
        """The compiled tests; only where there are some."""
        assert self.tests.compiled is not None  # noqa: S101  (see `_Grading.run_sessions`)
        return self.tests.compiled

    @property
    def limits(self) -> Limits:
        """The limits of the next session: of the totals, what is left."""
        return self.used.left_of(self.plan.limits)

    @property
    def has_plain_tests(self) -> bool:
        """Whether the run is still open, and its tests are plain."""
        return not self.is_over and self.discovery is not None and bool(self.discovery.plain)

    @property
    def missing_imports(self) -> Sequence[Sequence[str]]:
        """The imports of the tests, if the program may need any of them."""
        imports = self.tests.compiled.imports if self.tests.compiled else ()
        return imports if may_need_imports(self.program, imports) else ()

    def share_process(self) -> None:
        """Begin again, with tests and candidate in one process."""
        test_code = replace(self.plan.test_code, shared_process=True)
        self.plan = replace(self.plan, test_code=test_code)
        self.results, self.lost_items = {}, []

    def add_usage(self, executions: Sequence[Execution]) -> None:
        """Add what guests of the candidate used."""
        self.seconds += sum(execution.wall_seconds for execution in executions)
        all_known = (self.peak, *executions)
        self.peak = replace(
            self.peak,
            cpu_seconds=max(execution.cpu_seconds for execution in all_known),
            wall_seconds=max(execution.wall_seconds for execution in all_known),
            memory_bytes=max(execution.memory_bytes for execution in all_known),
        )

    def abort(self, problem: str, failure: FailureClass = FailureClass.DATA) -> None:
        """End the run without a result."""
        self.problem, self.failure, self.is_over = problem, failure, True


def grade_all(
    runs: Sequence[TestCodeRun],
    executor: Executor,
    discovery_cache: DiscoveryCache,
    *,
    may_share_process: bool = False,
) -> Iterator[int]:
    """Grade all *runs*; yield the index of each when it is over.

    If they *may share* a process, tests that no session carries run in the candidate's; otherwise
    they have a problem.
    """
    if not runs:
        return
    may_share_process &= not executor.isolates_trusted_code
    grading = _Grading(runs, executor, discovery_cache, may_share_process=may_share_process)
    yield from grading.run_sessions()
    yield from grading.run_in_process()


@dataclass(frozen=True, slots=True)
class _Grading:
    runs: Sequence[TestCodeRun]
    executor: Executor
    discovery_cache: DiscoveryCache
    may_share_process: bool = field(kw_only=True)

    def run_sessions(self) -> Iterator[int]:
        """Run the tests beside each candidate."""
        waiting = [index for index, run in enumerate(self.runs) if not run.shares_process]
        if self.executor.fast_paths:
            yield from self._discover(waiting, is_compiled=False)
            yield from self._run_plain(waiting)
        waiting = [index for index in waiting if self._is_open(index)]
        yield from self._discover([i for i in waiting if not self.runs[i].is_compiled])
        while waiting := [index for index in waiting if self._is_open(index)]:
            yield from self._run_sessions(waiting)
        unsent = [index for index, run in enumerate(self.runs) if run.is_unsendable]
        yield from self._run_plain(unsent, is_final=True)

    def _run_plain(self, indexes: Sequence[int], *, is_final: bool = False) -> Iterator[int]:
        """Ask the calls of plain tests; yield the runs that this decides: all, if it *is final*."""
        waiting = [index for index in indexes if self.runs[index].has_plain_tests]
        if not is_final:  # a session provides what the tests import
            waiting = [index for index in waiting if not self.runs[index].missing_imports]
        runs = [self.runs[index] for index in waiting]
        if not runs:
            return
        jobs = [_plain_job(run, is_final=is_final) for run in runs]
        for number, executions in self.executor.run(jobs):
            _take_answers(runs[number], executions, is_final=is_final)
            if runs[number].is_over:
                yield waiting[number]

    def _is_open(self, index: int) -> bool:
        run = self.runs[index]
        return not (run.is_over or run.shares_process or run.is_unsendable)

    def run_in_process(self) -> Iterator[int]:
        """Run tests and candidate in one guest: those that ask for it, or turned out to need it."""
        waiting = [index for index, run in enumerate(self.runs) if run.shares_process]
        yield from self._discover(waiting)
        waiting = [index for index in waiting if not self.runs[index].is_over]
        runs = [self.runs[index] for index in waiting]
        jobs = [
            in_process_job(run.program, run.plan, run.compiled, prelude=run.prelude) for run in runs
        ]
        for number, (execution,) in run_harness_jobs(jobs, self.executor):
            _take_in_process(runs[number], execution)
            yield waiting[number]

    def _discover(self, indexes: Sequence[int], *, is_compiled: bool = True) -> Iterator[int]:
        """Find out which items the tests have; yield the runs whose tests cannot be used."""
        test_codes = [self.runs[index].plan.test_code for index in indexes]
        found = discover(test_codes, self.executor, self.discovery_cache, is_compiled=is_compiled)
        for index in indexes:
            run = self.runs[index]
            result = found[run.plan.test_code]
            if isinstance(result, Discovery):
                run.discovery = result
                if run.shares_process and self.executor.isolates_trusted_code:
                    run.abort(_NO_SHARED_PROCESS)
            elif result.needs_one_process:
                self._share_or_abort(run, result.problem)
            else:
                run.abort(result.problem, result.failure)
            if run.is_over:
                yield index

    def _share_or_abort(self, run: TestCodeRun, problem: str) -> None:
        if run.shares_process:
            run.abort(problem)
        elif self.may_share_process:
            run.share_process()
        else:
            is_split = self.executor.isolates_trusted_code
            run.abort(problem + _ONE_PROCESS + (_ONE_MACHINE if is_split else ""))

    def _run_sessions(self, indexes: Sequence[int]) -> Iterator[int]:
        """Run the tests once beside each candidate; yield the runs that are over then."""
        jobs = [
            session_job(
                run.program,
                run.plan,
                run.compiled,
                run.tests.items,
                run.lost_items,
                prelude=run.prelude,
                limits=run.limits,
            )
            for run in (self.runs[index] for index in indexes)
        ]
        for number, (execution,) in run_sessions(jobs, self.executor):
            run = self.runs[indexes[number]]
            report = _take_session(run, execution)
            if report.needs_one_process:
                self._share_or_abort(run, f"tests: {report.problem}")
            elif report.problem:
                run.abort(f"tests: {report.problem}")
            if run.is_over:
                yield indexes[number]


# -- questions, for plain tests --------------------------------------------------------


def _plain_job(run: TestCodeRun, *, is_final: bool) -> Job:
    prelude = run.prelude + (import_statements(run.missing_imports) if is_final else "")
    return plain_job(run.program, run.plan, run.tests.plain, prelude, is_final=is_final)


def _take_answers(run: TestCodeRun, executions: Sequence[Execution], *, is_final: bool) -> None:
    """Take the answers to the calls of plain tests, if they decide, or *are final*."""
    run.add_usage(executions)
    first, asserts = executions[0], run.tests.plain
    lost = next((one for one in executions if one.ending is Ending.NOT_RUN), None)
    if lost is not None and is_final:
        run.abort(lost.detail, FailureClass.of(lost))
    elif first.ending in _LOAD_FAILURES.values():
        _end(run, _result(_without_outputs(first)))
    elif is_final:
        for name, found in final_reports(asserts, executions, run.plan):
            if isinstance(found, ItemReport):
                run.results[name] = _result_of(found)
            else:
                run.results[name] = _result(_without_outputs(found))
        _conclude(run, _result_of(_UNREPORTED))
    elif (reported := reports(asserts, executions, run.plan)) is not None:
        _take_items(run, reported)
        _conclude(run, _result_of(_UNREPORTED))


# -- beside the candidate --------------------------------------------------------------


def _take_session(run: TestCodeRun, execution: Execution) -> RunReport:
    """Take the results of one session. With a `problem` in the report, there are none."""
    run.add_usage([execution])
    run.used = run.used.plus(Used(execution.cpu_seconds, execution.own_seconds))
    endings = (execution.ending, execution.harness_ending)
    if Ending.UNSENDABLE in endings and run.has_plain_tests:
        run.is_unsendable = True
        return RunReport()
    if Ending.NOT_RUN in endings or Ending.UNSENDABLE in endings:
        run.abort(execution.detail, FailureClass.of(execution))
        return RunReport()
    report = _read(execution)
    if report.problem:
        return report
    lost = next((item for item in report.items if item.state is ItemState.LOST), None)
    _take_items(run, [item for item in report.items if item.state is not ItemState.LOST])
    if report.has_end and not report.is_lost and lost is None:
        _conclude(run, _result_of(report.outside))
    else:
        lost = lost or ItemReport(report.current, ItemState.LOST, report.outside.error)
        _take_loss(run, lost.name, _result_of_loss(execution, report, lost.error))
    return report


def _read(execution: Execution) -> RunReport:
    messages = execution.value if isinstance(execution.value, tuple) else ()
    try:
        return read_messages(messages)
    except (TypeError, ValueError, RecursionError):
        # Where the isolation is weak, a candidate may reach the descriptors of the harness.
        return RunReport()


def _take_items(run: TestCodeRun, reported: Sequence[ItemReport]) -> None:
    """Take the results of items that have none yet. One that is reported twice has not passed."""
    counts = Counter(item.name for item in reported)
    for item in reported:
        if item.name in run.results or item.name in run.tests.skipped:
            continue
        run.results[item.name] = _result_of(_UNREPORTED if counts[item.name] > 1 else item)


def _result_of_loss(execution: Execution, report: RunReport, error: str) -> CaseResult:
    """Return the result of the item at which the candidate, or the harness, ended."""
    ending, detail = execution.ending, execution.detail
    if ending is Ending.FINISHED and error.startswith(BROKEN_PROTOCOL):
        ending, detail = Ending.UNREADABLE, error
    elif ending is Ending.FINISHED and error.startswith(TOO_LONG):
        ending, detail = Ending.TOO_MUCH_OUTPUT, error.removeprefix(TOO_LONG)
    elif ending is Ending.FINISHED and report.has_end:
        ending, detail = Ending.CRASHED, "the program has ended, or closed its connection"
    elif ending is Ending.FINISHED:
        # Discovery ran the tests to their end without this candidate.
        ending = execution.harness_ending
        if ending is Ending.FINISHED or ending in _ONLY_OF_CANDIDATES:
            ending = Ending.CRASHED
        detail = "in the process of the tests"
    if ending is Ending.TOO_MUCH_OUTPUT:
        detail = detail or _TOO_MUCH_OUTPUT
    return _result(replace(_without_outputs(execution), ending=ending, detail=detail))


def _without_outputs(execution: Execution) -> Execution:
    """Return how a guest ended, without what it wrote: that is of all test items together."""
    execution = replace(execution, value=None, value_bytes=0, stdout=b"", stderr=b"")
    return replace(execution, harness_ending=Ending.FINISHED)


def _take_loss(run: TestCodeRun, item: str, result: CaseResult) -> None:
    """Give the *result* to a lost *item*, and leave it out of the next run; or end the run."""
    ending = result.execution.ending
    if result.execution.cause is Cause.TOTAL_TIME:
        _end(run, result)
        return
    if result.execution.cause is Cause.CPU_TIME and not run.has_timed_out:
        # Run once more: a single time-out may be the noise of a busy machine.
        run.has_timed_out = True
        return
    if not item or item in run.lost_items or ending in _LOAD_FAILURES.values():
        # The program does not load, or it ended outside all items: another run ends like this one.
        _end(run, result)
        return
    run.lost_items.append(item)
    if item not in run.tests.skipped:
        run.results.setdefault(item, result)
    endings = [run.results[name].execution.ending for name in run.lost_items if name in run.results]
    if endings.count(Ending.OUT_OF_TIME) >= _LATE_MAX or len(run.lost_items) >= _LOST_MAX:
        _end(run, _ended(ending, _TOO_MANY))


# -- in one process --------------------------------------------------------------------


def _take_in_process(run: TestCodeRun, execution: Execution) -> None:
    """Take the results of a run in one process. The candidate may have written the report."""
    run.add_usage([execution])
    if execution.ending is Ending.NOT_RUN:
        run.abort(execution.detail, FailureClass.of(execution))
    elif execution.ending is not Ending.FINISHED:
        _end(run, _result(execution))
    elif (report := InProcessReport.parse(execution.value)) is None:
        _end(run, _ended(Ending.UNREADABLE, "its process returned no proper report"))
    elif report.failure:
        _end(run, _ended(_LOAD_FAILURES.get(report.failure, Ending.UNREADABLE), report.error))
    else:
        _take_items(run, report.items)
        _conclude(run, _result_of(_UNREPORTED))


# -- results ---------------------------------------------------------------------------


def _conclude(run: TestCodeRun, unreached: CaseResult) -> None:
    """Give a result to every item that discovery found, and to no other.

    One that was not reported is *unreached*. One exception: arguments that pytest puts into a name
    may depend on the candidate. So items of the same function that are not expected stand for those
    that are missing, and the worst of them counts.
    """
    expected = run.tests.items
    others: dict[str, list[CaseResult]] = {}
    for name, result in run.results.items():
        if name not in expected:
            others.setdefault(_function(name), []).append(result)
    worst = {function: _worst(results) for function, results in others.items()}
    run.results = {
        name: run.results.get(name) or worst.get(_function(name), unreached) for name in expected
    }
    run.is_over = True


def _end(run: TestCodeRun, result: CaseResult) -> None:
    """End the run early: give *result* to all items that have none."""
    run.results = {name: run.results.get(name, result) for name in run.tests.items}
    run.is_over = True


def _function(name: str) -> str:
    return name.partition("[")[0]


def _worst(results: Iterable[CaseResult]) -> CaseResult:
    return min(results, key=lambda result: result.share)


def _result_of(item: ItemReport) -> CaseResult:
    """Return the result of an item that did not skip itself in discovery."""
    if item.state is ItemState.SKIPPED:
        item = item._replace(error=_SKIPS_ITSELF)
    type_name, _, text = item.error.partition(": ")
    error = RaisedError(type_name=type_name, message=text) if item.error else None
    match item.state:
        case ItemState.PASSED:
            verdict, ending = Verdict.ACCEPTED, Ending.FINISHED
        case ItemState.FAILED | ItemState.NOT_REACHED if type_name == "ModuleNotFoundError":
            # Not the tests' own: then their sample would be ungraded since discovery.
            verdict, ending = Verdict.RUNTIME_ERROR, Ending.RAISED
        case ItemState.RAISED:
            verdict, ending = Verdict.RUNTIME_ERROR, Ending.RAISED
        case ItemState.FAILED | ItemState.NOT_REACHED if type_name in _MISSING_NAME_ERRORS:
            # The tests raised it, not the candidate: the candidate does not define the name.
            verdict, ending = Verdict.NO_ENTRY_POINT, Ending.NO_ENTRY_POINT
        case ItemState.FAILED | ItemState.NOT_REACHED | ItemState.LOST | ItemState.SKIPPED:
            verdict, ending = Verdict.WRONG_ANSWER, Ending.FINISHED
        case _:
            assert_never(item.state)
    shown = item.shown.encode("ascii", "replace") if len(item.shown) <= _SHOWN_MAX else b""
    execution = Execution(
        ending=ending, error=error, value=shown or None, value_bytes=len(item.shown)
    )
    is_run = item.state in (ItemState.PASSED, ItemState.FAILED, ItemState.RAISED)
    return CaseResult(
        name=item.name,
        verdict=verdict,
        execution=execution,
        message=item.message,
        test_line=item.line,
        parts=max(1, item.parts) if is_run else 1,
        parts_passed=item.parts_passed if is_run else 0,
        is_self_compared=item.is_self_compared,
    )


def _ended(ending: Ending, detail: str = "") -> CaseResult:
    return _result(Execution(ending=ending, detail=detail))


def _result(execution: Execution) -> CaseResult:
    return CaseResult(verdict=verdict_of_ending(execution.ending), execution=execution)
