"""Nobody is late because this process was away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

import pytest

from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from tests.processes import descendants
from tests.unit.sandbox.host.sleepers import JOBS, LIMITS

_AWAY_SECONDS = 1.6 * LIMITS.wall_seconds  # and as much more than a zygote may take


def _alone(pid: int) -> list[int]:
    return [pid]


def _with_descendants(pid: int) -> list[int]:
    """Return the process and all that descend from it: zygotes and guests."""
    return [pid, *descendants(pid)]


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _results(stopped: Callable[[int], list[int]] | None = None) -> list[str]:
    """Run the batch, and stop it several times; return how its questions ended."""
    command = [sys.executable, "-m", "tests.unit.sandbox.host.sleepers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as batch:
        assert batch.stdout is not None
        assert batch.stdout.readline() == "begin\n"
        for run_seconds in (0.0, 0.3, 0.3) if stopped else ():
            time.sleep(run_seconds)
            pids = stopped(batch.pid) if stopped else []
            _signal(pids, signal.SIGSTOP)
            time.sleep(_AWAY_SECONDS)
            _signal(reversed(pids), signal.SIGCONT)
        lines = batch.stdout.read().splitlines()
    assert len(lines) == len(JOBS)
    return lines


@pytest.mark.parametrize("stopped", [_alone, _with_descendants])
def test_a_process_that_was_stopped_judges_as_if_it_had_not(
    stopped: Callable[[int], list[int]],
) -> None:
    """No guest is late, and no zygote is stuck, for longer than any limit."""
    assert _results(stopped) == _results()


def test_only_waiting_counts() -> None:
    """What happens between two waits takes no time, and a wait no more than was planned."""
    clock = GuestClock()
    start = clock.now
    time.sleep(0.05)
    clock.wait(lambda _seconds: time.sleep(0.2), 0.01)

    assert clock.now - start == pytest.approx(0.01)
    assert clock.absent_seconds >= 0.2
