"""Discovery, the first step: run the tests without a candidate, to find out which items there are.

In: test code, an executor. Out: for each test code a `Discovery`, or the problem with it. That does
not depend on a candidate, so it is cached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from nova_code_verifier.sandbox.types import Ending, Execution, Executor
from nova_code_verifier.verifier.bounded_cache import FindingCache
from nova_code_verifier.verifier.checking.trial import TrialCache
from nova_code_verifier.verifier.test_code.jobs import (
    baseline_job,
    discovery_job,
    run_harness_jobs,
)
from nova_code_verifier.verifier.test_code.plain.asserts import PlainAssert
from nova_code_verifier.verifier.test_code.plain.baseline import read_plain_tests
from nova_code_verifier.verifier.test_code.plain.reader import plain_tests
from nova_code_verifier.verifier.test_code.protocol import CompiledTests, ItemState, RunReport
from nova_code_verifier.verifier.types import FailureClass, TestCode

_CACHED_BYTES_MAX = 64 * 2**20
_REASONS_MAX = 200
_CERTAIN = (Ending.FINISHED, Ending.RAISED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The tests, compiled, and the items that every candidate has to pass: at least one.

    The best guess passes `guessed` of the `items`: of an item that is a loop over asserts, it may
    pass a part. `skipped` items skip themselves, whoever the candidate is: they do not count. The
    asserts of plain tests are `plain`; of other tests, there are none. Plain tests are not
    compiled as long as no session needs them. It is not *certain* how many a guess passes if a run
    of one was ended by a crash or a limit.
    """

    compiled: CompiledTests | None
    items: Sequence[str]
    skipped: frozenset[str]
    guessed: Fraction = Fraction(0)
    plain: Sequence[PlainAssert] = ()
    is_certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryProblem:
    """The reason why test code cannot be used, and whose fault that is.

    Tests that *need one process* with the candidate can be used where they get it.
    """

    problem: str
    failure: FailureClass = FailureClass.DATA
    needs_one_process: bool = False


DiscoveryResult = Discovery | DiscoveryProblem


