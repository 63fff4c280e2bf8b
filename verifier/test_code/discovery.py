"""The first step of an test run: find out what tests ask.

In: test code (test code), an executor. Out: for each test code its pressed form, the questions it
asks of
anybody, its units, and how many of these the best guess passes; or what is wrong with it. This does
not depend on a candidate, so it is remembered. Must not know: candidates.
"""

from collections import OrderedDict
from collections.abc import Iterable

from nova_code_verifier.sandbox.types import Ending, Execution, Executor
from nova_code_verifier.verifier.test_code.jobs import (
    Report,
    baseline_job,
    harness_job,
    run_harness_jobs,
)
from nova_code_verifier.verifier.types import TestCode

_CACHED_BYTES_MAX = 64 * 2**20
_OUTAGE = "outage"


class DiscoveryCache:
    """The first step's results, by test code: trainers send many completions of one prompt."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._reports: OrderedDict[TestCode, tuple[int, Report]] = OrderedDict()
        self._bytes = 0

    def get(self, test_code: TestCode) -> Report:
        """Return what was asked, if it is remembered."""
        if test_code not in self._reports:
            return None
        self._reports.move_to_end(test_code)
        return self._reports[test_code][1]

    def put(self, test_code: TestCode, report: Report) -> None:
        """Remember; and forget what has not been wanted for the longest time."""
        size = len(test_code.source) + len(test_code.prompt) + len(repr(report))
        if size > _CACHED_BYTES_MAX // 8:
            return
        self._bytes -= self._reports.pop(test_code, (0, None))[0]
        self._reports[test_code] = (size, report)
        self._bytes += size
        while self._bytes > _CACHED_BYTES_MAX:
            _, (old, _) = self._reports.popitem(last=False)
            self._bytes -= old


def ask(
    test_codes: Iterable[TestCode], executor: Executor, discovery_cache: DiscoveryCache
) -> dict[TestCode, Report]:
    """Find out what the tests would ask. A report has a `problem`, or all that is needed."""
    test_codes = dict.fromkeys(test_codes)
    reports = {test_code: discovery_cache.get(test_code) for test_code in test_codes}
    new = unknown = [test_code for test_code in test_codes if reports[test_code] is None]
    compiled = dict.fromkeys(unknown)
    for _ in range(2):  # in the second round, what turned out to need pytest
        jobs = [harness_job(test_code, compiled[test_code], []) for test_code in unknown]
        for place, (execution,) in run_harness_jobs(
            jobs, [compiled[test_code] for test_code in unknown], executor
        ):
            reports[unknown[place]] = _report_of_asking(execution)
        unknown = [test_code for test_code in unknown if "needs" in reports[test_code]]
        compiled = {test_code: reports[test_code]["compiled"] for test_code in unknown}
    _guess(reports, new, executor)
    for test_code in new:
        if _OUTAGE not in reports[test_code]:
            discovery_cache.put(test_code, reports[test_code])
    return reports


def is_outage(report: Report) -> bool:
    """Tell whether a report's problem is our own fault."""
    return _OUTAGE in report


def _guess(reports: dict[TestCode, Report], new: list[TestCode], executor: Executor) -> None:
    """Find out how many units the best guess passes, and note it in the reports."""
    asking = [test_code for test_code in new if "problem" not in reports[test_code]]
    for test_code in asking:
        reports[test_code]["guessed"] = 0
    test_codes = [test_code for test_code in asking if not test_code.shared_process]
    compiled = [reports[test_code]["compiled"] for test_code in test_codes]
    asked = [len(reports[test_code]["questions"]) for test_code in test_codes]
    jobs = [baseline_job(*one) for one in zip(test_codes, compiled, asked, strict=True)]
    for place, executions in run_harness_jobs(jobs, compiled, executor):
        report = reports[test_codes[place]]
        for execution in executions:
            if execution.ending is Ending.NOT_RUN:
                reports[test_codes[place]] = {"problem": execution.detail, _OUTAGE: True}
            elif execution.ending is Ending.FINISHED and "guessed" in report:
                report["guessed"] = max(report["guessed"], execution.value)


def _report_of_asking(execution: Execution) -> Report:
    if execution.ending is Ending.NOT_RUN:
        return {"problem": execution.detail, _OUTAGE: True}
    if execution.ending is not Ending.FINISHED:
        return {"problem": f"tests: {_what_happened(execution)}, with no candidate yet"}
    report: Report = execution.value
    if "problem" in report:
        return {"problem": f"tests: {report['problem']}"}
    if "needs" not in report and not report["questions"]:
        return {"problem": "tests: ask nothing of a candidate"}
    return report


def _what_happened(execution: Execution) -> str:
    raised = execution.error
    said = f": {raised.type_name}: {raised.message}" if raised else ""
    return f"the harness ended {execution.ending}{said}"
