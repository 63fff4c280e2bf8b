"""Graders: ours, and the peers of `peer_host.py`. Each grades the completions of a round once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.workloads import Work
from nova_code_verifier import DiscoveryCache, LocalExecutor, judge


@dataclass(frozen=True, slots=True)
class Graded:
    """The seconds that it took, those of all processors in it, and which completions passed."""

    seconds: float
    processor_seconds: float
    passed: list[bool]


def processor_seconds(roots: Iterable[int]) -> float:
    """Return the processor time of processes, of their descendants, and of those that ended."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sum(ticks.get(pid, 0) for pid in found) / os.sysconf("SC_CLK_TCK")


_HOST = Path(__file__).with_name("peer_host.py")


class Peer:
    """A grader without a sandbox, in an interpreter of its own."""

    def __init__(self, name: str, processes: int, python: str = sys.executable) -> None:
        """Start its host with this interpreter."""
        self._host = subprocess.Popen(
            [python, str(_HOST), name, str(processes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def grade(self, works: Sequence[Work]) -> Graded:
        """Grade all *works*."""
        assert self._host.stdin
        assert self._host.stdout
        self._host.stdin.write(json.dumps([work.item for work in works]) + "\n")
        before = processor_seconds([self._host.pid])
        self._host.stdin.flush()
        seconds, passed = json.loads(self._host.stdout.readline())
        return Graded(seconds, processor_seconds([self._host.pid]) - before, passed)

    def close(self) -> None:
        """End the host."""
        self._host.communicate()


class Ours:
    """Our verifier, with a warm executor."""

    def __init__(self, *, workers: int, fast_paths: bool) -> None:
        """Start the executor."""
        self.executor = LocalExecutor(workers=workers, fast_paths=fast_paths)
        self._cache = DiscoveryCache()

    def grade(self, works: Sequence[Work], *, first_sight: bool = False) -> Graded:
        """Grade all *works*; at *first sight*, without what was found out about their tests."""
        cache = DiscoveryCache() if first_sight else self._cache
        samples = [work.sample for work in works]
        before, started = self._processor_seconds(), time.perf_counter()
        scores = judge(samples, self.executor, discovery_cache=cache)
        seconds = time.perf_counter() - started
        passed = [score.correctness == 1.0 for score in scores]
        return Graded(seconds, self._processor_seconds() - before, passed)

    def _processor_seconds(self) -> float:
        return time.process_time() + processor_seconds(self.executor.zygote_pids)

    def close(self) -> None:
        """End the executor."""
        self.executor.close()


def evalplus_problem(python: str) -> str:
    """Say why evalplus cannot be measured; "" if it can."""
    if not python:
        return "no interpreter was named (--evalplus PYTHON)"
    command = [python, "-c", "import evalplus.evaluate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
