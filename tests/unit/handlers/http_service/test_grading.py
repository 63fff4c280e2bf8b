"""The queue before the sandboxes of one process."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event

import pytest

from nova_code_verifier.handlers.http_service.grading import _JOB_THREADS, Grading, _Work
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.sandboxes import Sandboxes
from nova_code_verifier.handlers.http_service.settings import ServiceSettings
from nova_code_verifier.sandbox.types import Ending, Execution, Job, Run

THREADS, RESULTS = 4, 250
RIGHT = Execution(ending=Ending.FINISHED, exit_status=0)


class StuckSandboxes(Sandboxes):
    """Run every job until an event."""

    def __init__(self, may_end: Event) -> None:
        """Start nothing."""
        self._may_end = may_end
        self.running = 0

    def view(self, *_: Callable[[], bool] | float) -> "StuckSandboxes":  # type: ignore[override]  # all that `Grading.run` uses
        """Return itself."""
        return self

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Return when the event has come."""
        self.running += 1
        self._may_end.wait()
        for index, _ in enumerate(jobs):
            yield index, (RIGHT,)


def test_the_job_of_a_caller_who_goes_away_is_forgotten() -> None:
    """While all threads are busy, nothing keeps it: it may be large."""
    may_end = Event()
    sandboxes = StuckSandboxes(may_end)

    async def run() -> None:
        grading = Grading(ServiceSettings(), Log())
        grading._started, grading._loop = sandboxes, asyncio.get_running_loop()
        tasks = [
            asyncio.create_task(grading.run(Job(program="", questions=(Run(stdin=b""),))))
            for _ in range(_JOB_THREADS + 2)
        ]
        async with asyncio.timeout(60):
            while sandboxes.running < _JOB_THREADS:
                await asyncio.sleep(0.005)
        gone = tasks.pop()
        gone.cancel()
        await asyncio.wait({gone})
        assert grading._job_threads._work_queue.empty()
        may_end.set()
        assert await asyncio.gather(*tasks) == [(RIGHT,)] * len(tasks)
        assert grading.queued == 0

    try:
        asyncio.run(run())
    finally:
        may_end.set()


@pytest.mark.parametrize("queued", [0, 100])
def test_no_result_of_a_thread_is_lost(queued: int) -> None:
    """Every result arrives once, whether threads wake the event loop or it looks by itself."""

    async def run() -> list[int]:
        grading = Grading(ServiceSettings(), Log())
        grading._loop = asyncio.get_running_loop()
        grading._queued = queued
        work = _Work(grading, THREADS * RESULTS)

        def deliver(first: int) -> None:
            for index in range(first, first + RESULTS):
                grading.hand_over(work, index, None)
                time.sleep(0.0001)

        for number in range(THREADS):
            threading.Thread(target=deliver, args=(number * RESULTS,)).start()
        async with asyncio.timeout(30):
            return [(await work.results.get())[0] for _ in range(THREADS * RESULTS)]

    assert sorted(asyncio.run(run())) == list(range(THREADS * RESULTS))
