"""Run calls on a few threads, and wait for none of them past its deadline.

In: functions, each with a deadline. Out: futures. `ThreadPoolExecutor` cannot be used: a program
ends only after its threads, and a call that hangs would keep it from ending. The threads here are
daemons.
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
    """Runs up to *threads* calls at a time. Further calls wait in a queue."""

    def __init__(self, *, threads: int, late: _Result) -> None:
        """*late* is the result of a call that has not returned by its deadline."""
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

    def submit(self, call: Callable[[], _Result], *, deadline: float) -> Future[_Result]:
        """Run *call*; the future is done by *deadline*, in seconds of `time.monotonic`.

        The future cannot be cancelled. Raises RuntimeError after `close`.
        """
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            if self._is_closed:
                raise RuntimeError("this pool is closed: it runs no more calls")
            self._waiting.setdefault(deadline, set()).add(future)
            self._start_threads()
            self._changed.notify_all()
        future.add_done_callback(lambda done: self._forget(done, deadline))
        self._queue.put((future, call))
        return future

    def close(self) -> None:
        """Give up all calls that have not returned. A thread ends when its current call returns."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            undone = [future for futures in self._waiting.values() for future in futures]
        self._give_up(undone)  # before the threads end: calls in the queue must not start
        for _ in range(self._threads):
            self._queue.put(None)

    def _start_threads(self) -> None:
        if not self._is_watched:
            self._is_watched = True
            threading.Thread(target=self._watch, name="deadline-watch", daemon=True).start()
        if not self._idle.acquire(blocking=False) and self._threads < self._threads_max:
            self._threads += 1
            threading.Thread(target=self._run, name="deadline-pool", daemon=True).start()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            future, call = item
            if not future.done():  # its deadline may have passed while it was in the queue
                _settle(future, call)
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


def _settle(future: Future[_Result], call: Callable[[], _Result]) -> None:
    with suppress(InvalidStateError):  # the future is done if its deadline has passed
        try:
            result = call()
        except Exception as error:  # noqa: BLE001  (a bug: raised where the result is read)
            future.set_exception(error)
        else:
            future.set_result(result)
