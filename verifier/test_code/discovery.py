"""The first step of an examination: find out what tests ask.

In: papers (test code), an executor. Out: for each paper its pressed form, the questions it asks of
anybody, its units, and how many of these the best guess passes; or what is wrong with it. This does
not depend on a candidate, so it is remembered. Must not know: candidates.
"""

from collections import OrderedDict
from collections.abc import Iterable

from nova_code_verifier.sandbox.types import Ending, Execution, Executor
from nova_code_verifier.verifier.test_code.jobs import Report, exam_job, guess_job, sit
from nova_code_verifier.verifier.types import Paper

_CACHED_BYTES_MAX = 64 * 2**20
_OUTAGE = "outage"


class AskedBefore:
    """The first step's results, by paper: trainers send many completions of one prompt."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._reports: OrderedDict[Paper, tuple[int, Report]] = OrderedDict()
        self._bytes = 0

    def get(self, paper: Paper) -> Report:
        """Return what was asked, if it is remembered."""
        if paper not in self._reports:
            return None
        self._reports.move_to_end(paper)
        return self._reports[paper][1]

    def put(self, paper: Paper, report: Report) -> None:
        """Remember; and forget what has not been wanted for the longest time."""
        size = len(paper.source) + len(paper.prompt) + len(repr(report))
        if size > _CACHED_BYTES_MAX // 8:
            return
        self._bytes -= self._reports.pop(paper, (0, None))[0]
        self._reports[paper] = (size, report)
        self._bytes += size
        while self._bytes > _CACHED_BYTES_MAX:
            _, (old, _) = self._reports.popitem(last=False)
            self._bytes -= old


def ask(
    papers: Iterable[Paper], executor: Executor, asked_before: AskedBefore
) -> dict[Paper, Report]:
    """Find out what the tests would ask. A report has a `problem`, or all that is needed."""
    papers = dict.fromkeys(papers)
    reports = {paper: asked_before.get(paper) for paper in papers}
    new = unknown = [paper for paper in papers if reports[paper] is None]
    pressed = dict.fromkeys(unknown)
    for _ in range(2):  # in the second round, what turned out to need pytest
        jobs = [exam_job(paper, pressed[paper], []) for paper in unknown]
        for place, (execution,) in sit(jobs, [pressed[paper] for paper in unknown], executor):
            reports[unknown[place]] = _report_of_asking(execution)
        unknown = [paper for paper in unknown if "needs" in reports[paper]]
        pressed = {paper: reports[paper]["pressed"] for paper in unknown}
    _guess(reports, new, executor)
    for paper in new:
        if _OUTAGE not in reports[paper]:
            asked_before.put(paper, reports[paper])
    return reports


def is_outage(report: Report) -> bool:
    """Tell whether a report's problem is our own fault."""
    return _OUTAGE in report


def _guess(reports: dict[Paper, Report], new: list[Paper], executor: Executor) -> None:
    """Find out how many units the best guess passes, and note it in the reports."""
    asking = [paper for paper in new if "problem" not in reports[paper]]
    for paper in asking:
        reports[paper]["guessed"] = 0
    papers = [paper for paper in asking if not paper.shared_process]
    pressed = [reports[paper]["pressed"] for paper in papers]
    asked = [len(reports[paper]["questions"]) for paper in papers]
    jobs = [guess_job(*one) for one in zip(papers, pressed, asked, strict=True)]
    for place, executions in sit(jobs, pressed, executor):
        report = reports[papers[place]]
        for execution in executions:
            if execution.ending is Ending.NOT_RUN:
                reports[papers[place]] = {"problem": execution.detail, _OUTAGE: True}
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
    return f"the examiner ended {execution.ending}{said}"
