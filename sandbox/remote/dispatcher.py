"""Run one batch of jobs in an executor function: decide which requests are in flight.

In: jobs, a client. Out: executions, job by job, as they arrive. Every request has a thread that
waits for its response; everything else happens in the caller's thread.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from nova_code_verifier.sandbox import errors
from nova_code_verifier.sandbox.host.schedule import (
    fair_share_seconds,
    skip_after_time_outs,
    skip_after_total,
    used_by,
)
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.remote.client import DEADLINE, LONGEST_SECONDS, ExecutorClient
from nova_code_verifier.sandbox.remote.response import RunResponse
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job

_SHARE_SECONDS_MIN = 2.0
_LONG_SECONDS = 86_400.0  # a queue cannot wait for an infinite time


@dataclass(slots=True, kw_only=True)
class _PendingJob:
    """A job that is not complete: its executions so far, and how to send the rest."""

    index: int
    job: Job
    executions: list[Execution] = field(default_factory=list)
    questions_per_request: int
    goes_alone: bool = False
    is_postponed: bool = False

    @property
    def next_part(self) -> Job:
        """Return the questions for the next request, as a job."""
        first = len(self.executions)
        questions = self.job.questions[first : first + self.questions_per_request]
        limits = used_by(self.job, self.executions).left_of(self.job.limits)
        return replace(self.job, questions=questions, limits=limits)


class Dispatcher:
    """Sends the requests of one batch."""

    def __init__(
        self,
        client: ExecutorClient,
        jobs: Iterable[Job],
        *,
        concurrency: int,
        jobs_per_request: int,
        deadline: float,
    ) -> None:
        """Prepare to run *jobs* until *deadline*."""
        self._client = client
        self._unfetched = enumerate(jobs)
        self._concurrency = concurrency
        self._jobs_per_request = jobs_per_request
        self._deadline = min(deadline, time.monotonic() + _LONG_SECONDS)
        self._fair_share = fair_share_seconds(
            jobs, at_once=concurrency, deadline=self._deadline, seconds_min=_SHARE_SECONDS_MIN
        )
        self._waiting: deque[_PendingJob] = deque()
        self._postponed: deque[_PendingJob] = deque()
        self._in_flight: dict[int, list[_PendingJob]] = {}
        self._outcomes: queue.SimpleQueue[tuple[int, RunResponse | Exception]] = queue.SimpleQueue()
        self._complete: deque[_PendingJob] = deque()
        self._outage: Execution | None = None
        self._stop = threading.Event()

    def run(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield each job's index and executions as soon as the job is complete."""
        try:
            while True:
                self._fill()
                while self._complete:
                    pending = self._complete.popleft()
                    yield pending.index, tuple(pending.executions)
                if not self._in_flight:
                    return
                self._receive()
        finally:
            self._stop.set()  # nobody waits for the requests that are still in flight

    # -- sending -----------------------------------------------------------------------

    def _fill(self) -> None:
        """Start requests until *concurrency* are in flight, or no job is left to send."""
        while len(self._in_flight) < self._concurrency and (batch := self._next_batch()):
            if self._outage or time.monotonic() >= self._deadline:
                self._abandon(batch, self._outage or _TOO_LATE)
            else:
                self._in_flight[id(batch)] = batch
                # A daemon: a thread whose response never comes must not keep the process alive.
                threading.Thread(target=self._send, args=(batch,), daemon=True).start()

    def _next_batch(self) -> list[_PendingJob]:
        batch: list[_PendingJob] = []
        while len(batch) < self._jobs_per_request and (pending := self._next_job()):
            if pending.goes_alone and batch:
                self._waiting.appendleft(pending)
                break
            batch.append(pending)
            if pending.goes_alone:
                break
        return batch

    def _next_job(self) -> _PendingJob | None:
        while not self._waiting:
            index, job = next(self._unfetched, (0, None))
            if job is not None:
                count = len(job.questions)
                pending = _PendingJob(index=index, job=job, questions_per_request=count)
                (self._waiting if count else self._complete).append(pending)
            elif self._postponed:
                self._waiting, self._postponed = self._postponed, self._waiting
            else:
                return None
        return self._waiting.popleft()

    def _send(self, batch: list[_PendingJob]) -> None:
        """Send a request and report its outcome. Runs in a thread of its own."""
        jobs = tuple(pending.next_part for pending in batch)
        seconds = LONGEST_SECONDS if batch[0].is_postponed else self._fair_share
        send = partial(self._client.send, jobs)
        if len(jobs) == 1:
            send = partial(self._client.send_one, jobs[0], is_last_try=batch[0].is_postponed)
        outcome: RunResponse | Exception
        try:
            outcome = send(seconds=seconds, deadline=self._deadline, stop=self._stop)
        except Exception as error:  # noqa: BLE001  (the caller's thread raises it again)
            outcome = error
        self._outcomes.put((id(batch), outcome))

    # -- receiving ---------------------------------------------------------------------

    def _receive(self) -> None:
        """Wait for the outcome of one request, and decide what it leaves to do."""
        try:
            key, outcome = self._outcomes.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            for batch in self._in_flight.values():
                self._abandon(batch, _TOO_LATE)
            self._in_flight.clear()
            return
        batch = self._in_flight.pop(key)
        if isinstance(outcome, RunResponse):
            for pending, executions in zip(batch, outcome.results, strict=True):
                self._record(pending, executions)
        elif len(batch) > 1 and isinstance(
            outcome, errors.FunctionCrashedError | errors.PayloadTooLargeError | EncodingError
        ):
            for pending in batch:
                self._send_alone(pending)
        else:
            self._record_error(batch, outcome)

    def _record(self, pending: _PendingJob, executions: tuple[Execution, ...]) -> None:
        """Record executions up to the first question that was not asked."""
        lost = next((known for known in executions if known.ending is Ending.NOT_RUN), None)
        asked = executions if lost is None else executions[: executions.index(lost)]
        if lost is None or pending.job.is_divisible:
            pending.executions += asked
            # Give up where an executor gives up that has the whole job.
            skip_after_time_outs(pending.job, pending.executions)
            skip_after_total(pending.job, pending.executions)
        if len(pending.executions) == len(pending.job.questions):
            self._complete.append(pending)
        elif lost is None:
            self._send_alone(pending)  # there was no room for more in the response
        elif pending.is_postponed and not (asked and pending.job.is_divisible):
            self._abandon([pending], _lost(lost.detail, lost.cause))
        else:
            pending.is_postponed = pending.goes_alone = True
            self._postponed.append(pending)

    def _record_error(self, batch: list[_PendingJob], error: Exception) -> None:
        (pending, *_) = batch
        count = pending.questions_per_request
        is_too_large = isinstance(error, errors.PayloadTooLargeError)
        if is_too_large and pending.job.is_divisible and count > 1:
            left = len(pending.next_part.questions)
            pending.questions_per_request = (min(count, left) + 1) // 2
            self._waiting.append(pending)
        elif is_too_large or isinstance(error, EncodingError):
            problem = str(error) if is_too_large else f"its arguments cannot be sent: {error}"
            self._abandon(batch, Execution(ending=Ending.UNSENDABLE, detail=problem))
        elif isinstance(error, errors.SandboxError):
            lost = unsent(error)
            self._outage = self._outage or lost  # all other jobs would meet the same error
            self._abandon(batch, lost)
        else:
            raise error

    def _send_alone(self, pending: _PendingJob) -> None:
        pending.goes_alone = True
        self._waiting.append(pending)

    def _abandon(self, batch: list[_PendingJob], execution: Execution) -> None:
        for pending in batch:
            missing = len(pending.job.questions) - len(pending.executions)
            pending.executions += [execution] * missing
            self._complete.append(pending)


def _lost(detail: str, cause: Cause = Cause.NONE) -> Execution:
    return Execution(ending=Ending.NOT_RUN, detail=detail, cause=cause)


def unsent(error: errors.SandboxError) -> Execution:
    """Return the execution of a question that was not asked because of *error*."""
    if isinstance(error, errors.SessionsRefusedError):
        return Execution(ending=Ending.UNSENDABLE, detail=str(error))
    is_late = isinstance(error, errors.DeadlineError)
    return _lost(str(error), Cause.DEADLINE if is_late else Cause.NONE)


_TOO_LATE = _lost(DEADLINE, Cause.DEADLINE)
