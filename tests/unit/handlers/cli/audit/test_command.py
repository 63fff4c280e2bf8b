"""`verifier audit`, as a process, on a data set with planted faults."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.unit.handlers.cli.audit.planting import DOUBLE, ROWS, lines_of, pairs
from tests.unit.handlers.cli.command_line import rows_of, verifier
from tests.unit.handlers.report_page.paging import ReadPage

QUICK = ("--repeat", "1", "--processes", "0", "--quiet")


class Audited(NamedTuple):
    """A run on the planted rows."""

    status: int
    report: dict[str, Any]
    errors: str
    written: list[dict[str, Any]]
    page: ReadPage

    def findings(self, row_id: str) -> dict[str, dict[str, Any]]:
        """Return the findings about a row, by their kind."""
        found = self.report["findings"]
        return {finding["kind"]: finding for finding in found if finding["id"] == row_id}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """Audit the planted rows, once."""
    directory = tmp_path_factory.mktemp("audit")
    source, out = directory / "rows.jsonl", directory / "good.jsonl"
    page = directory / "audit.html"
    source.write_text(lines_of(ROWS))
    options = ("--json", "--processes", "1", "--quiet")
    done = verifier("audit", source, "--write", out, "--report", page, *options)
    report, written = json.loads(done.stdout), rows_of(out.read_text())
    return Audited(done.returncode, report, done.stderr, written, ReadPage.at(page))


@pytest.mark.parametrize(
    ("row_id", "kind", "severity", "field", "problem"),
    [
        ("gold_fails", "gold_fails", "error", "solution", "wrong answer, 0 of 2 tests pass"),
        ("no_python", "gold_fails", "error", "solution", "no program that Python 3 can parse"),
        ("one_of_two_fails", "gold_fails", "warning", "solutions[1]", "wrong answer"),
        ("trivial_passes", "trivial_passes", "error", "tests", "always returns True passes all 2"),
        ("knows_examples", "trivial_passes", "error", "tests", "knows the examples of the prompt"),
        ("high_guess_baseline", "high_guess_baseline", "warning", "tests", "a single test case"),
        ("flaky", "flaky", "error", "solution", "of 3 runs"),
        ("slow", "slow", "error", "solution", "limits.cpu_seconds is 0.3"),
        ("nearly_slow", "slow", "warning", "solution", "limits.cpu_seconds is 1"),
        ("contradictory_cases", "contradictory_cases", "error", "tests", "test cases 1 and 3"),
        ("duplicate_cases", "duplicate_cases", "note", "tests", "1 of the test cases"),
        ("good", "duplicate_id", "warning", "id", "the id of line 1"),
        ("duplicate_tests", "duplicate_tests", "warning", "tests", "those of line 1"),
        ("needs_shared_process", "needs_shared_process", "error", "tests", "one process"),
        ("missing_library", "missing_library", "error", "tests", "no module no_such_module"),
        ("missing_in_tests", "missing_library", "error", "tests", "no module no_such_module"),
        ("special_judge", "refused", "error", "type", "it is 'spj'"),
        ("no_tests", "no_tests", "note", "reference", "a label or a text"),
    ],
)
def test_every_planted_fault_is_found(
    audited: Audited, *, row_id: str, kind: str, severity: str, field: str, problem: str
) -> None:
    """The finding has the row, its field, what is wrong, and what to do."""
    finding = audited.findings(row_id)[kind]

    assert (finding["severity"], finding["field"]) == (severity, field)
    assert problem in finding["problem"]
    assert finding["fix"]


def test_the_page_has_all_findings_and_all_runs(audited: Audited) -> None:
    """Also findings about rows of which nothing ran. Repeated runs count as one program."""
    page, report = audited.page, audited.report
    columns, groups = page.columns(), page.meta["groups"]

    places = [groups[found["group"]]["key"].partition(",")[0] for found in page.meta["findings"]]
    assert places == [found["where"] for found in report["findings"]]
    kinds = [(found["kind"], found["fix"]) for found in page.meta["findings"]]
    assert kinds == [(found["kind"], found["fix"]) for found in report["findings"]]
    assert page.meta["kind"] == "audit"
    assert 100 < len(columns["id"]) <= report["runs"]  # some runs replace others
    flaky = [i for i, row_id in enumerate(columns["id"]) if row_id == "flaky"]
    golds = [i for i in flaky if columns["role"][i] == "gold solution"]
    assert len(golds) == 3
    assert len({columns["program_key"][i] for i in golds}) == 1
    assert "secrets.randbelow" in page.details()[golds[0]]["program"]


def test_nothing_else_is_an_error(audited: Audited) -> None:
    """A fault is reported once: a slow or flaky gold solution does not count as wrong, too."""
    errors = [found for found in audited.report["findings"] if found["severity"] == "error"]
    planted = {"no_python": "gold_fails", "knows_examples": "trivial_passes"} | {
        "missing_in_tests": "missing_library",
        "special_judge": "refused",
    }
    surplus = [
        (found["id"], found["kind"])
        for found in errors
        if found["kind"] != planted.get(found["id"], found["id"])
    ]

    # Nothing can pass tests that contradict each other.
    assert surplus == [("contradictory_cases", "gold_fails")]


def test_a_limit_is_suggested_that_suffices(audited: Audited) -> None:
    """The suggested time is more than the gold solution needs."""
    fix = audited.findings("slow")["slow"]["fix"]

    (seconds,) = re.findall(r'"cpu_seconds": (\d+)', fix)
    assert int(seconds) > 0.5


def test_rows_without_errors_are_written_as_they_came(audited: Audited) -> None:
    """Rows with warnings and notes stay, and no column changes."""
    failed = {
        found["where"] for found in audited.report["findings"] if found["severity"] == "error"
    }
    good = [row for number, row in enumerate(ROWS, 1) if f"line {number}" not in failed]

    assert audited.written == good
    assert audited.report["rows_written"] == len(good) > 0


def test_a_gold_solution_that_fails_is_status_1(audited: Audited) -> None:
    """The last line has the number of rows; without such a row, the status is 0."""
    faults = ("gold_fails", "no_python", "flaky", "slow", "contradictory_cases")
    done = verifier("audit", "-", *QUICK, stdin=lines_of(ROWS[:1]))

    assert audited.status == 1
    assert f"found {len(faults) + 2} rows whose gold solution fails" in audited.errors
    assert (done.returncode, done.stderr) == (0, "")


def test_one_process_may_be_allowed() -> None:
    """With --shared-process allow, the tests run, and a note says that a candidate could cheat."""
    rows = [row for row in ROWS if row["id"] == "needs_shared_process"]
    done = verifier(
        "audit", "-", "--json", "--shared-process", "allow", *QUICK, stdin=lines_of(rows)
    )
    report = json.loads(done.stdout)

    assert (done.returncode, report["rows_whose_gold_passes"]) == (0, 1)
    assert [found["severity"] for found in report["findings"]] == ["note"]


def test_the_table_shows_rows_and_reasons() -> None:
    """Refused rows are counted by reason; other findings are listed, errors first."""
    named = {row["id"]: row for row in ROWS}
    rows = [
        named["duplicate_cases"],
        named["special_judge"],
        named["special_judge"] | {"id": "another"},
        named["gold_fails"],
    ]
    lines = verifier("audit", "-", *QUICK, stdin=lines_of(rows)).stdout.splitlines()

    assert any(line.split()[:3] == ["2", "line", "2"] and "type: " in line for line in lines)
    listed = [line.split()[2:4] for line in lines if line.startswith("line ")]
    assert listed[0] == ["gold_fails", "gold_fails"]
    assert ["duplicate_cases", "duplicate_cases"] in listed


def test_the_same_file_gives_the_same_report() -> None:
    """Findings are in the order of the rows."""
    names = ("gold_fails", "trivial_passes", "special_judge", "duplicate_cases")
    rows = [row for row in ROWS if row["id"] in names]
    first, second = (
        verifier("audit", "-", "--json", *QUICK, stdin=lines_of(rows)).stdout for _ in range(2)
    )

    assert first == second != ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--repeat", "0"), "found 0, expected a whole number of 1 or more"),
        (("--processes", "-1"), "--processes"),
        (("--guess", "2"), "--guess"),
        (("--write", "-"), "needs a file"),
        (("--write", "x.csv"), "expected a name that ends in .jsonl"),
    ],
    ids=str,
)
def test_wrong_arguments_are_status_2(
    tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    """The message names the option or the file, and nothing is written."""
    paths = [argument.replace("x.", f"{tmp_path}/x.") for argument in arguments]
    done = verifier("audit", "-", *paths, stdin=lines_of([{"solution": DOUBLE, **pairs(1, 2)}]))

    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert list(tmp_path.iterdir()) == []
