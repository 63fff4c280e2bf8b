"""handlers/cli/report/file.py: a page of one or two files of rows."""

from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.compare.rows import MatchBy
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.report.file import report_file
from tests.unit.handlers.cli.compare.comparing import file_of, row
from tests.unit.handlers.report_page.paging import ReadPage


def test_two_files_are_two_runs(tmp_path: Path) -> None:
    """The old one comes first. The page pairs their samples by id."""
    old = file_of(tmp_path / "old.jsonl", [row("a", 0.0), row("b", 1.0)])
    new = file_of(tmp_path / "new.jsonl", [row("b", 0.5), row("c", 1.0)])

    report_file(new, str(tmp_path / "r.html"), old=old, quiet=True)

    page = ReadPage.at(tmp_path / "r.html")
    assert page.meta["kind"] == "compare"
    assert [run["name"] for run in page.meta["runs"]] == ["old.jsonl", "new.jsonl"]
    assert (page.columns(0)["id"], page.columns(1)["id"]) == (["a", "b"], ["b", "c"])
    assert page.columns(1)["reward"] == [0.5, 1]


def test_by_line_both_runs_get_the_ids_of_the_new_one(tmp_path: Path) -> None:
    """Some trainers give each sample a new id."""
    old = file_of(tmp_path / "old.jsonl", [row("a", 0.0), row("b", 1.0), row("c")])
    new = file_of(tmp_path / "new.jsonl", [row("x", 0.5), row("y", 1.0)])

    report_file(new, str(tmp_path / "r.html"), old=old, by=MatchBy.LINE, quiet=True)

    page = ReadPage.at(tmp_path / "r.html")
    assert (page.columns(0)["id"], page.columns(1)["id"]) == (["x", "y", "c"], ["x", "y"])


def test_files_that_share_no_id_are_refused(tmp_path: Path) -> None:
    """The message names the other way to match them."""
    old = file_of(tmp_path / "old.jsonl", [row("a")])
    new = file_of(tmp_path / "new.jsonl", [row("x")])

    with pytest.raises(UnusableFileError, match="--by line"):
        report_file(new, str(tmp_path / "r.html"), old=old, quiet=True)

    assert not (tmp_path / "r.html").exists()


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    """The message says what was found instead."""
    name = file_of(tmp_path / "rows.jsonl", [{"id": "a", "messages": []}])

    with pytest.raises(UnusableFileError, match=r"found no rows.*no rows of a reward function: 1"):
        report_file(name, str(tmp_path / "r.html"), quiet=True)


def test_the_same_rows_give_the_same_page(tmp_path: Path) -> None:
    """Byte for byte."""
    rows = file_of(tmp_path / "rows.jsonl", [row(f"s-{n}", n / 10) for n in range(10)])

    for name in ("a.html", "b.html"):
        report_file(rows, str(tmp_path / name), title="t", quiet=True)

    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
