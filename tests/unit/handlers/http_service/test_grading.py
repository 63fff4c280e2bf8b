"""The queue before the sandboxes of one process."""

import asyncio
import threading
import time

import pytest

from nova_code_verifier.handlers.http_service.grading import Grading, _Work
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.settings import ServiceSettings

THREADS, RESULTS = 4, 250


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
