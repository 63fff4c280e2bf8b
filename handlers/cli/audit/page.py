"""Make a page of an audit: `verifier audit --report`.

In: problems with the results of their runs, and findings. Out: a page with a sample for each run,
in a group for each row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nova_code_verifier.handlers.cli.audit.findings import Finding
from nova_code_verifier.handlers.cli.audit.problem import Problem
from nova_code_verifier.handlers.cli.audit.trials import Result, Results
from nova_code_verifier.handlers.cli.files import shown_name
from nova_code_verifier.handlers.report_page.bounds import ID_CHARACTERS, one_line
from nova_code_verifier.handlers.report_page.context import Context, read_context
from nova_code_verifier.handlers.report_page.page import Kind, Page
from nova_code_verifier.handlers.report_page.run import Run, Tables
from nova_code_verifier.handlers.report_page.sample import page_sample

_FINDINGS_MAX = 10_000
_TEXT_CHARACTERS = 500
_GOLD = "gold solution"


class AuditPage:
    """The page of an audit, which grows row by row."""

    def __init__(self, source: str) -> None:
        """Prepare the page of the data set *source*."""
        name, tables = Path(shown_name(source)).name, Tables()
        self._run = Run(name, tables)
        self.page = Page(kind=Kind.AUDIT, title=f"audit of {name}", runs=[self._run], tables=tables)
        self._left_out = 0

    def add(self, problem: Problem, results: Results, findings: Sequence[Finding]) -> None:
        """Add a row with its runs and its *findings*."""
        row_id = problem.record.where if problem.id is None else problem.id
        group = one_line(f"{problem.record.where}, id {row_id}", ID_CHARACTERS)
        read = read_context(problem.record.value)
        context = Context(prompt=read.prompt, label=read.label, group=group, source=read.source)
        keys: dict[str, str] = {}
        for program, role, result in _runs(problem, results):
            if result.scored is not None:
                raw = result.scored.row | {"id": row_id, "details": result.scored.details}
                sample = page_sample(raw, context, role=role)
                # A comment makes each run of a gold solution another program: see `trials`.
                key = keys.setdefault(program, sample.program_key)
                self._run.add(replace(sample, program_key=key))
        for finding in findings:
            self._add_finding(finding, group, read.label)

    def _add_finding(self, finding: Finding, group: str, label: str) -> None:
        if len(self.page.findings) == _FINDINGS_MAX:
            self._left_out += 1
            return
        shown: dict[str, object] = {
            "severity": str(finding.severity),
            "kind": str(finding.kind),
            "field": one_line(finding.field, ID_CHARACTERS),
            "problem": one_line(finding.problem, _TEXT_CHARACTERS),
            "fix": one_line(finding.fix, _TEXT_CHARACTERS),
        }
        self.page.add_finding(shown, group, label)

    def finished(self, note: str) -> Page:
        """Return the page, with a *note* about the whole data set."""
        self.page.notes.append(note)
        if self._left_out:
            self.page.notes.append(f"findings that this page leaves out: {self._left_out:,}")
        return self.page


def _runs(problem: Problem, results: Results) -> Iterator[tuple[str, str, Result]]:
    """Yield all runs of a problem: the program, what it is and how it ran, and the result."""
    golds = problem.programs
    for gold, runs in zip(golds, results.golds, strict=False):
        role = _GOLD if len(golds) == 1 else f"{_GOLD} {gold.field}"
        yield from ((gold.program, role, run) for run in runs)
    if results.under_load is not None and results.steady is not None:
        steady = golds[results.steady].program
        yield steady, f"{_GOLD}, beside busy processes", results.under_load
    if results.longer is not None:
        yield "", f"{_GOLD}, with more time", results.longer
    for trivial, run in zip(problem.trivials, results.trivials, strict=False):
        yield trivial.program, trivial.does, run
