"""Shards that hang: real processes, and a clock that the test sets."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nova_code_verifier.handlers.cli.score.places.shard_watch import (
    Patience,
    ShardWatch,
    patience_for,
)
from nova_code_verifier.sandbox.host.usage import cpu_seconds
from nova_code_verifier.sandbox.types import Limits
from tests.processes import wait_until

PATIENCE = Patience(quiet_seconds=10.0, busy_seconds=0.05)


@contextmanager
def running(code: str) -> Iterator[int]:
    """Run *code* in a process, and return its id when it has begun."""
    code = f"print(flush=True); {code}"
    command = [sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def test_a_process_that_stands_still_hangs() -> None:
    """Only the time counts for which it used no processor time."""
    with running("import signal; signal.pause()") as pid:
        watch = ShardWatch(pid, PATIENCE, 100.0)
        os.kill(pid, signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)
        watch.restart(105.0)

        assert watch.problem(115.0) == ""
        assert watch.problem(115.1) == "it used no processor time for 10 s"
        watch.restart(115.1)
        assert watch.problem(125.0) == ""


def test_a_process_that_computes_hangs_when_it_has_used_too_much() -> None:
    """However late it is, it does not stand still; an answer begins the count anew."""
    with running("\nwhile True: pass") as pid:
        watch = ShardWatch(pid, PATIENCE, 0.0)
        patient = ShardWatch(pid, patience_for(Limits()), 0.0)
        used = cpu_seconds(pid) or 0.0
        wait_until(lambda: (cpu_seconds(pid) or 0.0) > used + 0.06)

        assert watch.problem(1.0) == "it used 0.05 s of processor time without an answer"
        assert patient.problem(1000.0) == ""
        watch.restart(1.0)
        os.kill(pid, signal.SIGSTOP)
        assert watch.problem(1.0) == ""


def test_long_limits_make_patient_and_short_ones_do_not_make_hasty() -> None:
    """A shard needs some time of its own, however short its samples are."""
    short = patience_for(Limits(total_cpu_seconds=0.1, total_wall_seconds=0.1))
    long = patience_for(Limits(total_cpu_seconds=1000.0, total_wall_seconds=2000.0))

    assert short.busy_seconds >= 60.0
    assert long.busy_seconds >= 10 * 3000.0


def test_a_process_that_has_ended_does_not_hang() -> None:
    """Its socket says how it ended."""
    with running("") as pid:
        watch = ShardWatch(pid, PATIENCE, 0.0)

    assert watch.problem(1000.0) == ""
