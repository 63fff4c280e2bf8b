"""Run many batches at the same time on one executor of this machine.

In: the jobs of several threads. Out: to each thread, the executions of its own jobs. The executor
runs one batch, which is fed as long as jobs arrive: no caller waits for the slowest program of
another one. The jobs of the oldest batch come first; but a huge batch gives way to later ones, so
that a small one need not wait for its end.

A caller may stop to be interested: its jobs are then not started, and their guests are ended.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from queue import Empty, SimpleQueue

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.host.view import ExecutorView
from nova_code_verifier.sandbox.types import (
    Cause,
    Company,
    Ending,
    Execution,
    IsolationLevel,
    Job,
)

_UNREAD_BYTES_MAX = 256 * 2**20
_UNREAD_SECONDS_MAX = 1.0  # else two callers could block each other without end
# After so many jobs, a batch counts as that much younger.
_SLICE_JOBS, _SLICE_SECONDS = 64, 1.0
_MANY_JOBS = 16  # the workers stay busy for a while, even if all programs are quick
_HOLD_SECONDS = 0.04  # a result may wait for the next ones of its batch
_LOOK_SECONDS = 0.25  # between two looks whether a batch is still wanted
_UNWANTED = Execution(
    ending=Ending.NOT_RUN, detail="nobody waits for the result any more", cause=Cause.DEADLINE
)


class SharedExecutor(ExecutorView[LocalExecutor]):
    """A view of an executor, for many threads. Nobody else may use the executor."""

    def __init__(self, executor: LocalExecutor) -> None:
        """Start the thread that feeds *executor*. It ends with the process."""
        super().__init__(executor)
        self._jobs = _LiveJobs()
        self._preloaded: dict[tuple[str, ...], SharedExecutor] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._feed, name="feeder", daemon=True).start()

    @cached_property
    def level(self) -> IsolationLevel:
        """Return the level. The first call may wait for the zygotes: make it before any run."""
        return self._executor.level

    @property
    def has_waiting_jobs(self) -> bool:
        """Return whether many jobs wait for a worker: others gain nothing by being early."""
        return self._jobs.has_many

    def with_deadline(self, deadline: float) -> "SharedExecutor | StoppableView":
        """Return a view that stops at *deadline*; this executor if that is infinite."""
        return self if deadline == float("inf") else self.until(lambda: _is_past(deadline))

    def until(self, is_over: Callable[[], bool], *, since: float | None = None) -> "StoppableView":
        """Return a view whose jobs are of no use as soon as something *is over*.

        The function is called again and again, by several threads. The jobs have waited *since*
        that time (`time.monotonic`), or since now.
        """
        return StoppableView(self, is_over, time.monotonic() if since is None else since)

    def with_preloaded(self, modules: tuple[str, ...]) -> "SharedExecutor":
        """Return a shared executor whose guests find *modules* imported."""
        with self._lock:
            if modules not in self._preloaded:
                self._preloaded[modules] = SharedExecutor(self._executor.with_preloaded(modules))
            return self._preloaded[modules]

    with_sessions = with_preloaded

    def run(
        self,
        jobs: Iterable[Job],
        *,
        company: Company | None = None,
        is_over: Callable[[], bool] | None = None,
        since: float | None = None,
    ) -> Generator[tuple[int, tuple[Execution, ...]], None, None]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        When something *is over*, those that have not ended are `NOT_RUN`. *since* is that of
        `until`. Raises SandboxError if no zygote can be started.
        """
        since = time.monotonic() if since is None else since
        batch = _Batch(list(jobs), company, since=since, is_over=is_over)
        if batch.jobs and not batch.is_unwanted:
            self._jobs.add(batch)
        left = dict(enumerate(batch.jobs))
        try:
            while left and not batch.is_unwanted:
                result = batch.next_result()
                if result is None:
                    break
                if isinstance(result, Exception):
                    raise result
                self._jobs.release(result[1])
                del left[result[0]]
                yield result
        finally:
            self._jobs.withdraw(batch)
        for index, job in left.items():
            yield index, (_UNWANTED,) * len(job.questions)

    def _feed(self) -> None:
        while True:
            self._jobs.wait()
            try:
                running = self._executor.run(
                    self._jobs, company=self._jobs, is_unwanted=self._jobs.is_unwanted
                )
                for index, executions in running:
                    self._jobs.finish(index, executions)
            except Exception as error:  # noqa: BLE001  (the callers raise it)
                self._jobs.fail(error)


