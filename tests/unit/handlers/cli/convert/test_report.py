"""The counts of a conversion."""

import pytest

from nova_code_verifier.handlers.cli.convert.conversion import ConvertedRow
from nova_code_verifier.handlers.cli.convert.options import Options, Target
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.convert.report import Report, as_json, as_text
from nova_code_verifier.handlers.cli.tables import render


def report_of(count: int, target: Target = Target.BEDROCK) -> Report:
    """Return a report on *count* equal rows."""
    report = Report(options=Options(target=target))
    row = ConvertedRow(row={}, id="a", size_bytes=10, cases=5, cases_chosen=2, unnamed=True)
    for _ in range(count):
        report.add(row)
    return report


def test_reasons_are_counted_without_indices() -> None:
    """The same fault in another test case is the same reason."""
    report = report_of(0)
    for text in ("tests[1].output: missing", "tests[27].output: missing", "row: broken"):
        report.add_refusal(RefusedRowError(text))

    assert dict(report.reasons) == {"tests[].output: missing": 2, "row: broken": 1}
    assert "2  tests[].output: missing" in render(as_text(report), None)


def test_many_reasons_are_counted_together() -> None:
    """Memory is bounded, and no row is lost."""
    report = report_of(0)
    for index in range(1000):
        report.add_refusal(RefusedRowError(f"key{index}: unknown"))

    assert report.refused == 1000
    assert as_json(report)["reasons"]["other reasons"] == 800  # type: ignore[index]


@pytest.mark.parametrize(
    ("count", "target", "warning"),
    [
        (1, Target.NOVA, "1 row: AWS asks for at least 100"),
        (20_001, Target.BEDROCK, "20001 rows: Bedrock accepts 20000 at most"),
        (2, Target.VERL, "2 rows whose prompt does not name the function"),
        (3, Target.VERL, "2 rows with the id of an earlier row"),
    ],
)
def test_a_report_warns_of_what_a_job_would_refuse(
    count: int, target: Target, warning: str
) -> None:
    """Each warning is in the table and in the JSON."""
    report = report_of(count, target)

    assert any(text.startswith(warning) for text in report.warnings())
    assert f"warning: {warning}" in render(as_text(report), None)
    assert as_json(report)["warnings"] == report.warnings()


def test_sums() -> None:
    """Cases and bytes are added up."""
    counts = as_json(report_of(3))

    assert (counts["tests"], counts["tests_kept"], counts["rows_with_chosen_tests"]) == (15, 6, 3)
    assert (counts["largest_row_bytes"], counts["total_bytes"]) == (10, 30)
