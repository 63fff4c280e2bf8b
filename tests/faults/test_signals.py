"""Signals to a real run, and an interrupt at any moment of a batch."""

import json
import os
import random
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run
from tests.paths import REPOSITORY
from tests.processes import processes_in, start_python, wait_until
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT, sample

SLOW = "import time; time.sleep(0.2); print(2 * int(input()))"
INTERRUPTS = 12
# In a session of its own, the first terminal that a process opens is the one that it belongs to.
MAIN = """
import os
os.setsid()
os.dup2(os.open(TERMINAL, os.O_RDWR), 2)
from nova_code_verifier.handlers.cli.app import main
main()
"""


@pytest.mark.parametrize(
    ("signals", "is_writing", "status"),
    [
        ([signal.SIGTERM], False, 143),
        ([signal.SIGHUP], True, 129),
        ([signal.SIGINT, signal.SIGINT, signal.SIGTERM], True, 130),
    ],
)
def test_a_stopped_run_leaves_nothing_but_whole_rows(
    temporary: Path, tmp_path: Path, signals: list[signal.Signals], *, is_writing: bool, status: int
) -> None:
    """While the sandbox starts, or while rows are written; with a second signal at once, too."""
    source, out = tmp_path / "samples", tmp_path / "rows"
    lines = [sample(f"{SLOW}  # {number}", sample_id=number) for number in range(20)]
    source.write_text("\n".join(lines))
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out, "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
    )

    def has_begun() -> bool:
        if is_writing:
            return out.exists() and out.stat().st_size > 0
        return bool(processes_in(temporary))

    wait_until(has_begun)

    for number in signals:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    wait_until(lambda: not processes_in(temporary))
    assert "Traceback" not in errors
    assert process.returncode in ({status, 143} if len(signals) > 1 else {status})
    assert not list(temporary.iterdir())
    rows = out.read_text() if out.exists() else ""
    assert rows.endswith("\n") or not rows
    assert [json.loads(row)["id"] for row in rows.splitlines()] == list(range(rows.count("\n")))


def test_a_terminal_that_closes_ends_the_run(temporary: Path, tmp_path: Path) -> None:
    """The bar on it cannot be cleared any more: that changes neither status nor rows."""
    source, out = tmp_path / "samples", tmp_path / "rows"
    source.write_text("\n".join(sample(f"{SLOW}  # {number}") for number in range(20)))
    script = f"import sys; sys.argv[1:] = {['score', str(source), '--out', str(out)]!r}\n{MAIN}"
    ours, theirs = os.openpty()
    process = start_python(f"TERMINAL = {os.ttyname(theirs)!r}\n{script}", temporary)
    os.set_blocking(ours, False)

    def has_begun() -> bool:
        with suppress(BlockingIOError):
            os.read(ours, 2**16)
        return out.exists() and out.stat().st_size > 0

    wait_until(has_begun)
    os.close(ours)
    os.close(theirs)
    process.communicate(timeout=60)

    assert process.returncode == 129
    assert out.read_text().endswith("\n")
    wait_until(lambda: not processes_in(temporary))
    assert not list(temporary.iterdir())


# An interrupt may come between the system call that makes a socket and the first name for it. Then
# nobody can close it but its finalizer, which does, and warns.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_an_interrupt_at_any_moment_spoils_no_later_batch() -> None:
    """The next batch has the right outputs, and there are no more zygotes than workers."""
    moments = random.Random(1)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with LocalExecutor(workers=1) as executor:
        jobs = [Job(program=f"print({number})", questions=(Run(),) * 2) for number in range(8)]
        right = dict(executor.run(jobs)).keys()
        before = signal.signal(signal.SIGALRM, interrupt)
        interrupted = 0
        try:
            for _ in range(INTERRUPTS):
                signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0005, 0.03))
                try:
                    list(executor.run(jobs))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except KeyboardInterrupt:
                    interrupted += 1
                outputs = {
                    index: {execution.stdout for execution in executions}
                    for index, executions in executor.run(jobs)
                }
                assert outputs == {index: {f"{index}\n".encode()} for index in right}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        directory = Path(executor.work_directories[0]).parent.parent
        wait_until(lambda: processes_in(directory) == list(executor.zygote_pids))
        assert interrupted
    assert not directory.exists()
    assert os.getpid() not in processes_in(directory)
