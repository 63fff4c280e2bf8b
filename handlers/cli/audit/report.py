"""Count what an audit found, and show it.

In: findings, row by row. Out: counts and findings, as JSON or as tables.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from nova_code_verifier.handlers.cli.audit.findings import GOLD_FAULTS, Finding, Kind, Severity
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.tables import printable, table_with_header

_FINDINGS_KEPT = 10_000
_REASONS_KEPT = 200
_OTHER = "other reasons"
_ID_CHARACTERS_MAX = 40
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    """A finding with its row: the place in the file, and the id."""

    where: str
    id: object
    finding: Finding


@dataclass(slots=True)
class Report:
    """The counts so far, and the first findings; there may be any number of them."""

    rows: int = 0
    with_tests: int = 0
    with_gold: int = 0
    gold_passes: int = 0
    runs: int = 0
    written: int | None = None
    kinds: Counter[tuple[Severity, Kind]] = field(default_factory=Counter)
    worst: Counter[Severity] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_rows: dict[str, str] = field(default_factory=dict)
    findings: list[RowFinding] = field(default_factory=list)

    @property
    def gold_faults(self) -> int:
        """The number of findings that say that a gold solution fails."""
        return sum(self.kinds[Severity.ERROR, kind] for kind in GOLD_FAULTS)

    @property
    def outages(self) -> int:
        """The number of rows that were not audited, by the fault of the verifier."""
        return self.kinds[Severity.ERROR, Kind.OUTAGE]

    def add(
        self, where: str, row_id: object, findings: Sequence[Finding], *, has_tests: bool
    ) -> None:
        """Count a row with its *findings*."""
        self.rows += 1
        self.with_tests += has_tests
        self.kinds.update({(finding.severity, finding.kind) for finding in findings})
        found = {finding.severity for finding in findings}
        worst = next((severity for severity in Severity if severity in found), None)
        if worst is not None:
            self.worst[worst] += 1
        for finding in findings:
            if finding.kind is Kind.REFUSED:
                self._add_reason(f"{finding.field}: {finding.problem}", where)
        left = _FINDINGS_KEPT - len(self.findings)
        self.findings += [RowFinding(where=where, id=row_id, finding=f) for f in findings[:left]]

    def add_gold(self, *, passes: bool) -> None:
        """Count a row that has a gold solution."""
        self.with_gold += 1
        self.gold_passes += passes

    def _add_reason(self, text: str, where: str) -> None:
        kind = RefusedRowError(text).kind
        is_kept = kind in self.reasons or len(self.reasons) < _REASONS_KEPT
        self.reasons[kind if is_kept else _OTHER] += 1
        self.first_rows.setdefault(kind if is_kept else _OTHER, where)


def as_json(report: Report) -> dict[str, object]:
    """Return everything as one JSON object. Its names must stay: programs read them."""
    kinds: dict[str, dict[str, int]] = {}
    for severity, kind in sorted(report.kinds):
        kinds.setdefault(kind, {})[severity] = report.kinds[severity, kind]
    return {
        "rows": report.rows,
        "rows_with_tests": report.with_tests,
        "rows_with_gold": report.with_gold,
        "rows_whose_gold_passes": report.gold_passes,
        "rows_by_worst_finding": {severity: report.worst[severity] for severity in Severity},
        "rows_written": report.written,
        "runs": report.runs,
        "kinds": kinds,
        "refused": dict(report.reasons.most_common()),
        "findings": [_fields(found) for found in report.findings],
        "findings_left_out": sum(report.kinds.values()) > len(report.findings),
    }


def _fields(found: RowFinding) -> dict[str, object]:
    finding = found.finding
    return {
        "where": found.where,
        "id": found.id,
        "severity": finding.severity,
        "kind": finding.kind,
        "field": finding.field,
        "problem": finding.problem,
        "fix": finding.fix,
    }


def as_text(report: Report, limit: int) -> RenderableType:
    """Return the counts, and the first *limit* findings: errors first, then in order of rows.

    Refused rows are shown by reason.
    """
    parts: list[RenderableType] = [_counts(report)]
    if report.kinds:
        parts += ["", _kinds(report)]
    if report.reasons:
        parts += ["", _reasons(report)]
    order = {severity: index for index, severity in enumerate(Severity)}
    others = (found for found in report.findings if found.finding.kind is not Kind.REFUSED)
    listed = sorted(others, key=lambda found: order[found.finding.severity])
    if listed:
        parts += ["", _table(listed[:limit])]
    if len(listed) > limit:
        parts.append(f"{len(listed) - limit} more findings: --limit or --json shows them")
    return Group(*parts)


def counts_line(report: Report) -> str:
    """Return the counts of rows in one line."""
    return (
        f"rows: {report.rows:,}; with tests: {report.with_tests:,}; with a gold solution: "
        f"{report.with_gold:,}; whose gold passes in every run: {report.gold_passes:,}"
    )


def _counts(report: Report) -> Table:
    table = Table.grid("", Column(justify="right"), "", padding=(0, 2))
    table.add_row("rows", str(report.rows), f"{report.runs} programs were run")
    if report.with_tests < report.rows:
        table.add_row("  with tests", str(report.with_tests), "that can be graded or tried")
    table.add_row("  with a gold solution", str(report.with_gold), "")
    table.add_row("  whose gold passes", str(report.gold_passes), "in every run")
    for severity in Severity:
        label = Text(f"  worst: {severity}", style=_STYLES[severity])
        table.add_row(label, str(report.worst[severity]), "")
    if report.written is not None:
        table.add_row("rows written", str(report.written), "those without errors")
    return table


def _kinds(report: Report) -> Table:
    table = table_with_header("kind", "severity", Column("rows", justify="right"))
    order = {kind: index for index, kind in enumerate(Kind)}
    for (severity, kind), count in sorted(
        report.kinds.items(), key=lambda item: (order[item[0][1]], item[0][0])
    ):
        table.add_row(kind, Text(severity, style=_STYLES[severity]), str(count))
    return table


def _reasons(report: Report) -> Table:
    table = table_with_header(Column("rows", justify="right"), "first", "refused because of")
    for reason, count in report.reasons.most_common():
        table.add_row(str(count), printable(report.first_rows[reason]), printable(reason))
    return table


def _table(findings: Sequence[RowFinding]) -> Table:
    table = table_with_header(
        Column("row", no_wrap=True), "id", Column("kind", no_wrap=True), "field", "problem", "fix"
    )
    for found in findings:
        finding = found.finding
        table.add_row(
            printable(found.where),
            Text(_id_text(found.id), no_wrap=True, overflow="ellipsis"),
            Text(finding.kind, style=_STYLES[finding.severity]),
            printable(finding.field),
            printable(finding.problem),
            printable(finding.fix),
        )
    return table


def _id_text(row_id: object) -> str:
    if row_id is None:
        return "-"
    text = row_id if isinstance(row_id, str) else json.dumps(row_id)
    return printable(text, limit=_ID_CHARACTERS_MAX)
