"""The progress bar, on a real pseudo-terminal."""

import itertools
import os
import pty
import subprocess

import pytest

from nova_code_verifier.handlers.cli.progress import ProgressBar
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import COMMAND, no_completions, verifier

SAMPLES = no_completions(20)


def shown_on_a_terminal(*arguments: str, both: bool = False) -> str:
    """Run `verifier score` with a terminal as standard error (or *both*); return what it shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "score", "-", *arguments],
        stdin=subprocess.PIPE,
        stdout=theirs if both else subprocess.DEVNULL,
        stderr=theirs,
        cwd=REPOSITORY,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    assert process.stdin is not None
    process.stdin.write(SAMPLES.encode())
    process.stdin.close()
    shown = b""
    try:
        while piece := os.read(ours, 2**16):
            shown += piece
    except OSError:
        pass  # Linux reports this when the other end of the terminal is closed
    os.close(ours)
    assert process.wait(timeout=10) == 0
    return shown.decode()


def test_a_bar_appears_on_a_terminal() -> None:
    """The bar counts the samples, and is erased before the summary."""
    bar, _, rest = shown_on_a_terminal().rpartition("scoring ")

    assert "scoring " in bar
    assert "20 samples" in rest
    assert "\x1b[2K" in rest  # the line is erased
    assert rest.index("\x1b[2K") < rest.index("mean reward")


def test_quiet_shows_no_bar() -> None:
    """With --quiet, no character reaches the terminal."""
    assert shown_on_a_terminal("--quiet") == ""


def test_the_bar_is_hidden_while_the_table_is_printed() -> None:
    """On a terminal that shows both, no line of the table shares a line with the bar."""
    lines = shown_on_a_terminal("--table", both=True).splitlines()

    assert not [line for line in lines if "scoring" in line and "reward" in line]
    assert len([line for line in lines if "no_candidate" in line]) == 20 + 1


def test_a_log_gets_a_line_from_time_to_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, a line every 30 seconds has the count, the share, the time, the rate."""
    now = [0.0]
    bar = ProgressBar(total_bytes=1000, clock=lambda: now[0])

    for _ in range(7):
        now[0] += 10.0
        bar.count_item(100)

    assert capsys.readouterr().err.splitlines() == [
        "verifier: scoring: 3 samples (30%) in 0:30, 0.1 per second, 1:10 left",
        "verifier: scoring: 6 samples (60%) in 1:00, 0.1 per second, 0:40 left",
    ]


def test_rows_that_are_kept_do_not_count_for_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that goes on knows only how long its own samples take. The place adds its status."""
    now = [0.0]
    bar = ProgressBar(total_bytes=1000, clock=lambda: now[0], status=lambda: "2 in flight")

    for _ in range(50):
        bar.count_item(10, is_kept=True)
    now[0] += 30.0
    bar.count_item(100)

    assert capsys.readouterr().err == (
        "verifier: scoring: 51 samples (60%) in 0:30, 0.0333 per second, 2:00 left, 2 in flight\n"
    )


def test_a_stream_of_unknown_length_has_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Its rate is shown all the same; hours are shown as hours."""
    now = [0.0]
    bar = ProgressBar(total_bytes=None, clock=lambda: now[0])

    now[0] += 4000.0
    bar.count_item(100)

    assert capsys.readouterr().err == (
        "verifier: scoring: 1 samples in 1:06:40, 0.00025 per second\n"
    )


def test_quiet_writes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With --quiet, a log stays empty."""
    clock = itertools.count(0.0, 1000.0)
    bar = ProgressBar(total_bytes=None, quiet=True, clock=lambda: next(clock))

    bar.count_item(1)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_log_gets_no_bar(name: str) -> None:
    """Without a terminal there is no bar, even if the environment asks for colours."""
    done = verifier("score", "-", stdin=SAMPLES, **{name: "1"})

    assert done.returncode == 0
    assert "scoring" not in done.stderr
    assert "\x1b" not in done.stderr
