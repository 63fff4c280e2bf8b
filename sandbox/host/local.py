"""Run jobs on this machine: workers of warm zygotes, all watched by one loop.

In: jobs. Out: their executions, as they come to an end. Must not know: tests, answers,
rewards.
"""

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Generator, Iterable
from pathlib import Path

from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
from nova_code_verifier.sandbox.host.deadline import DeadlineView
from nova_code_verifier.sandbox.host.event_loop import Batch
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.types import Execution, Executor, IsolationLevel, Job


class LocalExecutor:
    """Runs jobs in sandboxed guests of this machine.

    Starts its zygotes at once and keeps them warm until `close` (or the end of a `with`
    block). Safe to share between threads: one batch runs at a time. A process forked from
    this one gets workers of its own.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        level: IsolationLevel | None = None,
        required: IsolationLevel | None = None,
        preloaded: tuple[str, ...] = (),
    ) -> None:
        """Start *workers* zygotes (unless given: one per usable processor, and one to spare).

        *level* None takes the strongest wall that the kernel grants. Raises
        IsolationRefusedError, at the latest in `run`, if that is below *required*: unless
        given, the level that was asked for by name, or `INTERPRETER`. Raises SandboxError
        if there is no place for the work directories. Guests find the modules *preloaded*
        loaded, however they are walled in: trusted ones, as they are loaded outside.
        """
        self._preloaded = preloaded
        self._relatives: dict[tuple[str, ...], LocalExecutor] = {}
        self._count = workers or _fitting_count()
        self._wanted = level
        self._refusal = ""
        self._required = required or level or IsolationLevel.INTERPRETER
        if level is not None and level < self._required:
            raise IsolationRefusedError(f"level {level} was asked for, {self._required} required")
        self._start(level or IsolationLevel.KERNEL)

    def _start(self, level: IsolationLevel) -> None:
        self._level = level
        self._owner_pid = os.getpid()
        self._is_ready = self._is_running = False
        self._lock = threading.RLock()
        self._directory = _new_directory()
        self._workers: list[Worker] = []
        self._close = weakref.finalize(
            self, _close, self._workers, self._directory, owner_pid=self._owner_pid
        )
        self._workers += map(self._new_worker, range(self._count))

    def _new_worker(self, number: int) -> Worker:
        return Worker(
            number=number,
            level=self._level,
            directory=self._directory,
            preloaded=self._preloaded,
        )

    @property
    def level(self) -> IsolationLevel:
        """The wall that every guest gets. Waits for the zygotes to tell."""
        self._make_ready()
        return self._level

    def level_by(self, _deadline: float) -> IsolationLevel:
        """Return the level. Zygotes have a deadline of their own for their start."""
        return self.level

    @property
    def isolates_trusted_code(self) -> bool:
        """No: candidates and trusted programs are guests of the same machine."""
        return False

    @property
    def granted(self) -> dict[str, object]:
        """What the kernel granted, by name of protection; `kernel_refused` says why not more."""
        self._make_ready()
        return self._workers[0].granted | (
            {"kernel_refused": self._refusal} if self._refusal else {}
        )

    @property
    def zygote_pids(self) -> tuple[int, ...]:
        """The process ids of the zygotes."""
        return tuple(worker.zygote_pid for worker in self._workers)

    @property
    def work_directories(self) -> tuple[str, ...]:
        """Where the guests of each worker may write."""
        return tuple(str(worker.work_directory) for worker in self._workers)

    def _make_ready(self) -> None:
        if not self._close.alive:
            raise SandboxError("this executor has been closed")
        if self._owner_pid != os.getpid():
            for worker in self._workers:  # after a fork: they belong to the parent
                worker.detach()
            self._start(self._level)
        if not self._is_ready or any(worker.is_closed for worker in self._workers):
            with self._lock:
                self._greet()

    def _greet(self) -> None:
        """Have all workers ready, at a level that the kernel grants to all of them."""
        for number, worker in enumerate(self._workers):
            if worker.is_closed:  # the batch before could not keep it, nor replace it
                self._workers[number] = self._new_worker(number)
        if not all(worker.wait_ready() for worker in self._workers):
            self._refusal = self._workers[0].refusal or ""
            self.close()
            if self._wanted is not None or self._required >= self._level:
                raise IsolationRefusedError(
                    f"the kernel refuses isolation level {self._level}: {self._refusal}"
                )
            self._start(IsolationLevel.INTERPRETER)
            self._greet()
        self._is_ready = True

    def close(self) -> None:
        """End all zygotes and remove their directories."""
        for relative in self._relatives.values():
            relative.close()
        self._close()

    def __enter__(self) -> "LocalExecutor":
        """Be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def with_preloaded(self, modules: tuple[str, ...]) -> "LocalExecutor":
        """Be another executor, whose guests find *modules* loaded. Closed with this one."""
        with self._lock:
            if modules not in self._relatives:
                self._relatives[modules] = LocalExecutor(
                    workers=self._count,
                    level=self._wanted,
                    required=self._required,
                    preloaded=modules,
                )
            return self._relatives[modules]

    def with_deadline(self, deadline: float) -> Executor:
        """Return a view of this executor that stops at *deadline* (`time.monotonic` seconds)."""
        return DeadlineView(self, deadline)

    def run(
        self, jobs: Iterable[Job], *, deadline: float = float("inf")
    ) -> Generator[tuple[int, tuple[Execution, ...]], None, None]:
        """Yield, for each job as it ends, its place in *jobs* and its executions.

        Questions that *deadline* cut short, or that lost their zygote twice, end as
        `NOT_RUN`. Raises SandboxError if no zygote can be started.
        """
        self._make_ready()
        with self._lock:
            if self._is_running:
                raise SandboxError("run: the batch before must be read to its end, or closed")
            self._is_running = True
            try:
                yield from Batch(self._workers, self._new_worker, jobs, deadline).run()
            finally:
                self._is_running = False


def _fitting_count() -> int:
    """Keep every processor busy while some guests wait for a word of their keeper's."""
    processors = len(os.sched_getaffinity(0))
    return processors + 1 if processors > 1 else 1


def _new_directory() -> Path:
    try:
        directory = Path(tempfile.mkdtemp(prefix="verifier-")).resolve()
        directory.chmod(0o711)  # a guest with a uid of its own must reach its own
    except OSError as error:
        raise SandboxError(f"no place for the guests' work directories: {error}") from error
    return directory


def _close(workers: list[Worker], directory: Path, *, owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child must not end its parent's zygotes
    for worker in workers:
        worker.close()
    shutil.rmtree(directory, ignore_errors=True)
