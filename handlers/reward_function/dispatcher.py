"""Score chunks of entries by concurrent calls of the reward function.

In: chunks of entries, a function. Out: scored samples, as they arrive. Every call has a thread that
waits for its answer; everything else happens in the caller's thread.

A call that has not reached the function (throttled, connection lost) is repeated. If the function
fails, the batch is tried once more, then divided, until the sample at fault is alone: that one is
an outage, by name, if the function still answers a sample of our own. If not, the function is out
of order, and the run ends. Samples that the function itself reports as an outage are sent again in
the same way, without the others of their batch.
"""

import heapq
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from nova_code_verifier.handlers.reward_function.answer import DetailedRow
from nova_code_verifier.handlers.reward_function.event import (
    SAMPLES_BYTES_MAX,
    UnsendableError,
    sample_text,
)
from nova_code_verifier.handlers.reward_function.function import RewardFunction, Scored
from nova_code_verifier.handlers.reward_function.pace import Pace, Patience
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.wire import Details, Entry
from nova_code_verifier.sandbox import errors
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import FailureClass

BATCH_SAMPLES = 64
_LONG_SECONDS = 3600.0
_OVERSIZE = (errors.PayloadTooLargeError, errors.PayloadRefusedError, errors.AnswerTooLargeError)
_LOSS = (errors.ThrottledError, errors.UnreachableError)
Take = Callable[[], tuple[int, Sequence[Entry]] | None]
"""Returns the number and the entries of the next chunk."""
ScoredAt = tuple[int, int, ScoredSample]
"""The number of a chunk, the index of an entry in it, and the entry's scored sample."""