class _Batch:
    """The jobs of one caller, and the results that it has not read."""

    def __init__(
        self,
        jobs: list[Job],
        company: Company | None,
        *,
        since: float,
        is_over: Callable[[], bool] | None,
    ) -> None:
        self.jobs = jobs
        self.company = company
        self._since = since
        self._is_over = is_over
        self.fetched = self.finished = 0
        self.is_withdrawn = False
        self.results: SimpleQueue[tuple[int, tuple[Execution, ...]] | Exception] = SimpleQueue()

    @property
    def is_unwanted(self) -> bool:
        """Return whether nobody waits for the jobs that have not ended."""
        return self.is_withdrawn or (self._is_over is not None and self._is_over())

    @property
    def turn(self) -> float:
        """The least one comes first."""
        return self._since + self.fetched // _SLICE_JOBS * _SLICE_SECONDS

    def next_result(self) -> tuple[int, tuple[Execution, ...]] | Exception | None:
        """Wait for a result; None if nobody wants one any more."""
        if self._is_over is None:
            return self.results.get()
        while True:
            try:
                return self.results.get(timeout=_LOOK_SECONDS)
            except Empty:
                if self._is_over():
                    return None


class _LiveJobs(Iterator[Job]):
    """All jobs of all batches: an iterator that may have no job now, and some later.

    It is also the company of these jobs: it asks that of their batch.
    """

    def __init__(self) -> None:
        lock = threading.Lock()
        self._has_jobs = threading.Condition(lock)
        self._has_room = threading.Condition(lock)
        self._batches: list[tuple[float, int, _Batch]] = []  # a heap
        self._number = count()
        self._running: dict[int, tuple[_Batch, int]] = {}
        self._count = 0
        self._unread_bytes = 0
        self._held: list[tuple[_Batch, tuple[int, tuple[Execution, ...]]]] = []
        self._held_until = 0.0

    @property
    def has_many(self) -> bool:
        """Return whether many jobs were not started."""
        batches = [batch for _, _, batch in list(self._batches) if not batch.is_withdrawn]
        return sum(len(batch.jobs) - batch.fetched for batch in batches) >= _MANY_JOBS

    def add(self, batch: _Batch) -> None:
        """Let a batch take its turns."""
        with self._has_jobs:
            self._push(batch)
            self._has_jobs.notify()

    def _push(self, batch: _Batch) -> None:
        heappush(self._batches, (batch.turn, next(self._number), batch))

    def wait(self) -> None:
        """Wait for the first jobs of a run, which numbers them from 0."""
        with self._has_jobs:
            self._has_jobs.wait_for(lambda: self._batches)
            self._count = 0

    def __next__(self) -> Job:
        """Return the next job of the batch whose turn it is."""
        with self._has_jobs:
            while self._batches:
                _, _, batch = heappop(self._batches)
                if batch.is_withdrawn:
                    continue
                number, batch.fetched = batch.fetched, batch.fetched + 1
                if batch.fetched < len(batch.jobs):
                    self._push(batch)
                self._running[self._count] = (batch, number)
                self._count += 1
                return batch.jobs[number]
        raise StopIteration

    def may_share_guest(self, job: int) -> bool:
        """Ask the company of the job's batch."""
        batch, number = self._running[job]
        return batch.company is not None and batch.company.may_share_guest(number)

    def accepts(self, job: int, question: int, execution: Execution) -> bool:
        """Ask the company of the job's batch."""
        batch, number = self._running[job]
        return batch.company is not None and batch.company.accepts(number, question, execution)

    def is_unwanted(self, job: int) -> bool:
        """Return whether nobody waits for a job. The executor asks again and again."""
        if self._held and time.monotonic() >= self._held_until:
            with self._has_room:
                self._hand_over()
        running = self._running.get(job)
        return running is None or running[0].is_unwanted

    def finish(self, index: int, executions: tuple[Execution, ...]) -> None:
        """Give a result to its batch. Wait a while if callers have much left to read.

        While many jobs wait for a worker, hold it for a moment, unless it is the last one of its
        batch: a thread that wakes for every result disturbs all others each time.
        """
        batch, number = self._running.pop(index)
        with self._has_room:
            now = time.monotonic()
            if not self._held:
                self._held_until = now + _HOLD_SECONDS
            self._held.append((batch, (number, executions)))
            self._unread_bytes += _size(executions)
            batch.finished += 1
            is_due = now >= self._held_until or self._unread_bytes > _UNREAD_BYTES_MAX
            if is_due or batch.finished == len(batch.jobs) or not self.has_many:
                self._hand_over()
            self._has_room.wait_for(
                lambda: self._unread_bytes <= _UNREAD_BYTES_MAX, _UNREAD_SECONDS_MAX
            )

    def _hand_over(self) -> None:
        """Give all results that are held to their batches."""
        for batch, (number, executions) in self._held:
            if batch.is_withdrawn:
                self._unread_bytes -= _size(executions)
            else:
                batch.results.put((number, executions))
        self._held.clear()

    def release(self, executions: tuple[Execution, ...]) -> None:
        """Count a result as read."""
        with self._has_room:
            self._unread_bytes -= _size(executions)
            self._has_room.notify()

    def withdraw(self, batch: _Batch) -> None:
        """Forget the jobs that a batch did not start, and the results that it did not read."""
        with self._has_room:
            batch.is_withdrawn = True
            while not batch.results.empty():
                result = batch.results.get()
                if not isinstance(result, Exception):
                    self._unread_bytes -= _size(result[1])
            self._has_room.notify()

    def fail(self, error: Exception) -> None:
        """Let all batches raise *error*."""
        with self._has_room:
            self._hand_over()
            waiting = {id(batch): batch for batch, _ in self._running.values()}
            waiting |= {id(batch): batch for _, _, batch in self._batches}
            self._running.clear()
            self._batches.clear()
        for batch in waiting.values():
            batch.results.put(error)


