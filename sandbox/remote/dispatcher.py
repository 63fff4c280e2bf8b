"""One batch of jobs on its way to an executor function: which orders are under way.

In: jobs, a client. Out: executions, job by job, as they come. Every order is a thread that
waits; all else happens in the caller's. Must not know: how an order is carried.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    PayloadTooLargeError,
    SandboxError,
)
from nova_code_verifier.sandbox.host.schedule import fair_share_seconds, skip_after_time_outs
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.remote.client import DEADLINE, LONGEST_SECONDS, ExecutorClient
from nova_code_verifier.sandbox.remote.response import RunResponse
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job

_SHARE_SECONDS_MIN = 2.0
_FOR_EVER_SECONDS = 86_400.0  # a queue cannot wait for an infinity


@dataclass(slots=True, kw_only=True)
class _PendingJob:
    """A job on its way: what is known of it, and what is still to be asked."""

    place: int
    job: Job
    executions: list[Execution] = field(default_factory=list)
    part: int  # how many questions go into an order
    goes_alone: bool = False
    is_postponed: bool = False

    @property
    def rest(self) -> Job:
        """What the next order is to ask."""
        first = len(self.executions)
        return replace(self.job, questions=self.job.questions[first : first + self.part])

    @property
    def is_done(self) -> bool:
        """Whether all is known."""
        return len(self.executions) == len(self.job.questions)

    def add(self, executions: Iterable[Execution]) -> None:
        """Note what came back; and give up as an executor does that sees all of a job."""
        self.executions += executions
        skip_after_time_outs(self.job, self.executions)


class Dispatcher:
    """The orders of one batch."""

    def __init__(
        self,
        client: ExecutorClient,
        jobs: Iterable[Job],
        *,
        concurrency: int,
        jobs_per_request: int,
        deadline: float,
    ) -> None:
        """Plan to have *jobs* run, until *deadline*."""
        self._courier = client
        self._unfetched = enumerate(jobs)
        self._concurrency = concurrency
        self._jobs_per_request = jobs_per_request
        self._deadline = min(deadline, time.monotonic() + _FOR_EVER_SECONDS)
        self._fair_share = fair_share_seconds(
            jobs, at_once=concurrency, deadline=self._deadline, seconds_min=_SHARE_SECONDS_MIN
        )
        self._waiting: deque[_PendingJob] = deque()
        self._postponed: deque[_PendingJob] = deque()
        self._under_way: dict[int, list[_PendingJob]] = {}
        self._told: queue.SimpleQueue[tuple[int, RunResponse | Exception]] = queue.SimpleQueue()
        self._done: deque[_PendingJob] = deque()
        self._outage: Execution | None = None
        self._stop = threading.Event()

    def run(self) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield a job's place and executions as soon as all is known of it."""
        try:
            while True:
                self._send()
                while self._done:
                    errand = self._done.popleft()
                    yield errand.place, tuple(errand.executions)
                if not self._under_way:
                    return
                self._listen()
        finally:
            self._stop.set()  # nobody waits for what may still be under way

    # -- sending -----------------------------------------------------------------------

    def _send(self) -> None:
        """Have as many orders under way as there may be, and there are."""
        while len(self._under_way) < self._concurrency and (errands := self._next_order()):
            if self._outage or time.monotonic() >= self._deadline:
                self._lose(errands, self._outage or _TOO_LATE)
            else:
                self._under_way[id(errands)] = errands
                # A daemon: one that waits for a reply which never comes must hold up nobody.
                threading.Thread(target=self._give, args=(errands,), daemon=True).start()

    def _next_order(self) -> list[_PendingJob]:
        errands: list[_PendingJob] = []
        while len(errands) < self._jobs_per_request and (errand := self._next_errand()):
            if errand.goes_alone and errands:
                self._waiting.appendleft(errand)
                break
            errands.append(errand)
            if errand.goes_alone:
                break
        return errands

    def _next_errand(self) -> _PendingJob | None:
        while not self._waiting:
            place, job = next(self._unfetched, (0, None))
            if job is not None:
                errand = _PendingJob(place=place, job=job, part=len(job.questions))
                (self._waiting if job.questions else self._done).append(errand)
            elif self._postponed:
                self._waiting, self._postponed = self._postponed, self._waiting
            else:
                return None
        return self._waiting.popleft()

    def _give(self, errands: list[_PendingJob]) -> None:
        """Give an order and tell what came of it: in a thread of its own."""
        jobs = tuple(errand.rest for errand in errands)
        seconds = LONGEST_SECONDS if errands[0].is_postponed else self._fair_share
        told: RunResponse | Exception
        try:
            if len(jobs) == 1:
                told = self._courier.send_one(
                    jobs[0],
                    seconds=seconds,
                    deadline=self._deadline,
                    stop=self._stop,
                    is_last_try=errands[0].is_postponed,
                )
            else:
                told = self._courier.give(
                    jobs, seconds=seconds, deadline=self._deadline, stop=self._stop
                )
        except Exception as error:  # noqa: BLE001  (a thread's last breath: raised again elsewhere)
            told = error
        self._told.put((id(errands), told))

    # -- listening ---------------------------------------------------------------------

    def _listen(self) -> None:
        """Wait for one order to be done, and see to what it leaves to do."""
        try:
            number, told = self._told.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            for errands in self._under_way.values():
                self._lose(errands, _TOO_LATE)
            self._under_way.clear()
            return
        errands = self._under_way.pop(number)
        if isinstance(told, RunResponse):
            for errand, executions in zip(errands, told.results, strict=True):
                self._take(errand, executions)
        elif len(errands) > 1 and isinstance(
            told, FunctionCrashedError | PayloadTooLargeError | EncodingError
        ):
            for errand in errands:
                self._send_alone(errand)
        else:
            self._take_error(errands, told)

    def _take(self, errand: _PendingJob, executions: tuple[Execution, ...]) -> None:
        """Note what happened, up to the first question that was not asked."""
        lost = next((one for one in executions if one.ending is Ending.NOT_RUN), None)
        asked = executions if lost is None else executions[: executions.index(lost)]
        if lost is None or errand.job.is_divisible:
            errand.add(asked)
        if errand.is_done:
            self._done.append(errand)
        elif lost is None:
            self._send_alone(errand)  # there was no room for more
        elif errand.is_postponed and not (asked and errand.job.is_divisible):
            self._lose([errand], _lost(lost.detail, lost.cause))
        else:
            errand.is_postponed = errand.goes_alone = True
            self._postponed.append(errand)

    def _take_error(self, errands: list[_PendingJob], error: Exception) -> None:
        (errand, *_) = errands
        if isinstance(error, PayloadTooLargeError) and errand.job.is_divisible and errand.part > 1:
            errand.part = (min(errand.part, len(errand.rest.questions)) + 1) // 2
            self._waiting.append(errand)
        elif isinstance(error, PayloadTooLargeError):
            self._lose(errands, Execution(ending=Ending.UNSENDABLE, detail=str(error)))
        elif isinstance(error, EncodingError):
            problem = f"its arguments cannot be sent: {error}"
            self._lose(errands, Execution(ending=Ending.UNSENDABLE, detail=problem))
        elif isinstance(error, SandboxError):
            lost = _lost(str(error))
            self._outage = self._outage or lost  # it would be the same for all the others
            self._lose(errands, lost)
        else:
            raise error

    def _send_alone(self, errand: _PendingJob) -> None:
        errand.goes_alone = True
        self._waiting.append(errand)

    def _lose(self, errands: list[_PendingJob], execution: Execution) -> None:
        for errand in errands:
            errand.executions += [execution] * (len(errand.job.questions) - len(errand.executions))
            self._done.append(errand)


def _lost(detail: str, cause: Cause = Cause.NONE) -> Execution:
    return Execution(ending=Ending.NOT_RUN, detail=detail, cause=cause)


_TOO_LATE = _lost(DEADLINE, Cause.DEADLINE)
