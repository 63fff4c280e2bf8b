"""The sandboxes of one process, for an event loop: a bounded queue before them.

In: entries or jobs of requests. Out: scored samples and executions, each as soon as it is known.
Small requests share batches (`handlers/gathering`); a large one puts no more than a window of its
samples into the queue at a time, so that it takes turns with others. What no caller waits for any
more is not started, and is ended if it runs.
"""

import asyncio
import math
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from functools import partial
from threading import Thread

from nova_code_verifier.handlers.gathering.batches import Gatherer, Waiting
from nova_code_verifier.handlers.http_service import metrics
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.request import REQUEST
from nova_code_verifier.handlers.http_service.sandboxes import Sandboxes
from nova_code_verifier.handlers.http_service.settings import ServiceSettings
from nova_code_verifier.handlers.scored.sample import ScoredSample, scored_sample
from nova_code_verifier.handlers.service import Outcome
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job
from nova_code_verifier.verifier.rubric import OutagePolicy
from nova_code_verifier.verifier.types import FailureClass

_WINDOW = 128
_JOB_THREADS = 32
_PAUSE_SECONDS = 1.0
_RETRY_SECONDS_MAX = 60
_FORGET_SECONDS = 0.1
_LOOK_SECONDS = 0.05
_LONG_QUEUE = 32
_TOO_LATE = "the deadline of the request came first"


