"""`verifier report`: its options, its help and its exit statuses."""

import json
from pathlib import Path

import pytest

from tests.unit.handlers.cli.command_line import verifier
from tests.unit.handlers.cli.compare.comparing import row
from tests.unit.handlers.report_page.paging import ReadPage


def test_rows_of_a_pipe_become_a_page(tmp_path: Path) -> None:
    """As they come from verifier score; the command says what it wrote."""
    path = tmp_path / "r.html"

    done = verifier("report", "-", "-o", path, "--title", "run 7", stdin=json.dumps(row("a")))

    assert (done.returncode, done.stdout) == (0, "")
    assert f"wrote {path}: 1 sample," in done.stderr
    page = ReadPage.at(path)
    assert (page.meta["title"], page.meta["kind"]) == ("run 7", "run")


def test_the_help_says_what_the_page_contains() -> None:
    """Nobody may publish expected answers by mistake."""
    text = " ".join(verifier("report", "--help").stdout.split())

    assert "also expected answers" in text
    assert "Do not publish it" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("-", "--compare", "-"),
        ("a", "--by", "name"),
        ("missing.jsonl",),
    ],
)
def test_wrong_arguments_are_status_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """No page is written."""
    path = tmp_path / "r.html"

    assert verifier("report", *arguments, "-o", path).returncode == 2
    assert not path.exists()
