"""The progress bar, on a real pseudo-terminal."""

import os
import pty
import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

SAMPLES = '{"id": 1, "messages": []}\n' * 20


def seen_on_a_terminal(*arguments: str, both: bool = False) -> str:
    """Run `verifier score` with a terminal as standard error (or *both*), and watch it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score", "-", *arguments],
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
    seen = b""
    try:
        while piece := os.read(ours, 2**16):
            seen += piece
    except OSError:
        pass  # how a terminal says that nobody is at its other end
    os.close(ours)
    assert process.wait(timeout=10) == 0
    return seen.decode()


def test_a_bar_appears_on_a_terminal() -> None:
    """The bar counts the samples, and is wiped away before the summary."""
    bar, _, rest = seen_on_a_terminal().rpartition("scoring ")

    assert "scoring " in bar
    assert "20 samples" in rest
    assert "\x1b[2K" in rest  # the line is erased
    assert rest.index("\x1b[2K") < rest.index("mean reward")


def test_quiet_shows_no_bar() -> None:
    """With --quiet, not a single character reaches the terminal."""
    assert seen_on_a_terminal("--quiet") == ""


def test_the_bar_makes_room_for_the_table() -> None:
    """On a terminal that shows both, no line of the table shares a line with the bar."""
    lines = seen_on_a_terminal("--table", both=True).splitlines()

    assert not [line for line in lines if "scoring" in line and "reward" in line]
    assert len([line for line in lines if "no_candidate" in line]) == 20 + 1


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_no_bar_off_a_terminal(name: str) -> None:
    """A log gets no bar, even where the environment asks for colours."""
    done = subprocess.run(
        [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score", "-"],
        input=SAMPLES.encode(),
        capture_output=True,
        cwd=REPOSITORY,
        env=os.environ | {name: "1"},
        check=True,
    )

    assert b"scoring" not in done.stderr
    assert b"\x1b" not in done.stderr