class State(StrEnum):
    """Whether a process takes requests."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    CLOSED = "closed"


class GradingError(Exception):
    """The service does not take a request now, or not like this."""


class BusyError(GradingError):
    """The queue is full. Send the request again after `retry_seconds`."""

    def __init__(self, message: str, retry_seconds: int) -> None:
        """Keep both arguments."""
        super().__init__(message)
        self.retry_seconds = retry_seconds


class DrainingError(GradingError):
    """The process ends. Send the request to another one."""


class TooManySamplesError(GradingError):
    """One request has more samples than the queue could ever hold."""


class Grading:
    """Grades for the requests of one process. All methods belong to its event loop."""

    def __init__(self, settings: ServiceSettings, log: Log) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._log = log
        self._state = State.STARTING
        self._problem = "the sandboxes are starting"
        self._queued = 0
        self._is_forgetting = False
        self._pace = _Pace()
        self._started: Sandboxes | None = None
        self._job_slots = asyncio.Semaphore(_JOB_THREADS)
        self._known: deque[tuple[_Work, int, ScoredSample | None]] = deque()
        self._will_look = False
        self._job_threads = ThreadPoolExecutor(_JOB_THREADS, thread_name_prefix="job")
        self.refusal = ""

    def start(self) -> None:
        """Start the sandboxes. They get ready in the background.

        Raises SettingsError and SandboxError if they cannot start.
        """
        self._loop = asyncio.get_running_loop()
        self._started = sandboxes = Sandboxes(
            self._settings, on_bug=self._log.write_bug, on_misjudged=self._on_misjudged
        )
        self._gatherer = Gatherer(
            sandboxes.inbox, has_waiting_jobs=lambda: sandboxes.has_waiting_jobs
        )
        Thread(target=self._warm_up, args=(sandboxes,), name="warm-up", daemon=True).start()

    def refuse(self, reason: str) -> None:
        """Never serve: programs may not run here, or the sandboxes cannot start."""
        self.refusal = self._problem = reason
        self._log.write_error("refused", reason)

    def drain(self) -> None:
        """Report that this process is about to end. Requests are still graded."""
        self._state = State.DRAINING
        metrics.READY.set(0)

    def close(self) -> None:
        """End the sandboxes."""
        self._state = State.CLOSED
        self._job_threads.shutdown(wait=False, cancel_futures=True)
        if self._started:
            self._started.close()

    @property
    def problem(self) -> str:
        """Why this process is not ready; "" if it is."""
        if self._state is State.READY:
            return self._sandboxes.service.problem
        return "the service is about to end" if self._state is State.DRAINING else self._problem

    @property
    def settings(self) -> Settings:
        """The settings of all entry points."""
        return self._settings.verifier

    @property
    def outage_policy(self) -> OutagePolicy:
        """What the rubric says about samples that we failed to grade."""
        return self.settings.rubric.on_outage

    @property
    def queued(self) -> int:
        """The number of samples that were accepted and have no outcome yet."""
        return self._queued

    async def score(
        self, entries: Sequence[Entry], *, deadline: float | None = None, full: bool = False
    ) -> list[ScoredSample]:
        """Return the scored sample of every entry, in order.

        What we failed to grade stays in it, as an outage. *deadline* is in `time.monotonic`
        seconds; by default it is that of the request. Raises GradingError.
        """
        stream = self.stream(entries, deadline=deadline, full=full)
        try:
            samples = {index: sample async for index, sample in stream}
        finally:
            stream.close()
        return [samples[index] for index in range(len(entries))]

    def stream(
        self, entries: Sequence[Entry], *, deadline: float | None = None, full: bool = False
    ) -> "ScoredStream":
        """Yield the index and the scored sample of every entry as soon as it is known.

        The arguments are those of `score`. Raises GradingError at once.
        """
        self._admit(len(entries))
        return ScoredStream(self, entries, deadline=self._deadline(deadline), full=full)

    async def run(self, job: Job, *, deadline: float | None = None) -> tuple[Execution, ...]:
        """Run the questions of a job. Those that have no answer at the deadline are `NOT_RUN`.

        Raises GradingError, and SandboxError if the sandboxes cannot start.
        """
        self._admit(1)
        end, waiters = self._deadline(deadline), [True]
        view = self._sandboxes.view(lambda: not waiters, end)
        try:
            async with asyncio.timeout_at(end):
                # The queue of the threads would keep the jobs of callers who went away.
                await self._job_slots.acquire()
                running = self._job_threads.submit(lambda: dict(view.run([job])))
                running.add_done_callback(self._free_job_slot)
                return (await asyncio.wrap_future(running))[0]
        except TimeoutError:
            lost = Execution(ending=Ending.NOT_RUN, detail=_TOO_LATE, cause=Cause.DEADLINE)
            return (lost,) * len(job.questions)
        finally:
            waiters.clear()
            self.release(1)

    # -- for streams -------------------------------------------------------------------

    def submit(self, waiting: Waiting) -> None:
        """Put an entry into the queue of the grading threads."""
        self._gatherer.add(waiting)

    def forget_unwanted(self) -> None:
        """Drop the entries that nobody waits for, soon: they may be large."""
        if not self._is_forgetting:
            self._is_forgetting = True
            with suppress(RuntimeError):  # the loop has ended
                later = partial(self._loop.call_later, _FORGET_SECONDS, self._forget_unwanted)
                self._loop.call_soon_threadsafe(later)

    def _forget_unwanted(self) -> None:
        self._is_forgetting = False
        if self._started:
            self._started.inbox.drop_unwanted()

    def release(self, count: int) -> None:
        """Make room for so many samples."""
        self._queued -= count
        self._pace.count(count)
        metrics.QUEUE.set(self._queued)

    def conclude(
        self, entry: Entry, outcome: Outcome, request: str, *, full: bool
    ) -> ScoredSample | None:
        """Log and count an outcome, and return its scored sample; None if that meets a bug.

        Called by a grading thread, which must go on with other callers' samples.
        """
        try:
            fields = outcome.log_fields
            self._log.write("sample", {"request": request} | fields)
            metrics.count_sample(outcome.score, seconds=float(str(fields["duration_ms"])) / 1000)
            return scored_sample(entry, outcome, full=full)
        except Exception:  # noqa: BLE001  (a bug costs its own request only)
            self._log.write_bug(request)
            return None

    def hand_over(self, work: "_Work", index: int, sample: ScoredSample | None) -> None:
        """Add a result to the work of its request. Called by a grading thread."""
        self._known.append((work, index, sample))
        if not self._will_look:
            self._will_look = True
            with suppress(RuntimeError):  # the loop has ended: so has the caller
                self._loop.call_soon_threadsafe(self._distribute)

    def _distribute(self) -> None:
        """Hand over the results that are known.

        While many samples wait, look again a moment later, so that no thread has to wake this one
        for each result. Every such switch takes more time than writing a row.
        """
        count = len(self._known)
        for _ in range(count):
            work, index, sample = self._known.popleft()
            work.add(index, sample)
        if count and self._queued >= _LONG_QUEUE:
            self._loop.call_later(_LOOK_SECONDS, self._distribute)
            return
        self._will_look = False
        if self._known:  # a thread added it before it could see that nobody would look
            self._will_look = True
            self._loop.call_soon(self._distribute)

    def lost(self, index: int, entry: Entry) -> Outcome:
        """Return the outcome of an entry whose deadline has passed."""
        service = self._sandboxes.service
        return service.lost(index, entry, _TOO_LATE, failure=FailureClass.TIME)

    # -- inside ------------------------------------------------------------------------

    @property
    def _sandboxes(self) -> Sandboxes:
        if self._started is None or self._state is State.CLOSED:
            raise DrainingError(self.refusal or "the service has ended")
        return self._started

    def check_count(self, count: int) -> None:
        """Raise TooManySamplesError for a request that can never be taken.

        Ask before the samples are read: each takes more memory than it may have bytes.
        """
        most = self._settings.queue_samples_max
        if count > most:
            raise TooManySamplesError(
                f"{count} samples in one request; this service takes {most}: send several requests"
            )

    def _admit(self, count: int) -> None:
        most = self._settings.queue_samples_max
        _ = self._sandboxes
        self.check_count(count)
        if self._queued + count > most:
            raise BusyError(
                f"the queue is full: {self._queued} samples wait, and {most} may",
                self._pace.seconds_for(self._queued + count - most),
            )
        self._queued += count
        metrics.QUEUE.set(self._queued)

    def _free_job_slot(self, _ended: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._job_slots.release)

    def _deadline(self, deadline: float | None) -> float:
        end = REQUEST.get().deadline if deadline is None else deadline
        return min(end, time.monotonic() + self._settings.seconds_max)

    def _on_misjudged(self, problem: str) -> None:
        metrics.MISJUDGED.inc()
        self._log.write_error("misjudged", problem)

    def _warm_up(self, sandboxes: Sandboxes) -> None:
        """Grade control samples until they are judged as they should be; then be ready."""
        while self._state is State.STARTING:
            try:
                problem = sandboxes.misjudgement()
            except IsolationRefusedError as error:
                self.refuse(str(error))
                return
            except SandboxError as error:
                problem = str(error)
            except Exception:  # noqa: BLE001  (the entry point of a thread)
                self._log.write_bug()
                problem = "a bug of the verifier's own; see its log"
            if not problem:
                self._loop.call_soon_threadsafe(self._become_ready)
                return
            self._problem = problem
            self._log.write_error("not ready", problem)
            time.sleep(_PAUSE_SECONDS)

    def _become_ready(self) -> None:
        if self._state is State.STARTING:
            self._state = State.READY
            metrics.READY.set(1)
            self._log.write("ready", {})


class _Pace:
    """How many samples end in a second, as of late."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._count = 0
        self._per_second = 1.0

    def count(self, count: int) -> None:
        """Count samples that ended."""
        self._count += count
        seconds = time.monotonic() - self._since
        if seconds > 1:
            self._per_second = self._count / seconds
            self._since, self._count = time.monotonic(), 0

    def seconds_for(self, count: int) -> int:
        """Return after how many seconds so many more may have ended."""
        return min(_RETRY_SECONDS_MAX, math.ceil(count / max(self._per_second, 1.0)))


