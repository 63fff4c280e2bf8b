"""Awaitables of the program that the tests await, and those of the tests that the program awaits.

Each side has an event loop of its own. They take turns: a side that waits for an awaitable of the
other asks again and again whether it is done, and runs its own tasks in between. So tasks of both
sides run at the same time, as they do in one loop, and locks, queues and time limits work.
"""

import threading
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.turns import take_turn

Request = Callable[..., Any]
_TURN_SECONDS = 0.001


class Awaiting:
    """The tasks that the tests wait for. Each thread has its own loop."""

    def __init__(self, awaitables: dict[str, Callable[..., Any]]) -> None:
        """Run what the operations *awaitables* return."""
        self._awaitables = awaitables
        self._tasks: dict[int, Any] = {}
        self._count = 0
        self._local = threading.local()
        self.operations: dict[str, Callable[..., object]] = {
            "start": self.start,
            "step": self.step,
            "cancel": lambda number: self._tasks[number].cancel(),
        }

    def start(self, operation: str, *operands: object) -> int:
        """Begin to run an awaitable. Return the number of its task."""
        awaitable = self._awaitables[operation](*operands)

        async def run() -> object:
            return await awaitable

        self._count += 1
        self._tasks[self._count] = self._loop().create_task(run())
        return self._count

    def step(self, number: int, seconds: float) -> tuple[str, object]:
        """Run the loop until a task is done, but no longer than so many seconds."""
        task = self._tasks[number]
        loop = task.get_loop()
        if not task.done() and not loop.is_running():
            loop.run_until_complete(take_turn(task, seconds))
        if not task.done():
            return "pending", None
        del self._tasks[number]
        return ("cancelled", None) if task.cancelled() else ("done", task.result())

    def run(self, awaitable: Any) -> object:  # noqa: ANN401  (the candidate's)
        """Run an awaitable to its end."""

        async def run() -> object:
            return await awaitable

        loop = self._loop()
        if loop.is_running():
            raise RuntimeError("this event loop is already running")
        return loop.run_until_complete(run())

    def _loop(self) -> Any:  # noqa: ANN401  (asyncio is imported late: a zygote must stay small)
        import asyncio  # noqa: PLC0415

        loop = asyncio._get_running_loop() or getattr(self._local, "loop", None)  # noqa: SLF001
        if loop is None or loop.is_closed():
            loop = self._local.loop = asyncio.new_event_loop()
        return loop


async def run_there(
    request: Request, operation: str, number: int, /, *operands: object, **keywords: object
) -> object:
    """Run an awaitable of the tests', in turns with the tasks here."""
    from asyncio import events, tasks  # noqa: PLC0415  (as above)

    if events._get_running_loop() is None:  # noqa: SLF001  (the program runs coroutines by itself)
        return request(operation, number, *operands, **keywords)
    task = request("start", number, operation, *operands, **keywords)
    while True:
        state, value = request("step", number, task)
        if state == "done":
            return value
        if state == "cancelled":
            raise tasks.exceptions.CancelledError
        try:
            await tasks.sleep(_TURN_SECONDS)
        except BaseException:
            request("cancel", number, task)
            raise