@dataclass(slots=True, kw_only=True)
class _Sample:
    """A sample to be sent, and its row if the function reported an outage of it."""

    index: int
    entry: Entry
    text: bytes
    outage: DetailedRow | None = None


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Samples of one chunk for one call, and how often calls with exactly these failed.

    With `is_suspect`, its only sample has failed too often: the next call checks the function.
    """

    chunk: int
    samples: list[_Sample]
    failures: int = 0
    losses: int = 0
    problem: str = ""
    is_suspect: bool = False


@dataclass(slots=True)
class Totals:
    """Sums over all calls, and the weakest isolation level of an answer.

    Calls are `in_flight`, were `throttled`, or `failed` otherwise. Billed times are those of
    `reported` calls.
    """

    calls: int = 0
    in_flight: int = 0
    throttled: int = 0
    failed: int = 0
    reported: int = 0
    billed_seconds: float = 0.0
    billed_gb_seconds: float = 0.0
    level: IsolationLevel | None = None

    def add_failure(self, error: Exception) -> None:
        """Count a call without an answer."""
        is_throttled = isinstance(error, errors.ThrottledError)
        self.throttled += is_throttled
        self.failed += not is_throttled

    def add(self, scored: Scored) -> None:
        """Count an answer."""
        if scored.billed_seconds is not None and scored.billed_gb_seconds is not None:
            self.reported += 1
            self.billed_seconds += scored.billed_seconds
            self.billed_gb_seconds += scored.billed_gb_seconds
        levels = [row.level for row in scored.rows]
        self.level = min(levels if self.level is None else [self.level, *levels])


def checked(function: RewardFunction, patience: Patience, totals: Totals) -> DetailedRow:
    """Check *function* before any sample is sent. Return its row of an ungraded sample.

    Raises SandboxError.
    """
    for failures in count(1):
        totals.calls += 1
        try:
            scored = function.check()
            totals.add(scored)
            return scored.rows[-1]
        except _LOSS as error:
            if failures >= patience.lost_tries:
                raise
            totals.add_failure(error)
        except errors.FunctionCrashedError as error:
            if failures >= patience.tries_alone:
                raise _out_of_order(function, error) from error
            totals.add_failure(error)
        time.sleep(patience.pause_after(failures))
    raise AssertionError  # count() does not end


def _out_of_order(function: RewardFunction, problem: object) -> errors.InvocationError:
    return errors.InvocationError(f"the function {function.name} is out of order: {problem}")


class Dispatcher:
    """Scores the chunks of one run."""

    def __init__(
        self,
        function: RewardFunction,
        ungraded: DetailedRow,
        details: Details,
        *,
        concurrency: int,
        patience: Patience,
        totals: Totals,
    ) -> None:
        """Prepare for *concurrency* calls at a time. *ungraded* comes from `checked`."""
        self._function, self._ungraded, self._details = function, ungraded, details
        self._patience, self._totals = patience, totals
        self._pace = Pace(concurrency, patience)
        self._batch_samples = BATCH_SAMPLES
        self._take: Take = lambda: None
        self._is_dry = False  # no chunk is there until a result has been yielded
        self._new: deque[_Batch] = deque()
        self._again: list[tuple[float, int, _Batch]] = []  # a heap, by the time to send it
        self._sequence = count()
        self._answers: queue.SimpleQueue[tuple[_Batch, float, Scored | Exception]] = (
            queue.SimpleQueue()
        )
        self._ready: deque[ScoredAt] = deque()

    def run(self, take: Take) -> Iterator[ScoredAt]:
        """Yield the scored sample of each entry of the chunks that *take* returns.

        *take* is called in the caller's thread. It returns None at the end, and if there is no
        chunk until a result has been yielded. Raises SandboxError if no call succeeds any more.
        """
        self._take = take
        self._totals.in_flight = 0
        while True:
            self._fill()
            if self._ready:
                while self._ready:
                    yield self._ready.popleft()
                self._is_dry = False
            elif self._totals.in_flight or self._again or self._new or not self._is_dry:
                self._receive()
            else:
                return

    # -- sending -----------------------------------------------------------------------

    def _fill(self) -> None:
        """Start calls, as many as the pace permits."""
        while self._totals.in_flight < self._pace.limit and not self._pace.pause:
            batch = self._next_batch()
            if batch is None:
                return
            self._totals.in_flight += 1
            self._totals.calls += 1
            # A daemon: a thread whose answer never comes must not keep the process alive.
            threading.Thread(target=self._send, args=(batch,), daemon=True).start()

    def _send(self, batch: _Batch) -> None:
        """Make one call, in a thread of its own."""
        sent = time.monotonic()
        result: Scored | Exception
        try:
            if batch.is_suspect:
                result = self._function.check()
            else:
                ids = [sample.index for sample in batch.samples]
                texts = [sample.text for sample in batch.samples]
                result = self._function.score(ids, texts, self._details)
        except Exception as error:  # noqa: BLE001  (raised again in the caller's thread)
            result = error
        self._answers.put((batch, sent, result))

    def _next_batch(self) -> _Batch | None:
        if self._again and self._again[0][0] <= time.monotonic():
            return heapq.heappop(self._again)[2]
        # Not while results are ready: a million broken entries would be read at once.
        while not (self._new or self._ready or self._is_dry):
            chunk = self._take()
            self._is_dry = chunk is None
            if chunk is not None:
                number, entries = chunk
                self._new += self._batches_of(number, self._sendable(number, entries))
        return self._new.popleft() if self._new else None

    def _sendable(self, chunk: int, entries: Sequence[Entry]) -> Iterator[_Sample]:
        """Yield the samples of *entries*; those that cannot be sent are results already."""
        for index, entry in enumerate(entries):
            problem = entry.problem or "sample: unreadable"
            if entry.sample is not None:
                try:
                    text = sample_text(index, entry.sample)
                    yield _Sample(index=index, entry=entry, text=text)
                    continue
                except UnsendableError as error:
                    problem = str(error)
            self._resolve(chunk, index, self._without_grade(entry, problem, FailureClass.DATA))

    def _batches_of(self, chunk: int, samples: Iterator[_Sample]) -> Iterator[_Batch]:
        """Group samples by number and by size."""
        group: list[_Sample] = []
        size_bytes = 0
        for sample in samples:
            sample_bytes = len(sample.text) + 1
            is_full = size_bytes + sample_bytes > SAMPLES_BYTES_MAX
            if group and (is_full or len(group) >= self._batch_samples):
                yield _Batch(chunk=chunk, samples=group)
                group, size_bytes = [], 0
            group.append(sample)
            size_bytes += sample_bytes
        if group:
            yield _Batch(chunk=chunk, samples=group)

    # -- receiving ---------------------------------------------------------------------

    def _receive(self) -> None:
        """Wait for an answer, or until another call may start."""
        timeout = _LONG_SECONDS
        if self._totals.in_flight < self._pace.limit:
            if pause := self._pace.pause:
                timeout = pause
            elif self._again:
                timeout = max(0.0, self._again[0][0] - time.monotonic())
        try:
            batch, sent, result = self._answers.get(timeout=timeout)
        except queue.Empty:
            return
        self._totals.in_flight -= 1
        if isinstance(result, _LOSS):
            self._record_loss(batch, sent, result)
            return
        self._pace.advance()
        if isinstance(result, Scored):
            self._totals.add(result)
            self._record_rows(batch, result)
        elif isinstance(result, _OVERSIZE) and not batch.is_suspect:
            self._record_oversize(batch, result)
        elif isinstance(result, errors.FunctionCrashedError):
            self._totals.add_failure(result)
            # A time-out is dear and would come again: the batch is divided without another try.
            batch.failures += isinstance(result, errors.FunctionOutOfTimeError)
            self._record_failure(batch, str(result))
        else:
            raise result

    def _record_loss(self, batch: _Batch, sent: float, error: errors.InvocationError) -> None:
        """Send a batch again that has not reached the function, or whose answer was lost."""
        is_throttled = isinstance(error, errors.ThrottledError)
        self._totals.add_failure(error)
        self._pace.refuse(sent, is_throttled=is_throttled)
        batch.losses += not is_throttled
        is_silent = self._pace.silence_seconds > self._patience.silence_seconds
        if is_silent and not self._totals.in_flight:
            raise error
        if batch.losses < self._patience.lost_tries:
            self._send_again(batch, 0.0)
        elif batch.is_suspect:
            raise error
        else:
            self._record_failure(batch, str(error))

    def _record_rows(self, batch: _Batch, scored: Scored) -> None:
        if batch.is_suspect:  # the function is in order
            (sample,) = batch.samples
            self._give_up(batch, sample, FailureClass.INFRASTRUCTURE)
            return
        rest = _Batch(chunk=batch.chunk, samples=[], failures=batch.failures)
        for sample, row in zip(batch.samples, scored.rows, strict=True):
            if row.is_outage:
                sample.outage = row
                rest.samples.append(sample)
            else:
                self._resolve(batch.chunk, sample.index, row.for_entry(sample.entry))
        if rest.samples:
            self._record_failure(rest, "an outage")

    def _record_oversize(self, batch: _Batch, error: Exception) -> None:
        self._totals.add_failure(error)
        batch.problem = f"sample: cannot be scored by a function: {error}"
        if len(batch.samples) == 1:
            self._give_up(batch, batch.samples[0], FailureClass.DATA)
            return
        if isinstance(error, errors.AnswerTooLargeError):  # those of later batches would be, too
            self._batch_samples = min(self._batch_samples, (len(batch.samples) + 1) // 2)
        self._divide(batch)

    def _record_failure(self, batch: _Batch, problem: str) -> None:
        """Try again, divide the batch, or suspect its only sample."""
        batch.failures += 1
        batch.losses = 0
        batch.problem = f"the function {self._function.name} fails on it: {problem}"
        if batch.is_suspect:
            if batch.failures >= 2 * self._patience.tries_alone:
                raise _out_of_order(self._function, problem)
            self._send_again(batch, self._patience.pause_after(batch.failures))
        elif len(batch.samples) == 1:
            batch.is_suspect = batch.failures >= self._patience.tries_alone
            self._send_again(batch, self._patience.pause_after(batch.failures))
        elif batch.failures < self._patience.tries:
            self._send_again(batch, self._patience.pause_after(batch.failures))
        else:
            self._divide(batch)

    def _divide(self, batch: _Batch) -> None:
        half = len(batch.samples) // 2
        for samples in (batch.samples[:half], batch.samples[half:]):
            failures = min(batch.failures, self._patience.tries - 1)  # the next one divides again
            part = _Batch(chunk=batch.chunk, samples=samples, failures=failures)
            self._send_again(part, 0.0)

    def _send_again(self, batch: _Batch, pause: float) -> None:
        due = time.monotonic() + pause
        heapq.heappush(self._again, (due, next(self._sequence), batch))

    # -- results -----------------------------------------------------------------------

    def _give_up(self, batch: _Batch, sample: _Sample, failure: FailureClass) -> None:
        """Report that *sample* has no grade: with the function's own row, if there is one."""
        if sample.outage is not None:
            scored = sample.outage.for_entry(sample.entry)
        else:
            scored = self._without_grade(sample.entry, batch.problem, failure)
        self._resolve(batch.chunk, sample.index, scored)

    def _without_grade(self, entry: Entry, problem: str, failure: FailureClass) -> ScoredSample:
        return self._ungraded.ungraded(entry, problem, failure)

    def _resolve(self, chunk: int, index: int, scored: ScoredSample) -> None:
        self._ready.append((chunk, index, scored))
