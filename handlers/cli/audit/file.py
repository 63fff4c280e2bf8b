"""Audit a file of any length.

In: what to read, an executor. Out: a report; rows without errors, as they are. A few dozen rows at
a time are in memory; of all others their ids and digests of their tests.
"""

import json
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from nova_code_verifier.handlers.cli.audit.findings import Finding, Kind, Severity
from nova_code_verifier.handlers.cli.audit.judgement import judge_problem
from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.audit.page import AuditPage
from nova_code_verifier.handlers.cli.audit.problem import Problem, read_problem
from nova_code_verifier.handlers.cli.audit.report import Report
from nova_code_verifier.handlers.cli.audit.trials import Results, Trials
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.dataset_files.writing import RowFile, open_rows
from nova_code_verifier.handlers.cli.files import UnusableFileError, shown_name
from nova_code_verifier.handlers.cli.progress import ProgressBar, print_notes
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import TimedExecutor

_CHUNK_BYTES = 32 * 2**20
# A row with its runs takes about so much memory.
_ROW_BYTES = 2**19
_ROW_FACTOR = 24


def audit_file(
    source: str,
    executor: TimedExecutor,
    settings: Settings,
    options: Options,
    *,
    out: str | None,
    quiet: bool,
    page: AuditPage | None = None,
) -> Report:
    """Audit every row of *source*, and return the report.

    Writes the rows without errors to the file *out*. Adds all rows to the *page*. Raises
    UnusableFileError, and SandboxError if the sandbox cannot start.
    """
    report, seen = Report(), _Seen()
    with ExitStack() as stack:
        file = stack.enter_context(open_records(source))
        print_notes(file.notes, quiet=quiet)
        _ = executor.level  # raises if the sandbox cannot start, before the output is touched
        rows = stack.enter_context(open_rows(out, source=source)) if out is not None else None
        report.written = None if rows is None else 0
        bar = stack.enter_context(
            ProgressBar(total_bytes=file.total_bytes, quiet=quiet, activity="auditing", noun="rows")
        )
        trials = Trials(
            executor,
            settings,
            options,
            on_bug=lambda _index: traceback.print_exc(),
            with_details=page is not None,
        )
        for records in _chunks_of(file.records):
            problems = [read_problem(record, settings, options) for record in records]
            for problem, results in zip(problems, trials.run(problems), strict=True):
                findings = judge_problem(problem, results, options)
                findings += seen.findings_about(problem)
                _add(report, problem, results, findings)
                _write(rows, report, problem.record, findings)
                if page is not None:
                    page.add(problem, results, findings)
                bar.count_item(problem.record.size_bytes)
        report.runs = trials.count
    if not report.rows:
        raise UnusableFileError(f"{shown_name(source)}: found no rows, expected one or more")
    return report


def _chunks_of(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Group *records* by a few dozen, or less where they are large.

    If the file turns out to be damaged, the records before the damage are a group, too.
    """
    chunk: list[Record] = []
    size_bytes = 0
    try:
        for record in records:
            chunk.append(record)
            size_bytes += _memory_of(record)
            if size_bytes >= _CHUNK_BYTES:
                yield chunk
                chunk, size_bytes = [], 0
    except UnusableFileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _memory_of(record: Record) -> int:
    return _ROW_BYTES + _ROW_FACTOR * record.size_bytes


def _add(report: Report, problem: Problem, results: Results, findings: Sequence[Finding]) -> None:
    has_tests = problem.plan is not None
    report.add(problem.record.where, problem.id, findings, has_tests=has_tests)
    if problem.golds:
        under_load = results.under_load
        stays = under_load is None or under_load.is_accepted
        report.add_gold(passes=results.steady is not None and stays)


def _write(
    rows: RowFile | None, report: Report, record: Record, findings: Sequence[Finding]
) -> None:
    """Write the row as it came, unless it has an error."""
    has_error = any(finding.severity is Severity.ERROR for finding in findings)
    if rows is not None and not has_error and isinstance(record.value, dict):
        rows.write(record.value)
        report.written = (report.written or 0) + 1


class _Seen:
    """Finds rows with the id, or with the tests, of an earlier row."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._tests: dict[bytes, str] = {}

    def findings_about(self, problem: Problem) -> list[Finding]:
        """Return what *problem* repeats, and remember it."""
        where, findings = problem.record.where, []
        if problem.id is not None:
            key = json.dumps(problem.id, sort_keys=True)
            if (first := self._ids.setdefault(key, where)) != where:
                text, fix = f"found the id of {first}", "give each row an id of its own"
                findings.append(_warning(Kind.DUPLICATE_ID, "id", text, fix))
        if problem.digest and (first := self._tests.setdefault(problem.digest, where)) != where:
            text, fix = f"the tests are those of {first}", "remove one of the rows"
            findings.append(_warning(Kind.DUPLICATE_TESTS, "tests", text, fix))
        return findings


def _warning(kind: Kind, field: str, problem: str, fix: str) -> Finding:
    return Finding(kind=kind, severity=Severity.WARNING, field=field, problem=problem, fix=fix)
