"""Run many batches at the same time on one executor of this machine.

In: the jobs of several threads. Out: to each thread, the executions of its own jobs. The executor
runs one batch, which is fed as long as jobs arrive: no caller waits for the slowest program of
another one. Batches take turns, so that a small one need not wait for the end of a huge one.
"""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from queue import SimpleQueue

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.host.view import ExecutorView
from nova_code_verifier.sandbox.types import Company, Execution, IsolationLevel, Job

_UNREAD_BYTES_MAX = 256 * 2**20
_UNREAD_SECONDS_MAX = 1.0  # else two callers could block each other without end


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
        """Return whether jobs wait for a worker: more callers gain nothing by being early."""
        return self._jobs.has_waiting

    def with_deadline(self, deadline: float) -> "SharedExecutor":
        """Return this executor: trainers set no deadline."""
        if deadline != float("inf"):
            raise ValueError(f"deadline: expected none, found {deadline}")
        return self

    def with_preloaded(self, modules: tuple[str, ...]) -> "SharedExecutor":
        """Return a shared executor whose guests find *modules* imported."""
        with self._lock:
            if modules not in self._preloaded:
                self._preloaded[modules] = SharedExecutor(self._executor.with_preloaded(modules))
            return self._preloaded[modules]

    with_sessions = with_preloaded

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Generator[tuple[int, tuple[Execution, ...]], None, None]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        Raises SandboxError if no zygote can be started.
        """
        batch = _Batch(list(jobs), company)
        if batch.jobs:
            self._jobs.add(batch)
        try:
            for _ in batch.jobs:
                result = batch.results.get()
                if isinstance(result, Exception):
                    raise result
                self._jobs.release(result[1])
                yield result
        finally:
            self._jobs.withdraw(batch)

    def _feed(self) -> None:
        while True:
            self._jobs.wait()
            try:
                for index, executions in self._executor.run(self._jobs, company=self._jobs):
                    self._jobs.finish(index, executions)
            except Exception as error:  # noqa: BLE001  (the callers raise it)
                self._jobs.fail(error)


class _Batch:
    """The jobs of one caller, and the results that it has not read."""

    def __init__(self, jobs: list[Job], company: Company | None) -> None:
        self.jobs = jobs
        self.company = company
        self.fetched = 0
        self.is_withdrawn = False
        self.results: SimpleQueue[tuple[int, tuple[Execution, ...]] | Exception] = SimpleQueue()


class _LiveJobs(Iterator[Job]):
    """All jobs of all batches: an iterator that may have no job now, and some later.

    It is also the company of these jobs: it asks that of their batch.
    """

    def __init__(self) -> None:
        lock = threading.Lock()
        self._has_jobs = threading.Condition(lock)
        self._has_room = threading.Condition(lock)
        self._batches: deque[_Batch] = deque()
        self._running: dict[int, tuple[_Batch, int]] = {}
        self._count = 0
        self._unread_bytes = 0

    @property
    def has_waiting(self) -> bool:
        """Return whether a batch has jobs that were not started."""
        return bool(self._batches)

    def add(self, batch: _Batch) -> None:
        """Let a batch take its turns."""
        with self._has_jobs:
            self._batches.append(batch)
            self._has_jobs.notify()

    def wait(self) -> None:
        """Wait for the first jobs of a run, which numbers them from 0."""
        with self._has_jobs:
            self._has_jobs.wait_for(lambda: self._batches)
            self._count = 0

    def __next__(self) -> Job:
        """Return the next job of the batch whose turn it is."""
        with self._has_jobs:
            while self._batches:
                batch = self._batches.popleft()
                if batch.is_withdrawn:
                    continue
                number, batch.fetched = batch.fetched, batch.fetched + 1
                if batch.fetched < len(batch.jobs):
                    self._batches.append(batch)
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

    def finish(self, index: int, executions: tuple[Execution, ...]) -> None:
        """Give a result to its batch. Wait a while if callers have much left to read."""
        batch, number = self._running.pop(index)
        with self._has_room:
            if batch.is_withdrawn:
                return
            batch.results.put((number, executions))
            self._unread_bytes += _size(executions)
            self._has_room.wait_for(
                lambda: self._unread_bytes <= _UNREAD_BYTES_MAX, _UNREAD_SECONDS_MAX
            )

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
            waiting = {id(batch): batch for batch, _ in self._running.values()}
            waiting |= {id(batch): batch for batch in self._batches}
            self._running.clear()
            self._batches.clear()
        for batch in waiting.values():
            batch.results.put(error)


def _size(executions: tuple[Execution, ...]) -> int:
    return sum(len(one.stdout) + len(one.stderr) + one.value_bytes for one in executions)
