"""A server of the benchmark's own: real processes, started as a user starts them.

In: options of `verifier serve`. Out: its address, and what it uses: processor time, memory. Its log
is in a file, which names every sample that was graded.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from nova_code_verifier.sandbox.confinement.processes import stat_fields
from tests.processes import descendants

_START_SECONDS, _END_SECONDS = 60.0, 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_TIMES = slice(11, 15)  # of a process and of the children that it has reaped, from the state on


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, url: str) -> None:
        """Wrap a *process* that answers at *url*."""
        self._process = process
        self._log = log
        self.url = url

    @property
    def cpu_seconds(self) -> float:
        """The processor time of all processes so far, guests that have ended included."""
        return sum(cpu_seconds_of(pid) for pid in self._pids())

    @property
    def memory_bytes(self) -> int:
        """The memory of all processes; what they share counts once."""
        return sum(_memory_bytes(pid) for pid in self._pids())

    def samples_in_log(self) -> Counter[str]:
        """Return how often the log has each id of a sample."""
        found = Counter[str]()
        with self._log.open(encoding="utf-8") as lines:
            for line in lines:
                fields = json.loads(line)
                if fields["message"] == "sample":
                    found[str(fields["id"])] += 1
        return found

    def end(self) -> int:
        """Ask the server to end, wait until it has, and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_END_SECONDS)

    def _pids(self) -> list[int]:
        return [self._process.pid, *descendants(self._process.pid)]


def cpu_seconds_of(pid: int) -> float:
    """Return the processor time of a process, and of the children that it has reaped."""
    with suppress(OSError):
        return sum(map(int, stat_fields(pid)[_TIMES])) / _TICKS
    return 0.0


def _memory_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def running_server(directory: Path, *options: str) -> Iterator[Server]:
    """Start `verifier serve` with a port of the kernel's choice, and yield it when it is ready.

    Its files are in *directory*. Raises RuntimeError if it does not get ready.
    """
    log, errors = directory / "log.jsonl", directory / "stderr"
    command = [sys.executable, "-m", "nova_code_verifier.handlers.cli", "serve", "--port", "0"]
    with log.open("wb") as output, errors.open("wb") as error_output:
        process = subprocess.Popen([*command, *options], stdout=output, stderr=error_output)
    try:
        yield Server(process, log, _url_when_ready(process, errors))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _url_when_ready(process: subprocess.Popen[bytes], errors: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := re.search(r"http://\S+(?=/ )", errors.read_text()):
            with (
                suppress(OSError),
                urllib.request.urlopen(f"{found[0]}/ready", timeout=5) as answer,
            ):
                if answer.status == HTTPStatus.OK:
                    return found[0]
        time.sleep(0.05)
    raise RuntimeError(f"the server does not get ready: {errors.read_text()[-2000:]}")