class StoppableView(ExecutorView[SharedExecutor]):
    """A shared executor for a caller who may stop to be interested."""

    def __init__(self, shared: SharedExecutor, is_over: Callable[[], bool], since: float) -> None:
        """View *shared*, until something *is over*, for jobs that have waited *since* a time."""
        super().__init__(shared)
        self._is_over = is_over
        self._since = since

    @property
    def level(self) -> IsolationLevel:
        """Return the level of the executor."""
        return self._executor.level

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Run *jobs*; those that have not ended when it is over are `NOT_RUN`."""
        return self._executor.run(jobs, company=company, is_over=self._is_over, since=self._since)

    def with_deadline(self, deadline: float) -> "StoppableView":
        """Return a view that is over at *deadline*, too."""
        is_over = self._is_over
        return self._executor.until(lambda: is_over() or _is_past(deadline), since=self._since)

    def with_preloaded(self, modules: tuple[str, ...]) -> "StoppableView":
        """Return the same view of the executor whose guests find *modules* imported."""
        return self._executor.with_preloaded(modules).until(self._is_over, since=self._since)

    with_sessions = with_preloaded


def _is_past(deadline: float) -> bool:
    return time.monotonic() >= deadline


def _size(executions: tuple[Execution, ...]) -> int:
    return sum(len(one.stdout) + len(one.stderr) + one.value_bytes for one in executions)