class DiscoveryCache:
    """The results of discovery, by test code: trainers send many completions of one prompt.

    `trials` are those of checker programs, which do not depend on a candidate either.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.trials = TrialCache()
        self._results = FindingCache[TestCode, DiscoveryResult](_CACHED_BYTES_MAX)

    def get(self, test_code: TestCode) -> DiscoveryResult | None:
        """Return the cached result, if there is one."""
        return self._results.get(test_code)

    def put(self, test_code: TestCode, result: DiscoveryResult) -> None:
        """Cache a result, unless it is huge; drop those that were not used for the longest time.

        A problem, and a run that met a limit, may be due to the machine: see `FindingCache`.
        """
        size = len(test_code.source) + len(test_code.prompt) + len(repr(result))
        is_certain = isinstance(result, Discovery) and result.is_certain
        self._results.put(test_code, result, size, is_certain=is_certain)


def discover(
    test_codes: Iterable[TestCode],
    executor: Executor,
    cache: DiscoveryCache,
    *,
    is_compiled: bool = True,
) -> dict[TestCode, DiscoveryResult]:
    """Run each test code without a candidate, unless the result is in the *cache*.

    Only if it need not be *compiled*, nothing is run to discover plain tests.
    """
    results = {test_code: cache.get(test_code) for test_code in test_codes}
    new = [
        test_code
        for test_code, result in results.items()
        if result is None
        or (is_compiled and isinstance(result, Discovery) and result.compiled is None)
    ]
    found = {} if is_compiled else _read_plain(new)
    ran = _run_alone([test_code for test_code in new if test_code not in found], executor)
    _count_guessed(ran, executor)
    found |= ran
    for test_code, result in found.items():
        if not (isinstance(result, DiscoveryProblem) and result.failure.is_outage):
            cache.put(test_code, result)
    known = {test_code: result for test_code, result in results.items() if result is not None}
    return known | found


def _read_plain(test_codes: Iterable[TestCode]) -> dict[TestCode, DiscoveryResult]:
    results: dict[TestCode, DiscoveryResult] = {}
    for test_code in test_codes:
        tests = read_plain_tests(test_code)
        if tests is not None:
            results[test_code] = Discovery(
                compiled=None,
                items=list(dict.fromkeys(part.item for part in tests.asserts)),
                skipped=frozenset(),
                guessed=Fraction(tests.guessed),
                plain=tests.asserts,
            )
    return results


def _run_alone(test_codes: list[TestCode], executor: Executor) -> dict[TestCode, DiscoveryResult]:
    results: dict[TestCode, DiscoveryResult] = {}
    compiled: dict[TestCode, CompiledTests | None] = dict.fromkeys(test_codes)
    for _ in range(2):  # the second time with those that turned out to need pytest
        run, compiled = list(compiled.items()), {}
        jobs = [discovery_job(test_code, tests) for test_code, tests in run]
        for index, (execution,) in run_harness_jobs(jobs, executor):
            test_code, _ = run[index]
            result = _result_of(execution, test_code)
            if isinstance(result, CompiledTests):
                compiled[test_code] = result
            else:
                results[test_code] = result
    return results


def _result_of(execution: Execution, test_code: TestCode) -> DiscoveryResult | CompiledTests:
    """Return the result of a run; or the compiled tests, if they need pytest."""
    if execution.ending is Ending.NOT_RUN:
        return _unasked(execution)
    if execution.ending is not Ending.FINISHED:
        raised = execution.error
        error = f": {raised.type_name}: {raised.message}" if raised else ""
        return DiscoveryProblem(
            problem=f"tests: the run without a candidate ended {execution.ending}{error}"
        )
    report = RunReport.parse(execution.value)
    if report.problem or report.compiled is None:
        return DiscoveryProblem(
            problem=f"tests: {report.problem}", needs_one_process=report.needs_one_process
        )
    if report.needs_pytest:
        return report.compiled
    return _discovery(report, report.compiled, test_code)


def _unasked(execution: Execution) -> DiscoveryProblem:
    """Return the problem of tests that were not run, through our own fault."""
    return DiscoveryProblem(problem=execution.detail, failure=FailureClass.of(execution))


def _discovery(report: RunReport, compiled: CompiledTests, test_code: TestCode) -> DiscoveryResult:
    skipped = [item for item in report.items if item.state is ItemState.SKIPPED]
    if not report.items:
        return DiscoveryProblem(problem="tests: contain no test")
    if len(skipped) == len(report.items):
        reasons = ", ".join(dict.fromkeys(item.message or "no reason" for item in skipped))
        return DiscoveryProblem(problem=f"tests: are all skipped: {reasons[:_REASONS_MAX]}")
    return Discovery(
        compiled=compiled,
        items=[item.name for item in report.items if item.state is not ItemState.SKIPPED],
        skipped=frozenset(item.name for item in skipped),
        plain=_plain(test_code, compiled, [item.name for item in report.items]),
    )


def _plain(
    test_code: TestCode, compiled: CompiledTests, items: Sequence[str]
) -> Sequence[PlainAssert]:
    """Return the asserts of tests that are plain and that ask the candidate anything."""
    asserts = plain_tests(test_code, compiled.names, style=compiled.style, modules=compiled.modules)
    if not any(part.calls for part in asserts or ()):
        return ()
    places = {name: place for place, name in enumerate(items)}  # the order in which they run
    if asserts is None or {part.item for part in asserts} != set(items):
        return ()
    return sorted(asserts, key=lambda part: places[part.item])


def _count_guessed(results: dict[TestCode, DiscoveryResult], executor: Executor) -> None:
    """Set `guessed` in *results*, except for tests that share the process of the candidate."""
    found = [
        (test_code, discovery)
        for test_code, discovery in results.items()
        if isinstance(discovery, Discovery) and not test_code.shared_process
        if discovery.compiled and discovery.compiled.guesses
    ]
    jobs = [
        baseline_job(test_code, discovery.compiled)
        for test_code, discovery in found
        if discovery.compiled
    ]
    for index, executions in run_harness_jobs(jobs, executor):
        test_code, discovery = found[index]
        guessed = Fraction(0)
        for execution in executions:
            if execution.ending is Ending.NOT_RUN:
                results[test_code] = _unasked(execution)
                break
            if execution.ending is Ending.FINISHED:
                guessed = max(guessed, Fraction(str(execution.value)))  # "7/2"
        else:
            is_certain = all(execution.ending in _CERTAIN for execution in executions)
            results[test_code] = replace(discovery, guessed=guessed, is_certain=is_certain)
