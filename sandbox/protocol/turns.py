"""Let tasks of asyncio run for a moment. Guests and harnesses both use this module."""

from typing import Any

_ROUNDS = 5  # of a loop, in which a task that waits for nothing comes to its end


async def take_turn(task: Any, seconds: float) -> None:  # noqa: ANN401  (a task of asyncio)
    """Wait for a task, but no longer than so many seconds."""
    from asyncio import tasks  # noqa: PLC0415  (tests may patch `asyncio.sleep`)

    for _ in range(_ROUNDS):
        if task.done():
            return
        await tasks.sleep(0)
    if seconds:
        await tasks.wait({task}, timeout=seconds)
