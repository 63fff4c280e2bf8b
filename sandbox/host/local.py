"""Run jobs on this machine, with workers that each keep a zygote warm."""

import os
import shutil
import sys
import threading
import weakref
from collections.abc import Callable, Generator, Iterable
from itertools import chain
from pathlib import Path

from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
from nova_code_verifier.sandbox.host.deadline import DeadlineView
from nova_code_verifier.sandbox.host.directory import new_directory, remove_leftovers
from nova_code_verifier.sandbox.host.event_loop import EventLoop
from nova_code_verifier.sandbox.host.memory import bytes_for_guests, fitting_workers
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.types import (
    Company,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    Limits,
)


class LocalExecutor:
    """Runs jobs in sandboxed guests of this machine.

    The constructor starts the zygotes; `close`, or the end of a `with` block, ends them. Safe to
    share between threads: one batch runs at a time. A process forked from this one gets workers
    of its own.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        level: IsolationLevel | None = None,
        required: IsolationLevel | None = None,
        preloaded: tuple[str, ...] = (),
        fast_paths: bool = True,
        memory_bytes: int = Limits().memory_bytes,
        guests_bytes: float | None = None,
    ) -> None:
        """Start *workers* zygotes; by default one per usable processor, and one more if several.

        Guests of up to *memory_bytes*, one for each worker, must fit the memory of this machine: by
        default, there are as many workers as fit. Guests with larger limits run when there is room.
        All guests together get *guests_bytes*; by default all memory that there is for guests.
        Where several processes have executors, each needs a part of it.

        *level* None selects the strongest level that the kernel grants. *required* defaults to
        *level*, or to `INTERPRETER` without one. Guests find the modules *preloaded* imported;
        these must be trusted, because the zygote imports them before it is confined. *fast_paths*
        are as in `Executor`.

        Raises IsolationRefusedError, at the latest in `run`, if the level is below *required*,
        and SandboxError if no work directories can be made, or memory is too small for *workers*.
        """
        self._preloaded = preloaded
        self.fast_paths = fast_paths
        self._preloaded_executors: dict[tuple[str, ...], LocalExecutor] = {}
        self._guests_bytes = guests_bytes
        self._count = fitting_workers(
            workers,
            default=default_worker_count(),
            guest_bytes=memory_bytes,
            guests_bytes=bytes_for_guests() if guests_bytes is None else guests_bytes,
        )
        self._memory_bytes = memory_bytes
        self._requested_level = level
        self._refusal = ""
        self._required = required or level or IsolationLevel.INTERPRETER
        if level is not None and level < self._required:
            raise IsolationRefusedError(
                f"isolation: level {level} is below the required level {self._required}"
            )
        self._start(level or IsolationLevel.KERNEL)

    def _start(self, level: IsolationLevel) -> None:
        self._level = level
        self._owner_pid = os.getpid()
        self._is_ready = self._is_running = False
        self._lock = threading.RLock()
        self._preloading = threading.Lock()  # not the other one: a run holds that to its end
        remove_leftovers()
        try:
            self._directory, self._directory_lock = new_directory()
        except OSError as error:
            raise SandboxError(f"no directory for the guests: {error}") from error
        self._workers: list[Worker] = []
        self._pools: dict[tuple[str, ...], list[Worker]] = {(): self._workers}
        self._close = weakref.finalize(
            self,
            _close,
            self._pools,
            self._directory,
            self._directory_lock,
            owner_pid=self._owner_pid,
        )
        _EXECUTORS.add(self)
        try:
            self._workers += map(self._new_worker, range(self._count))
        except BaseException:
            self._close()
            raise

    def _new_worker(self, number: int, libraries: tuple[str, ...] = ()) -> Worker:
        return Worker(
            number=number + self._count * list(self._pools).index(libraries),
            level=self._level,
            directory=self._directory,
            preloaded=self._preloaded,
            libraries=libraries,
        )

    @property
    def _all_workers(self) -> list[Worker]:
        return list(chain.from_iterable(self._pools.values()))

    @property
    def level(self) -> IsolationLevel:
        """Return the level of every guest. Waits until the zygotes are ready."""
        self._make_ready()
        return self._level

    def level_by(self, _deadline: float) -> IsolationLevel:
        """Return the level. The start of the zygotes has its own, shorter deadline."""
        return self.level

    @property
    def isolates_trusted_code(self) -> bool:
        """Return False: candidates and trusted programs are guests of the same machine."""
        return False

    @property
    def environment(self) -> str:
        """Return the interpreter and the state of the directories that guests import from.

        Whoever installs or removes a package changes the time of its directory.
        """
        times = [_changed_at(path) for path in sys.path]
        return f"{sys.version} {sys.path} {times}"

    @property
    def granted(self) -> dict[str, object]:
        """Return what the kernel granted, by protection. `kernel_refused` says why not more."""
        self._make_ready()
        refused = {"kernel_refused": self._refusal} if self._refusal else {}
        return self._workers[0].granted | refused

    @property
    def zygote_pids(self) -> tuple[int, ...]:
        """Return the process ids of the zygotes, those of `with_preloaded` included."""
        others = (executor.zygote_pids for executor in self._preloaded_executors.values())
        return (*(worker.zygote_pid for worker in self._all_workers), *chain(*others))

    @property
    def work_directories(self) -> tuple[str, ...]:
        """Return the current directory of each worker's guests."""
        return tuple(str(worker.writable[0]) for worker in self._all_workers)

    @property
    def writable_directories(self) -> tuple[str, ...]:
        """Return the directories in which guests may write: each worker has two.

        Those of `with_preloaded` are included.
        """
        own = (str(path) for worker in self._all_workers for path in worker.writable)
        others = (executor.writable_directories for executor in self._preloaded_executors.values())
        return (*own, *chain(*others))

    def _make_ready(self) -> None:
        if not self._close.alive:
            raise SandboxError("this executor has been closed")
        if self._owner_pid != os.getpid():  # after a fork, the workers belong to the parent
            self._start(self._level)
        if not self._is_ready or any(worker.is_closed for worker in self._workers):
            with self._lock:
                self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        """Wait for all workers; start over at a weaker level if the kernel refuses this one."""
        for number, worker in enumerate(self._workers):
            if worker.is_closed:  # the last batch could neither keep nor replace it
                self._workers[number] = self._new_worker(number)
        if not all(worker.wait_ready() for worker in self._workers):
            self._refusal = self._workers[0].refusal or ""
            self.close()
            if self._requested_level is not None or self._required >= self._level:
                raise IsolationRefusedError(
                    f"the kernel refuses isolation level {self._level}: {self._refusal}"
                )
            self._start(IsolationLevel.INTERPRETER)
            self._wait_until_ready()
        self._is_ready = True

    def close(self) -> None:
        """End all zygotes and remove their directories."""
        for executor in self._preloaded_executors.values():
            executor.close()
        self._close()

    def leave_to_parent(self) -> None:
        """Close our copies of all descriptors, in a process that was forked from the owner.

        Otherwise zygotes and directory would seem to be in use after the end of the parent.
        """
        if self._close.alive and self._directory_lock >= 0:
            for worker in self._all_workers:
                worker.detach()
            os.close(self._directory_lock)
            self._directory_lock = -1

    def __enter__(self) -> "LocalExecutor":
        """Return this executor, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def with_preloaded(self, modules: tuple[str, ...]) -> "LocalExecutor":
        """Return an executor whose guests find *modules* imported. It is closed with this one."""
        with self._preloading:
            if modules not in self._preloaded_executors:
                self._preloaded_executors[modules] = LocalExecutor(
                    workers=self._count,
                    level=self._requested_level,
                    required=self._required,
                    preloaded=modules,
                    fast_paths=self.fast_paths,
                    memory_bytes=self._memory_bytes,
                    guests_bytes=self._guests_bytes,
                )
            return self._preloaded_executors[modules]

    def with_sessions(self, modules: tuple[str, ...]) -> "LocalExecutor":
        """Return the executor for sessions: candidates and harnesses are guests of one zygote."""
        return self.with_preloaded(modules)

    def with_deadline(self, deadline: float) -> Executor:
        """Return a view of this executor that stops at *deadline* (`time.monotonic` seconds)."""
        return DeadlineView(self, deadline)

    def run(
        self,
        jobs: Iterable[Job],
        *,
        deadline: float = float("inf"),
        company: Company | None = None,
        is_unwanted: Callable[[int], bool] | None = None,
    ) -> Generator[tuple[int, tuple[Execution, ...]], None, None]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        *company* is used with fast paths. Questions that were not answered at *deadline*, whose job
        *is unwanted* (asked again and again, with its index), or that lost their zygote twice, end
        as `NOT_RUN`. Raises SandboxError if no zygote can be started.
        """
        self._make_ready()
        with self._lock:
            if self._is_running:
                raise SandboxError(
                    "run: another batch is running; read it to its end or close it first"
                )
            self._is_running = True
            try:
                company = company if self.fast_paths else None
                yield from EventLoop(
                    self._pools,
                    self._new_worker,
                    jobs,
                    deadline,
                    company=company,
                    is_unwanted=is_unwanted,
                    guests_bytes=self._guests_bytes,
                ).run()
            except (OSError, MemoryError) as error:
                raise SandboxError(f"this machine has too little for a batch: {error!r}") from error
            finally:
                self._is_running = False


def _changed_at(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  (for every batch)
    except OSError:
        return 0  # it is not there, or closed to us


def default_worker_count() -> int:
    """Return how many workers keep every processor busy while some guests wait for the host."""
    processors = len(os.sched_getaffinity(0))
    return processors + 1 if processors > 1 else 1


def _close(
    pools: dict[tuple[str, ...], list[Worker]], directory: Path, lock: int, *, owner_pid: int
) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child must not end its parent's zygotes
    try:
        _close_all(pools, directory)
    except BaseException:  # a second Ctrl-C
        _close_all(pools, directory)
        raise
    finally:
        os.close(lock)


def _close_all(pools: dict[tuple[str, ...], list[Worker]], directory: Path) -> None:
    for worker in list(chain.from_iterable(pools.values())):
        worker.close()
    shutil.rmtree(directory, ignore_errors=True)


_EXECUTORS: weakref.WeakSet[LocalExecutor] = weakref.WeakSet()


def _after_fork() -> None:
    for executor in list(_EXECUTORS):
        executor.leave_to_parent()


os.register_at_fork(after_in_child=_after_fork)
