"""The table of samples, the sums of a run, the summary and the list of problems."""

import os
import pty
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.cli.score.summary import (
    PROBLEMS_KEPT,
    Summary,
    nothing_graded_text,
    outage_list,
    outage_text,
    problem_list,
    sample_text,
    summary_text,
)
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import DIMENSIONS

ACCEPTED: dict[str, object] = {
    "verdict": "accepted",
    "problem": "",
    "is_outage": False,
    "remark": "",
    "tests_passed": 2,
    "tests_total": 2,
    "no_completion": False,
    "weights": dict.fromkeys(DIMENSIONS, 1.0),
}
BROKEN: dict[str, object] = {"verdict": "ungraded", "weights": {}, "problem": "outputs: missing"}
OUTAGE: dict[str, object] = BROKEN | {"problem": "no workers", "is_outage": True}


def line_of(
    details: dict[str, object] | None = None,
    *,
    id: object = "s-1",  # noqa: A002  (the name of the field)
    reward: float = 1.0,
    where: str = "line 1",
    group: int | None = None,
) -> Row:
    """Return a scored sample, accepted but for these *details*."""
    metrics = [{"name": name, "value": 1.0, "type": "Reward"} for name in DIMENSIONS]
    row = {"id": id, "aggregate_reward_score": reward, "metrics_list": metrics}
    sample = ScoredSample(row=row, details=ACCEPTED | (details or {}), group=group)
    return Row(where=where, size_bytes=1, sample=sample)


GRADED = line_of()
UNGRADED = line_of(BROKEN, reward=0.0)


def summary_of(*lines: Row) -> Summary:
    """Add up *lines*."""
    summary = Summary()
    for each in lines:
        summary.add(each)
    return summary


def words_of(summary: Summary, *, seconds: float = 1.0) -> list[str]:
    """Return the words of the summary."""
    return summary_text(summary, seconds, IsolationLevel.KERNEL).split()


def test_the_mean_is_over_graded_samples() -> None:
    """An ungraded sample does not count as a reward of zero."""
    summary = summary_of(line_of(reward=0.5), GRADED, UNGRADED)

    assert (summary.count, summary.graded_count, summary.mean_reward) == (3, 2, 0.75)


def test_the_mean_of_nothing_is_none() -> None:
    """A run in which nothing was graded has no mean."""
    assert summary_of(UNGRADED).mean_reward is None


def test_only_the_first_problems_are_kept() -> None:
    """All problems are counted, but only a few stay in memory."""
    summary = summary_of(*(line_of(BROKEN, where=f"line {number}") for number in range(1, 1001)))

    assert summary.problem_count == 1000
    assert [problem.where for problem in summary.problems] == [
        f"line {number}" for number in range(1, PROBLEMS_KEPT + 1)
    ]


def test_an_outage_is_not_a_problem_of_the_dataset() -> None:
    """A failure of the verifier is counted separately."""
    summary = summary_of(UNGRADED, line_of(OUTAGE))

    assert (summary.problem_count, summary.outage_count) == (1, 1)
    assert summary.first_outage == "no workers"


@pytest.mark.parametrize(
    ("rewards", "line", "is_warned"),
    [
        ((0.2, 0.2, 0.2), "1 100.0% of 1 prompts with several graded samples", True),
        ((0.2, 0.2, 0.3), "0 0.0% of 1 prompts with several graded samples", False),
    ],
)
def test_the_summary_counts_groups_of_equal_rewards(
    rewards: tuple[float, ...], line: str, *, is_warned: bool
) -> None:
    """If all groups are equal, a warning says that they teach nothing."""
    samples = [line_of(group=7, reward=reward) for reward in rewards]

    text = " ".join(summary_text(summary_of(*samples), 1.0, IsolationLevel.KERNEL).split())

    assert f"groups of equal rewards {line}" in text
    assert ("warning: in every prompt group" in text) == is_warned


def test_a_run_without_groups_does_not_mention_them() -> None:
    """One completion for each prompt is no group."""
    text = summary_text(summary_of(GRADED), 1.0, IsolationLevel.KERNEL)

    assert "groups" not in text


def test_the_reasons_of_outages_are_counted() -> None:
    """The most common ones are listed, and the others counted."""
    reasons = ["throttled"] * 12 + ["no\nworkers"] * 3 + [f"reason {n}" for n in range(5)]
    lines = [line_of(OUTAGE | {"problem": reason}) for reason in reasons]

    shown = outage_list(summary_of(GRADED, *lines)).splitlines()

    assert shown[:3] == [
        "20 samples could not be graded by our fault; the reasons:",
        "  12  throttled",
        "   3  no workers",
    ]
    assert shown[6:] == ["  and 2 more"]


def test_the_place_adds_its_facts_to_the_summary() -> None:
    """Each is a line; a level that is not known is not made up."""
    text = summary_text(summary_of(GRADED), 1.0, None, [("invocations", "312", "3 again")])

    lines = [text.split() for text in text.splitlines()]
    assert ["invocations", "312", "3", "again"] in lines
    assert ["isolation", "level", "unknown"] in lines


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;owned\x07", "\x9b31m", "a\nb\r\nc", "\u202eexe.txt", "\ud800", "\x00"]
)
def test_a_sample_cannot_control_the_terminal(hostile: str) -> None:
    """Control characters of an id, a remark or a problem are replaced."""
    sample = line_of(BROKEN | {"problem": hostile, "remark": hostile}, id=hostile)

    shown = sample_text([sample], None) + problem_list(summary_of(sample))

    assert all(char.isprintable() for char in shown.replace("\n", ""))
    assert len(shown.splitlines()) == 4


