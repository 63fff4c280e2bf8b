"""Find what candidates left behind on a machine that only runs candidates: processes and files.

In: an executor that is idle. Out: the processes and files that do not belong to it. Files are
searched where guests may write. If the kernel makes this process the parent of orphans, all its
descendants are searched; otherwise every process that was not there at the start.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nova_code_verifier.sandbox.confinement import kernel
from nova_code_verifier.sandbox.host.local import LocalExecutor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    pid: int
    parent: int
    is_dead: bool


class Leftovers:
    """Finds the processes and files that were not there before the first candidate."""

    def __init__(self) -> None:
        """Note all processes and files. Call this before an executor starts."""
        self._adopts_orphans = False
        with suppress(OSError):  # then all processes are searched
            kernel.adopt_orphans()
            self._adopts_orphans = True
        self._first_pids = {process.pid for process in _processes()}
        self._directory = Path(tempfile.gettempdir())
        self._first_files = set(self._directory.iterdir())

    def found(self, executor: LocalExecutor) -> list[str]:
        """Return the names of all processes and files that should not be there."""
        return [
            *(f"process {pid}" for pid in self._new_pids(executor)),
            *(f"file {path.name}" for path in self._new_files(executor)),
        ]

    def wipe(self, executor: LocalExecutor) -> None:
        """Kill these processes and remove these files, as far as possible."""
        for pid in self._new_pids(executor):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for path in self._new_files(executor):
            self._remove(path)

    @staticmethod
    def _remove(path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.unlink()

    def _new_pids(self, executor: LocalExecutor) -> list[int]:
        known = {os.getpid(), *executor.zygote_pids}
        processes = list(_processes())
        if self._adopts_orphans:
            processes = _descendants(processes, os.getpid())
            for process in processes:
                if process.is_dead and process.pid not in known:
                    # Nobody else collects adopted children, and they would fill the table.
                    with suppress(ChildProcessError):
                        os.waitpid(process.pid, os.WNOHANG)
        else:
            known |= self._first_pids
        return [p.pid for p in processes if not p.is_dead and p.pid not in known]

    def _new_files(self, executor: LocalExecutor) -> list[Path]:
        writable = {Path(path) for path in executor.writable_directories}
        workers = {path.parent for path in writable}
        own = {path.parent for path in workers}
        inside = (_children(own) - workers) | (_children(workers) - writable) | _children(writable)
        return sorted((_children({self._directory}) - self._first_files - own) | inside)


def _children(directories: set[Path]) -> set[Path]:
    return {path for directory in directories for path in directory.iterdir()}


def _descendants(processes: list[_Process], root: int) -> list[_Process]:
    found: list[_Process] = []
    parents = {root}
    while parents:
        children = [process for process in processes if process.parent in parents]
        found += children
        parents = {child.pid for child in children}
    return found


def _processes() -> Iterator[_Process]:
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            # The second field, a name in parentheses, is chosen by the process: skip past it.
            state, parent, *_ = (directory / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # the process has just ended
        yield _Process(pid=int(directory.name), parent=int(parent), is_dead=state in (b"Z", b"X"))
