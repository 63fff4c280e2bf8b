"""handlers/cli/compare/report.py: the tables, and JSON."""

import json
from collections.abc import Iterable
from pathlib import Path

from nova_code_verifier.handlers.cli.compare.report import report_json, report_text
from nova_code_verifier.handlers.cli.compare.rows import MatchBy
from tests.unit.handlers.cli.compare.comparing import compared, row


def lines_of(folder: Path, old: Iterable[object], new: Iterable[object]) -> list[str]:
    """Return the lines of a report, with single blanks."""
    text = report_text(compared(folder, old, new), MatchBy.ID, None)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_report_shows_counts_causes_and_moves(tmp_path: Path) -> None:
    """The versions, what changed, and the largest moves are in the report."""
    old = [
        row("a", 0.2, correctness=0.0, semantics_version=1.0, paid=("correctness",)),
        row("b", 1.0, ungraded=0.0, failure=0.0, semantics_version=1.0),
        row("c", 1.0),
    ]
    new = [
        row("a", 1.0, correctness=1.0, semantics_version=2.0, paid=("correctness",)),
        row("b", 0.0, ungraded=1.0, failure=3.0, semantics_version=2.0),
    ]

    assert lines_of(tmp_path, old, new) == [
        "samples in both 2 matched by id",
        "moved up 1 50.0%",
        "newly ungraded 1 50.0%",
        "only in OLD 1 c",
        "mean reward 0.2000 -> 1.0000, of the 1 graded in both",
        "semantics version 1 (2); none (1) -> 2",
        "paid dimensions none (2); correctness (1) -> correctness (1); none (1)",
        "",
        "what changed in moved rows rows",
        "semantics_version 2",
        "correctness 1",
        "ungraded 1",
        "failure 1",
        "",
        "id old new move why",
        "a 0.200 1.000 +0.800 correctness 0 -> 1, semantics_version 1 -> 2",
        "b 1.000 - - ungraded 0 -> 1, failure 0 -> 3, semantics_version 1 -> 2",
    ]


def test_equal_files_have_no_table_of_moves(tmp_path: Path) -> None:
    """The summary is the whole report."""
    assert lines_of(tmp_path, [row("a", 1.0)], [row("a", 1.0)]) == [
        "samples in both 1 matched by id",
        "same 1 100.0%",
        "mean reward 1.0000 -> 1.0000, of the 1 graded in both",
        "semantics version none in both",
        "paid dimensions none in both",
    ]


def test_texts_of_rows_cannot_control_the_terminal(tmp_path: Path) -> None:
    """Ids, names of metrics and verdicts come from files."""
    hostile = "\x1b]0;owned\x07"
    metric = {"name": hostile, "value": 0.0}
    old = [row(hostile, 0.0) | {"details": {"verdict": "x"}}, row(hostile)]
    new = [row(hostile, 1.0) | {"metrics_list": [metric], "details": {"verdict": hostile}}]

    text = report_text(compared(tmp_path, old, new), MatchBy.ID, None)

    assert all(char.isprintable() for char in text.replace("\n", ""))


def test_json_has_the_same_facts(tmp_path: Path) -> None:
    """Programs get numbers, not text for people."""
    old = [row("a", 0.25, correctness=0.0), row("b", 0.5), row("c", 1.0)]
    new = [row("a", 1.0, correctness=1.0), row("b", None), row("d", 1.0)]

    found = json.loads(report_json(compared(tmp_path, old, new), MatchBy.ID))

    changes = {"correctness": [0.0, 1.0]}
    move = {"id": "a", "old": 0.25, "new": 1.0, "move": 0.75, "changes": changes}
    assert found == {
        "matched_by": "id",
        "matched": 2,
        "outcomes": {
            "same": 0,
            "moved up": 1,
            "moved down": 0,
            "newly ungraded": 1,
            "newly graded": 0,
            "ungraded in both": 0,
        },
        "mean_reward": {"old": 0.25, "new": 1.0},
        "semantics_versions": {"old": {"none": 3}, "new": {"none": 3}},
        "paid": {"old": {"none": 3}, "new": {"none": 3}},
        "changed_metrics": {"correctness": 1},
        "unexplained": 1,
        "only_in_old": {"count": 1, "ids": ["c"]},
        "only_in_new": {"count": 1, "ids": ["d"]},
        "moved": [move],
        "regraded": [{"id": "b", "old": 0.5, "new": None, "move": None, "changes": {}}],
    }
