"""Wait for a place in the queue, for clients that take a refusal for a verdict.

verl's client of SandboxFusion and that of open-instruct count a 429 as a failed test at once; those
of OpenRLHF and slime give up after a few tries. So their requests wait here, for as long as the
client itself waits.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nova_code_verifier.handlers.http_service.grading import BusyError
from nova_code_verifier.handlers.http_service.request import REQUEST

T = TypeVar("T")

_PAUSE_SECONDS = 0.5


def deadline_after(seconds: float) -> float:
    """Return when a client that waits for so many *seconds* stops waiting (`time.monotonic`)."""
    return min(REQUEST.get().deadline, time.monotonic() + seconds)


async def patiently(ask: Callable[[], Awaitable[T]], *, deadline: float) -> T:
    """Return what *ask* returns; as long as the queue is full, ask again.

    Raises BusyError if it is full until the *deadline* (`time.monotonic` seconds).
    """
    while True:
        try:
            return await ask()
        except BusyError:
            pause = _PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311  (no secret)
            if time.monotonic() + pause >= deadline:
                raise
            await asyncio.sleep(pause)
