"""Gather the entries of many callers into batches, and grade these.

In: entries, one or a few at a time, from an event loop. Out: an outcome for each, as soon as it is
known. Equal programs of a batch are judged once, and a batch costs little more than one entry.

Several threads each grade what waits, again and again: callers join the next batch, and wait
neither in line nor for the slowest program of another batch. An outage is tried again.
"""

import asyncio
import math
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Condition, Event, Thread

from nova_code_verifier.handlers.gathering.shared_executor import SharedExecutor
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError

THREADS = 16
_GATHER_SECONDS = 0.003
_LONGER_SECONDS, _LONGER_ATTEMPTS = 0.02, 5  # no caller waits long for another one's slow programs
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An entry that waits for its outcome.

    `deliver` is called once, by a grading thread, unless nobody wants the outcome any more.
    `deadline` is in `time.monotonic` seconds. `size_bytes` is how much memory the entry takes.
    """

    entry: Entry
    deliver: Callable[[Outcome], None]
    is_wanted: Callable[[], bool]
    deadline: float = math.inf
    size_bytes: int = 0
    arrived_at: float = field(default_factory=time.monotonic)
    attempts: int = 0

    @property
    def is_over(self) -> bool:
        """Return whether the outcome is of no use any more."""
        return time.monotonic() >= self.deadline or not self.is_wanted()


class Inbox:
    """The queue of entries: an event loop fills it, and grading threads empty it."""

    def __init__(self, *, batch_max: int | None = None) -> None:
        """Start empty. No more than *batch_max* entries are taken at a time."""
        self._batch_max = batch_max
        self._waiting: deque[Waiting] = deque()
        self._changed = Condition()
        self._closed = Event()
        self.waiting_bytes = 0

    def __len__(self) -> int:
        """Return how many entries wait for a thread."""
        return len(self._waiting)

    @property
    def is_closed(self) -> bool:
        """Return whether nothing is to be graded any more."""
        return self._closed.is_set()

    def put(self, entries: Sequence[Waiting]) -> None:
        """Add entries."""
        with self._changed:
            self._waiting += entries
            self.waiting_bytes += sum(one.size_bytes for one in entries)
            self._changed.notify()

    def take(self) -> list[Waiting]:
        """Wait for entries and take them; none when the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.is_closed)
            if self.is_closed:
                return []
            count = min(len(self._waiting), self._batch_max or len(self._waiting))
            taken = [self._waiting.popleft() for _ in range(count)]
            self.waiting_bytes -= sum(one.size_bytes for one in taken)
            if self._waiting:
                self._changed.notify()
            return taken

    def drop_unwanted(self) -> None:
        """Drop the entries whose outcome is of no use any more."""
        with self._changed:
            wanted = deque(one for one in self._waiting if not one.is_over)
            self.waiting_bytes = sum(one.size_bytes for one in wanted)
            self._waiting = wanted

    def close(self) -> None:
        """End all waiting."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()

    def wait_until_closed(self) -> None:
        """Wait for the end."""
        self._closed.wait()


class Gatherer:
    """Collects entries for a moment, in an event loop, before they go to the inbox.

    Its timer wakes only this thread, and not a grading thread for each entry.
    """

    def __init__(self, inbox: Inbox, *, has_waiting_jobs: Callable[[], bool]) -> None:
        """Fill *inbox*. *has_waiting_jobs* returns whether all workers stay busy for a while."""
        self._inbox = inbox
        self._has_waiting_jobs = has_waiting_jobs
        self._gathered: list[Waiting] = []
        self._gathered_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """The size of the entries that no thread has taken yet."""
        return self._inbox.waiting_bytes + self._gathered_bytes

    def add(self, waiting: Waiting) -> None:
        """Wait a moment for more: equal programs of a batch are judged once."""
        if not self._gathered:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._hand_over)
        self._gathered.append(waiting)
        self._gathered_bytes += waiting.size_bytes

    def _hand_over(self, attempts: int = 0) -> None:
        """Hand the entries to a grading thread; later, while many jobs wait for a worker anyway.

        The fewer the batches, the less the threads disturb each other.
        """
        if self._has_waiting_jobs() and attempts < _LONGER_ATTEMPTS:
            later = asyncio.get_running_loop().call_later
            later(_LONGER_SECONDS, self._hand_over, attempts + 1)
            return
        batch, self._gathered, self._gathered_bytes = self._gathered, [], 0
        self._inbox.put(batch)


class Graders:
    """The threads that grade what waits, until the inbox is closed."""

    def __init__(
        self,
        inbox: Inbox,
        service: Service,
        shared: SharedExecutor | None,
        *,
        on_bug: Callable[[], None] = traceback.print_exc,
    ) -> None:
        """Prepare to grade. *shared* is the executor of *service* if many batches may run at once.

        *on_bug* is called inside the `except`, for a bug that ended a whole batch.
        """
        self._inbox = inbox
        self._service = service
        self._shared = shared
        self._on_bug = on_bug

    def start(self) -> None:
        """Start the threads. They end with the process."""
        for number in range(THREADS if self._shared else 1):
            Thread(target=self._run, name=f"grading-{number}", daemon=True).start()

    def _run(self) -> None:
        while not self._inbox.is_closed:
            again = self._grade([one for one in self._inbox.take() if not one.is_over])
            if again:
                time.sleep(_PAUSE_SECONDS)
                self._inbox.put(again)

    def _grade(self, batch: Sequence[Waiting]) -> list[Waiting]:
        """Grade a batch; return what has to be graded again. The last attempt grades one by one.

        So a bug that ends a whole batch costs no other sample its reward.
        """
        last = [one for one in batch if one.attempts == _ATTEMPTS - 1]
        again = self._score([one for one in batch if one.attempts < _ATTEMPTS - 1])
        for one in last:
            self._score([one])
        return again

    def _score(self, batch: Sequence[Waiting]) -> list[Waiting]:
        if not batch:
            return []
        left = dict(enumerate(batch))
        again = []
        problem = "the batch was not graded to its end"
        view = self._shared and self._shared.until(
            lambda: all(one.is_over for one in batch),
            since=min(one.arrived_at for one in batch),
        )
        try:
            for outcome in self._service.score(
                [one.entry for one in batch],
                deadline=max(one.deadline for one in batch),
                # No verdict depends on how long a caller waits, or on who else is in its batch.
                sample_seconds_max=math.inf,
                executor=view,
            ):
                again += self._finish(left.pop(outcome.index), outcome)
                if self._inbox.is_closed:
                    return []
        except SandboxError as error:
            problem = str(error)
        except Exception:  # noqa: BLE001  (the entry point: a bug must not end the thread)
            self._on_bug()
            problem = "a bug of the verifier's own; see its log"
        for index, one in left.items():
            again += self._finish(one, self._service.lost(index, one.entry, problem))
        return again

    def _finish(self, one: Waiting, outcome: Outcome) -> list[Waiting]:
        """Deliver the outcome, or return the entry if an outage may have passed the next time."""
        if one.is_over:
            return []
        if outcome.score.is_outage and one.attempts < _ATTEMPTS - 1:
            return [replace(one, attempts=one.attempts + 1)]
        one.deliver(outcome)
        return []
