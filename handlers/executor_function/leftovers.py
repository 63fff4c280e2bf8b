"""What candidates left behind on a machine that is ours alone: processes and files.

In: an executor that has nothing to do. Out: what is there besides it. Files are looked for where
guests may write; processes are this one's descendants where the kernel makes it their parent
when their own dies, else whatever was not there in the beginning. Must not know: why it matters.
"""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
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
    """What was there before the first candidate, and what is there besides."""

    def __init__(self) -> None:
        """Look around, before an executor is started."""
        self._adopts = _granted(kernel.adopt_orphans)
        self._processes = {one.pid for one in _processes()}
        self._directory = Path(tempfile.gettempdir())
        self._files = set(self._directory.iterdir())

    def hide(self) -> None:
        """Close this process's memory and environment to guests, where the kernel grants it."""
        _granted(kernel.hide_from_peers)

    def found(self, executor: LocalExecutor) -> list[str]:
        """Name what is here and should not be."""
        return [
            *(f"process {pid}" for pid in self._strangers(executor)),
            *(f"file {path.name}" for path in self._new_files(executor)),
        ]

    def wipe(self, executor: LocalExecutor) -> None:
        """Remove what was found, as far as it lets itself be removed."""
        for pid in self._strangers(executor):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for path in self._new_files(executor):
            self._remove(path)

    @staticmethod
    def _remove(path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            path.unlink()

    def _strangers(self, executor: LocalExecutor) -> list[int]:
        known = {os.getpid(), *executor.zygote_pids}
        alive = list(_processes())
        if self._adopts:
            ours = _descendants(alive, os.getpid())
            _bury(one.pid for one in ours if one.is_dead and one.pid not in known)
            return [one.pid for one in ours if not one.is_dead and one.pid not in known]
        known |= self._processes
        return [one.pid for one in alive if not one.is_dead and one.pid not in known]

    def _new_files(self, executor: LocalExecutor) -> list[Path]:
        workers = {Path(path) for path in executor.work_directories}
        own = {worker.parent for worker in workers}
        inside = {path for directory in own for path in directory.iterdir()} - workers
        inside |= {path for worker in workers for path in worker.iterdir()}
        return sorted((set(self._directory.iterdir()) - self._files - own) | inside)


def _granted(wish: Callable[[], None]) -> bool:
    try:
        wish()
    except OSError:
        return False
    return True


def _bury(pids: Iterable[int]) -> None:
    """Let go of adopted children that have ended; they would stay for ever else."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _descendants(processes: list[_Process], root: int) -> list[_Process]:
    found: list[_Process] = []
    parents = {root}
    while parents:
        children = [one for one in processes if one.parent in parents]
        found += children
        parents = {one.pid for one in children}
    return found


def _processes() -> Iterator[_Process]:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            # The second field, a name in parentheses, is the process's own choice.
            state, parent, *_ = (place / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # it has just gone
        yield _Process(pid=int(place.name), parent=int(parent), is_dead=state in (b"Z", b"X"))
