"""Run errands on a few threads, and wait for none of them past its deadline.

In: functions, each with a deadline. Out: futures. Not `ThreadPoolExecutor`: a program ends
only when its threads have, and a call that hangs would hold it up. These are daemons.
Must not know: what an errand is about.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class DeadlinePool(Generic[_Result]):
    """Runs up to *threads* errands at a time; the others wait for their turn."""

    def __init__(self, *, threads: int, late: _Result) -> None:
        """*late* is the result of an errand that is not done at its deadline."""
        self._threads_max = threads
        self._late = late
        self._queue: queue.SimpleQueue[tuple[Future[_Result], Callable[[], _Result]] | None] = (
            queue.SimpleQueue()
        )
        self._changed = threading.Condition()
        self._threads = 0
        self._idle = threading.Semaphore(0)
        self._waiting: dict[float, set[Future[_Result]]] = {}
        self._is_watched = False
        self._is_closed = False

    def send(self, errand: Callable[[], _Result], *, deadline: float) -> Future[_Result]:
        """Have *errand* run by *deadline*, in seconds of `time.monotonic`.

        The future cannot be cancelled. Raises RuntimeError after `close`.
        """
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            if self._is_closed:
                raise RuntimeError("closed: nobody runs errands any more")
            self._waiting.setdefault(deadline, set()).add(future)
            self._start_threads()
            self._changed.notify_all()
        future.add_done_callback(lambda done: self._forget(done, deadline))
        self._queue.put((future, errand))
        return future

    def close(self) -> None:
        """Give up what is not done. Threads end with what they are at."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            undone = [future for futures in self._waiting.values() for future in futures]
        self._give_up(undone)  # first: what is still in the queue must not begin
        for _ in range(self._threads):
            self._queue.put(None)

    def _start_threads(self) -> None:
        if not self._is_watched:
            self._is_watched = True
            threading.Thread(target=self._watch, name="errands-watch", daemon=True).start()
        if not self._idle.acquire(blocking=False) and self._threads < self._threads_max:
            self._threads += 1
            threading.Thread(target=self._run, name="errands", daemon=True).start()

    def _run(self) -> None:
        while (next_one := self._queue.get()) is not None:
            future, errand = next_one
            if not future.done():  # it may have been given up while it waited
                _settle(future, errand)
            self._idle.release()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                first = min(self._waiting, default=threading.TIMEOUT_MAX)
                seconds = min(first - time.monotonic(), threading.TIMEOUT_MAX)
                if seconds > 0:
                    self._changed.wait(seconds)
                    continue
                undone = list(self._waiting.pop(first))
            self._give_up(undone)

    def _give_up(self, futures: list[Future[_Result]]) -> None:
        for future in futures:
            with suppress(InvalidStateError):
                future.set_result(self._late)

    def _forget(self, future: Future[_Result], deadline: float) -> None:
        with self._changed:
            futures = self._waiting.get(deadline, set())
            futures.discard(future)
            if not futures:
                self._waiting.pop(deadline, None)


def _settle(future: Future[_Result], errand: Callable[[], _Result]) -> None:
    try:
        result = errand()
    except Exception as error:  # noqa: BLE001  (a bug: raised where it is waited for)
        with suppress(InvalidStateError):
            future.set_exception(error)
    else:
        with suppress(InvalidStateError):
            future.set_result(result)
