"""Discovery, the first step: run the tests without answers, to find out what they ask.

In: test code, an executor. Out: for each test code a `Discovery`, or the problem with it. That does
not depend on a candidate, so it is cached.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nova_code_verifier.sandbox.types import Ending, Execution, Executor
from nova_code_verifier.verifier.checking.trial import TrialCache
from nova_code_verifier.verifier.test_code.jobs import baseline_job, harness_job, run_harness_jobs
from nova_code_verifier.verifier.test_code.protocol import (
    CompiledTests,
    ItemState,
    Question,
    RunReport,
)
from nova_code_verifier.verifier.types import TestCode

_CACHED_BYTES_MAX = 64 * 2**20
_REASONS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The tests, compiled, and the questions that they ask of any candidate.

    The best guess passes `guessed` of the `items`. `skipped` items skip themselves, whoever the
    candidate is: they do not count. `shared` are the classes of the prompt, which tests and
    candidate share.
    """

    compiled: CompiledTests
    items: Sequence[str]
    skipped: frozenset[str]
    questions: Sequence[Question]
    shared: Sequence[str]
    guessed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryProblem:
    """The reason why test code cannot be used; our own fault, if it *is_outage*."""

    problem: str
    is_outage: bool = False


DiscoveryResult = Discovery | DiscoveryProblem


class DiscoveryCache:
    """The results of discovery, by test code: trainers send many completions of one prompt.

    `trials` are those of checker programs, which do not depend on a candidate either.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.trials = TrialCache()
        self._results: OrderedDict[TestCode, tuple[int, DiscoveryResult]] = OrderedDict()
        self._bytes = 0

    def get(self, test_code: TestCode) -> DiscoveryResult | None:
        """Return the cached result, if there is one."""
        if test_code not in self._results:
            return None
        self._results.move_to_end(test_code)
        return self._results[test_code][1]

    def put(self, test_code: TestCode, result: DiscoveryResult) -> None:
        """Cache a result, unless it is huge; drop those that were not used for the longest time."""
        size = len(test_code.source) + len(test_code.prompt) + len(repr(result))
        if size > _CACHED_BYTES_MAX // 8:
            return
        self._bytes -= self._results.pop(test_code, (0, None))[0]
        self._results[test_code] = (size, result)
        self._bytes += size
        while self._bytes > _CACHED_BYTES_MAX:
            _, (dropped, _) = self._results.popitem(last=False)
            self._bytes -= dropped


def discover(
    test_codes: Iterable[TestCode], executor: Executor, cache: DiscoveryCache
) -> dict[TestCode, DiscoveryResult]:
    """Run each test code without answers, unless the result is in the *cache*."""
    results = {test_code: cache.get(test_code) for test_code in test_codes}
    new = [test_code for test_code, result in results.items() if result is None]
    found = _run_without_answers(new, executor)
    _count_guessed(found, executor)
    for test_code, result in found.items():
        if not (isinstance(result, DiscoveryProblem) and result.is_outage):
            cache.put(test_code, result)
    return {test_code: result or found[test_code] for test_code, result in results.items()}


def _run_without_answers(
    test_codes: list[TestCode], executor: Executor
) -> dict[TestCode, DiscoveryResult]:
    results: dict[TestCode, DiscoveryResult] = {}
    compiled: dict[TestCode, CompiledTests | None] = dict.fromkeys(test_codes)
    for _ in range(2):  # the second time with those that turned out to need pytest
        run, compiled = list(compiled.items()), {}
        jobs = [harness_job(test_code, tests) for test_code, tests in run]
        for index, (execution,) in run_harness_jobs(jobs, executor):
            test_code, _ = run[index]
            result = _result_of(execution)
            if isinstance(result, CompiledTests):
                compiled[test_code] = result
            else:
                results[test_code] = result
    return results


def _result_of(execution: Execution) -> DiscoveryResult | CompiledTests:
    """Return the result of a run without answers; the compiled tests, if they need pytest."""
    if execution.ending is Ending.NOT_RUN:
        return DiscoveryProblem(problem=execution.detail, is_outage=True)
    if execution.ending is not Ending.FINISHED:
        raised = execution.error
        error = f": {raised.type_name}: {raised.message}" if raised else ""
        return DiscoveryProblem(
            problem=f"tests: the run without a candidate ended {execution.ending}{error}"
        )
    report = RunReport.parse(execution.value)
    if report.problem or report.compiled is None:
        return DiscoveryProblem(problem=f"tests: {report.problem}")
    if report.needs_pytest:
        return report.compiled
    return _discovery(report, report.compiled)


def _discovery(report: RunReport, compiled: CompiledTests) -> DiscoveryResult:
    if not report.questions:
        return DiscoveryProblem(problem="tests: never use the candidate")
    skipped = [item for item in report.items if item.state is ItemState.SKIPPED]
    if report.items and len(skipped) == len(report.items):
        reasons = ", ".join(dict.fromkeys(item.message or "no reason" for item in skipped))
        return DiscoveryProblem(problem=f"tests: are all skipped: {reasons[:_REASONS_MAX]}")
    return Discovery(
        compiled=compiled,
        items=[item.name for item in report.items if item.state is not ItemState.SKIPPED],
        skipped=frozenset(item.name for item in skipped),
        questions=report.questions,
        shared=report.shared,
    )


def _count_guessed(results: dict[TestCode, DiscoveryResult], executor: Executor) -> None:
    """Set `guessed` in *results*, except for tests that share the process of the candidate."""
    found = [
        (test_code, discovery)
        for test_code, discovery in results.items()
        if isinstance(discovery, Discovery) and not test_code.shared_process
    ]
    jobs = [
        baseline_job(test_code, discovery.compiled, len(discovery.questions))
        for test_code, discovery in found
    ]
    for index, executions in run_harness_jobs(jobs, executor):
        test_code, discovery = found[index]
        guessed = 0
        for execution in executions:
            if execution.ending is Ending.NOT_RUN:
                results[test_code] = DiscoveryProblem(problem=execution.detail, is_outage=True)
                break
            if execution.ending is Ending.FINISHED and isinstance(execution.value, int):
                guessed = max(guessed, execution.value)
        else:
            results[test_code] = replace(discovery, guessed=guessed)
