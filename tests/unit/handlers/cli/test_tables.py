"""What people see of samples and sums."""

import os
import pty
from dataclasses import replace
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.score.samples import ScoredLine
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.cli.tables import (
    outage_text,
    printable,
    problem_list,
    render,
    sample_table,
    sample_text,
    summary_table,
)
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import DIMENSIONS
from nova_code_verifier.verifier.types import Verdict

LINE = ScoredLine(
    number=1,
    size_bytes=10,
    row={"id": "s-1", "aggregate_reward_score": 1.0, "metrics_list": []},
    verdict=Verdict.ACCEPTED,
    reward=1.0,
    dimensions=dict.fromkeys(DIMENSIONS, 1.0),
    tests_passed=2,
    tests_total=2,
    problem="",
    is_outage=False,
    remark="",
)
UNGRADED = replace(
    LINE, verdict=Verdict.UNGRADED, reward=None, dimensions={}, problem="outputs: missing"
)


def tally_of(*lines: ScoredLine) -> Summary:
    """Add up *lines*."""
    tally = Summary()
    for line in lines:
        tally.add(line)
    return tally


def words_of(tally: Summary, *, seconds: float = 1.0) -> list[str]:
    """Return the words of the summary."""
    return render(summary_table(tally, seconds=seconds, level=IsolationLevel.KERNEL), None).split()


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;owned\x07", "\x9b31m", "a\nb\r\nc", "\u202eexe.txt", "\ud800", "\x00"]
)
def test_nothing_steers_the_terminal(hostile: str) -> None:
    """Control and direction characters of an id, a remark or a problem are taken out."""
    line = replace(UNGRADED, row=LINE.row | {"id": hostile}, remark=hostile, problem=hostile)

    shown = render(sample_table([line]), None) + problem_list(tally_of(line))

    assert all(char.isprintable() for char in shown.replace("\n", ""))
    assert len(shown.splitlines()) == 4


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    """Brackets in an id or a remark are no commands to the table."""
    line = replace(LINE, row=LINE.row | {"id": "[red]x[/red]"}, remark="[/bold] nums[0]")

    shown = render(sample_table([line]), None)

    assert "[red]x[/red]" in shown
    assert "[/bold] nums[0]" in shown


def test_a_long_remark_is_cut() -> None:
    """However much a candidate has to say, a remark ends after a few hundred characters."""
    assert len(printable("x" * 10**6)) < 300


def test_a_pipe_gets_whole_lines() -> None:
    """Off a terminal nothing is folded, coloured or padded: one sample, one line."""
    line = replace(LINE, row=LINE.row | {"id": "i" * 40}, remark="r" * 190)

    head, row = render(sample_table([line]), None).splitlines()

    assert row.startswith("i" * 40)
    assert row.endswith("r" * 190)
    assert head == head.rstrip()


@pytest.mark.parametrize(("columns", "has_dimensions"), [("80", False), ("120", True)])
def test_a_terminal_gets_lines_that_fit(
    monkeypatch: pytest.MonkeyPatch, columns: str, *, has_dimensions: bool
) -> None:
    """On a terminal ids and remarks give way, then the dimensions, but never a reward."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    line = replace(
        LINE,
        row=LINE.row | {"id": "i" * 40},
        verdict=Verdict.OUTPUT_LIMIT_EXCEEDED,
        remark="r" * 190,
    )
    ours, theirs = pty.openpty()

    with os.fdopen(theirs, "w") as terminal:
        shown = sample_text([line], terminal)
    os.close(ours)

    assert len(shown.splitlines()) == 2
    assert "1.000 " in shown
    assert "output_limit_exceeded" in shown
    assert ("format" in shown) is has_dimensions


def test_colours_are_for_terminals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets no colours, even where the environment would force them."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (tmp_path / "table").open("w") as file:
        assert "\x1b" not in sample_text([LINE], file)


def test_an_ungraded_sample_shows_no_reward() -> None:
    """Its zero means nothing, and must not look like one."""
    _, row = render(sample_table([UNGRADED]), None).splitlines()

    assert row.split()[:3] == ["s-1", "-", "-"]


def test_an_empty_run_has_a_summary() -> None:
    """No samples: no mean, no division by zero."""
    words = words_of(tally_of(), seconds=0.0)

    assert words[:5] == ["samples", "0", "mean", "reward", "-"]


def test_the_rate_is_samples_by_time() -> None:
    """Three samples in two seconds are one and a half a second."""
    words = words_of(tally_of(LINE, LINE, LINE), seconds=2.0)

    assert words[words.index("second") + 1] == "1.5"


def test_an_outage_says_what_to_do() -> None:
    """The number of samples lost, the advice and the first reason are in one line."""
    tally = tally_of(LINE, replace(UNGRADED, is_outage=True, problem="no\nworkers"))

    assert outage_text(tally).startswith("1 of 2 samples could not be graded through our own")
    assert outage_text(tally).endswith("because: no workers")
