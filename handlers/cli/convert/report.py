"""Count what a conversion did, and show it.

In: rows that were converted or refused. Out: counts, as JSON or as a table.
"""

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Column, Table

from nova_code_verifier.handlers.cli.convert.conversion import ConvertedRow
from nova_code_verifier.handlers.cli.convert.options import Options, Target
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.tables import printable

_REASONS_KEPT = 200
_OTHER = "other reasons"
_REASONS_SHOWN = 20
# The numbers of rows in the AWS user guides for RFT (2026-11).
_ROWS_MIN = 100
_ROWS_MAX = {Target.BEDROCK: 20_000}


@dataclass(slots=True)
class Report:
    """The counts so far. New reasons are counted together when there are many."""

    options: Options
    converted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    cases: int = 0
    cases_chosen: int = 0
    reduced: int = 0
    unnamed: int = 0
    noted: int = 0
    repeated_ids: int = 0
    largest_bytes: int = 0
    total_bytes: int = 0
    _ids: set[str] = field(default_factory=set)

    @property
    def refused(self) -> int:
        """The number of rows that were left out."""
        return self.reasons.total()

    @property
    def count(self) -> int:
        """The number of rows that were read."""
        return self.converted + self.refused

    def add(self, row: ConvertedRow) -> None:
        """Count a row that was written."""
        self.converted += 1
        self.cases += row.cases
        self.cases_chosen += row.cases_chosen
        self.reduced += row.cases_chosen < row.cases
        self.unnamed += row.unnamed
        self.noted += bool(row.notes)
        self.repeated_ids += row.id in self._ids
        self._ids.add(row.id)
        self.largest_bytes = max(self.largest_bytes, row.size_bytes)
        self.total_bytes += row.size_bytes

    def add_refusal(self, error: RefusedRowError) -> None:
        """Count a row that was left out."""
        is_kept = error.kind in self.reasons or len(self.reasons) < _REASONS_KEPT
        self.reasons[error.kind if is_kept else _OTHER] += 1

    def warnings(self) -> list[str]:
        """Return what the user should look at before a training job."""
        target, texts = self.options.target, []
        most = _ROWS_MAX.get(target)
        if target in (Target.NOVA, Target.BEDROCK) and 0 < self.converted < _ROWS_MIN:
            texts.append(f"{_rows(self.converted)}: AWS asks for at least {_ROWS_MIN}")
        if most is not None and self.converted > most:
            texts.append(f"{_rows(self.converted)}: Bedrock accepts {most} at most")
        if self.unnamed:
            texts.append(
                f"{_rows(self.unnamed)} whose prompt does not name the function that the tests "
                "call: add --name-function"
            )
        if self.repeated_ids:
            texts.append(f"{_rows(self.repeated_ids)} with the id of an earlier row")
        if self.noted:
            texts.append(
                f"{_rows(self.noted)} with a limit that was read otherwise than it is written, or "
                "with tests twice: `verifier score --details` shows the notes"
            )
        return texts


def as_json(report: Report) -> dict[str, object]:
    """Return all counts as one JSON object. Its names must stay: programs read them."""
    return {
        "to": report.options.target,
        "rows": report.count,
        "converted": report.converted,
        "dropped": report.refused,
        "reasons": dict(report.reasons.most_common()),
        "tests": report.cases,
        "tests_kept": report.cases_chosen,
        "rows_with_chosen_tests": report.reduced,
        "seed": report.options.seed,
        "largest_row_bytes": report.largest_bytes,
        "total_bytes": report.total_bytes,
        "prompts_without_function_name": report.unnamed,
        "rows_with_notes": report.noted,
        "repeated_ids": report.repeated_ids,
        "warnings": report.warnings(),
    }


def as_text(report: Report) -> RenderableType:
    """Return the counts and the warnings as tables."""
    table = Table.grid("", Column(justify="right"), "", padding=(0, 2))
    table.add_row("rows read", str(report.count))
    table.add_row("written", str(report.converted), f"for {report.options.target}")
    if report.cases:
        note = f"chosen in {_rows(report.reduced)}, seed {report.options.seed}"
        table.add_row("test cases", str(report.cases))
        table.add_row("  written", str(report.cases_chosen), note if report.reduced else "")
    if report.converted:
        mean = report.total_bytes // report.converted
        table.add_row("bytes of a row", str(mean), f"the largest: {report.largest_bytes}")
    parts: list[RenderableType] = [table]
    if report.refused:
        table.add_row("left out", str(report.refused), "for these reasons")
        reasons = Table.grid(Column(justify="right"), "", padding=(0, 2))
        shown = report.reasons.most_common(_REASONS_SHOWN)
        for reason, count in shown:
            reasons.add_row(str(count), printable(reason))
        more = report.refused - sum(count for _, count in shown)
        if more:
            reasons.add_row(str(more), "for other reasons: --json or --dropped shows all")
        parts.append(reasons)
    parts += [f"warning: {printable(text)}" for text in report.warnings()]
    return Group(*parts)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