class ScoredStream(AsyncIterator[tuple[int, ScoredSample]]):
    """The scored samples of one request, each with its index, as soon as it is known.

    Close it, or drop it: what it has not yielded is then not graded.
    """

    def __init__(
        self, grading: Grading, entries: Sequence[Entry], *, deadline: float, full: bool
    ) -> None:
        """Begin to grade *entries*."""
        self._entries = entries
        self._grading = grading
        self._deadline = deadline
        self._full = full
        self._request = REQUEST.get().id
        self._left = set(range(len(entries)))
        self._next = 0
        self._work = _Work(grading, len(entries))
        self._abandon = weakref.finalize(self, self._work.abandon)
        while self._next < min(_WINDOW, len(entries)):
            self._submit_next()

    def close(self) -> None:
        """Grade nothing more."""
        self._abandon()

    async def __anext__(self) -> tuple[int, ScoredSample]:
        """Return the next one that is known. At the deadline, the others are outages."""
        if not self._left:
            raise StopAsyncIteration
        results = self._work.results
        try:
            async with asyncio.timeout_at(self._deadline):
                index, sample = await results.get()
        except TimeoutError:
            self._work.is_wanted = False
            index, sample = self._lose() if results.empty() else results.get_nowait()
        if sample is None:
            raise RuntimeError(f"the result of sample {index} is unreadable; see the bug before")
        self._left.remove(index)
        self._work.count_one()
        if self._next < len(self._entries) and self._work.is_wanted:
            self._submit_next()
        return index, sample

    def _submit_next(self) -> None:
        index, work = self._next, self._work
        self._next += 1
        entry, grading, request, full = (
            self._entries[index],
            self._grading,
            self._request,
            self._full,
        )

        def deliver(outcome: Outcome) -> None:
            grading.hand_over(work, index, grading.conclude(entry, outcome, request, full=full))

        self._grading.submit(
            Waiting(
                entry=entry,
                deliver=deliver,
                is_wanted=work.is_still_wanted,
                deadline=self._deadline,
            )
        )

    def _lose(self) -> tuple[int, ScoredSample | None]:
        index = min(self._left)
        entry = self._entries[index]
        outcome = self._grading.lost(index, entry)
        return index, self._grading.conclude(entry, outcome, self._request, full=self._full)


class _Work:
    """Remaining work of one request; it does not hold the stream."""

    def __init__(self, grading: Grading, count: int) -> None:
        self._grading = grading
        self._count = count
        self.results: asyncio.Queue[tuple[int, ScoredSample | None]] = asyncio.Queue()
        self.is_wanted = True

    def is_still_wanted(self) -> bool:
        """Return whether somebody waits for the results."""
        return self.is_wanted

    def add(self, index: int, sample: ScoredSample | None) -> None:
        """Take a result, unless nobody waits for it any more."""
        if self.is_wanted:
            self.results.put_nowait((index, sample))

    def count_one(self) -> None:
        """Count a sample as answered."""
        self._count -= 1
        self._grading.release(1)

    def abandon(self) -> None:
        """Want nothing more."""
        self.is_wanted = False
        if self._count:
            metrics.ABANDONED.inc(self._count)
            self._grading.release(self._count)
            self._grading.forget_unwanted()
            self._count = 0