def test_markup_is_shown_as_it_is() -> None:
    """Brackets in an id or a remark do not format the table."""
    sample = line_of({"remark": "[/bold] nums[0]"}, id="[red]x[/red]")

    shown = sample_text([sample], None)

    assert "[red]x[/red]" in shown
    assert "[/bold] nums[0]" in shown


def test_a_pipe_gets_one_line_per_sample() -> None:
    """Without a terminal, ids and remarks are neither wrapped nor cut to a width."""
    sample = line_of({"remark": "r" * 190}, id="i" * 40)

    header, row = sample_text([sample], None).splitlines()

    assert row.startswith("i" * 40)
    assert row.endswith("r" * 190)
    assert header == header.rstrip()


@pytest.mark.parametrize(("columns", "has_dimensions"), [("80", False), ("120", True)])
def test_a_terminal_gets_lines_that_fit(
    monkeypatch: pytest.MonkeyPatch, columns: str, *, has_dimensions: bool
) -> None:
    """On a narrow terminal ids and remarks are cut and dimensions dropped, but never the reward."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    sample = line_of({"verdict": "output_limit_exceeded", "remark": "r" * 190}, id="i" * 40)
    ours, theirs = pty.openpty()

    with os.fdopen(theirs, "w") as terminal:
        shown = sample_text([sample], terminal)
    os.close(ours)

    assert len(shown.splitlines()) == 2
    assert "1.000 " in shown
    assert "output_limit_exceeded" in shown
    assert ("format" in shown) is has_dimensions


def test_a_file_gets_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR does not change that."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (tmp_path / "table").open("w") as file:
        assert "\x1b" not in sample_text([GRADED], file)


def test_an_ungraded_sample_shows_no_reward() -> None:
    """Its row has a number, which would look like a reward."""
    _, row = sample_text([UNGRADED], None).splitlines()

    assert row.split()[:3] == ["s-1", "-", "-"]


def test_a_run_without_samples_has_a_summary() -> None:
    """It shows no mean, and does not divide by zero."""
    words = words_of(summary_of(), seconds=0.0)

    assert words[:5] == ["samples", "0", "mean", "reward", "-"]


def test_the_rate_is_samples_per_second() -> None:
    """Three samples in two seconds are 1.5 per second."""
    words = words_of(summary_of(GRADED, GRADED, GRADED), seconds=2.0)

    assert words[words.index("second") + 1] == "1.5"


@pytest.mark.parametrize(
    ("count", "heading"),
    [
        (1, "1 sample could not be graded; fix these in the dataset:"),
        (2, "2 samples could not be graded; fix these in the dataset:"),
    ],
)
def test_problems_have_a_heading_with_their_number(count: int, heading: str) -> None:
    """The noun agrees with the number."""
    assert problem_list(summary_of(*[UNGRADED] * count)).splitlines()[0] == heading


def test_a_problem_names_its_line_once() -> None:
    """A problem that begins with the number of its line is not shown with a second one."""
    sample = line_of(BROKEN | {"problem": "line 7: not JSON"}, where="line 7", id=None)

    assert problem_list(summary_of(sample)).splitlines()[1] == "  line 7: not JSON"


def test_the_most_common_reason_is_named() -> None:
    """Where nothing was graded, one line has the reason that most samples share."""
    other = line_of(BROKEN | {"problem": "line 1: not JSON"})

    text = nothing_graded_text(summary_of(other, UNGRADED, UNGRADED))

    assert text == (
        "found 3 samples, of which none could be graded; "
        "the most common reason (2 samples): outputs: missing"
    )


def test_the_place_of_a_sample_is_no_part_of_the_reason() -> None:
    """The same fault on different lines is one reason."""
    samples = [
        line_of(BROKEN | {"problem": f"{where}: not JSON"}, where=where)
        for where in ("line 1", "line 2")
    ]

    assert summary_of(*samples).reasons == {"not JSON": 2}


def test_one_graded_sample_is_something() -> None:
    """Only a run without any verdict has graded nothing; an empty one is another fault."""
    kept = summary_of(UNGRADED)
    kept.kept_count = 1

    assert summary_of(UNGRADED).has_graded_nothing
    assert not any(
        summary.has_graded_nothing for summary in (summary_of(), summary_of(UNGRADED, GRADED), kept)
    )


def test_a_resumed_run_with_nothing_left_has_no_rate_and_no_mean() -> None:
    """Nothing was scored: 0 samples a second would be a wrong measurement."""
    kept = summary_of()
    kept.kept_count = 3

    text = summary_text(kept, 1.0, IsolationLevel.KERNEL)

    assert "and 3 kept from before" in text
    assert "per second" not in text
    assert "mean" not in text


def test_samples_without_an_assistant_turn_are_counted() -> None:
    """Their reward of 0 does not look like that of wrong programs."""
    raw = line_of({"no_completion": True})

    text = summary_text(summary_of(raw, GRADED), 1.0, IsolationLevel.KERNEL)

    assert "1 sample without an assistant turn: nothing to run\n" in text


def test_an_outage_says_how_many_to_score_again() -> None:
    """One line has the number of samples and the first reason."""
    summary = summary_of(GRADED, line_of(OUTAGE | {"problem": "no\nworkers"}))

    text = outage_text(summary)

    assert text.startswith("1 of 2 samples could not be graded because the verifier failed")
    assert "score them again" in text
    assert text.endswith("First reason: no workers")
