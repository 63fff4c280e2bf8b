"""A server of the benchmark's own: real processes, started as a user starts them.

In: options of `verifier serve`. Out: its address, and what it uses: processor time, memory. Its log
is in a file, which names every sample that was graded.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nova_code_verifier.sandbox.confinement.processes import stat_fields
from tests.processes import descendants
from tests.service import Running, running_service

_TICKS = os.sysconf("SC_CLK_TCK")
_TIMES = slice(11, 15)  # of a process and of the children that it has reaped, from the state on


class Server:
    """A running server."""

    def __init__(self, running: Running) -> None:
        """Look at the processes of a service."""
        self._pid = running.process.pid
        self._log = running.log
        self.url = running.url
        self.end = running.end

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

    def _pids(self) -> list[int]:
        return [self._pid, *descendants(self._pid)]


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
    """Start `verifier serve` with *options*, and yield it when it is ready."""
    with running_service(directory, *options) as running:
        yield Server(running)
