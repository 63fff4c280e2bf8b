"""Awaitables of the program that the tests await, and those of the tests that the program awaits.

Each side has an event loop of its own. They take turns: a side that waits for an awaitable of the
other asks again and again whether it is done, and runs its own tasks in between. So tasks of both
sides run at the same time, as they do in one loop, and locks, queues and time limits work.
"""

import threading
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.turns import Tasks

Request = Callable[..., Any]
_TURN_SECONDS = 0.001


class Awaiting:
    """The tasks that the tests wait for. Each thread has its own loop."""

    def __init__(self, awaitables: dict[str, Callable[..., Any]]) -> None:
        """Run what the operations *awaitables* return."""
        self._local = threading.local()
        tasks = Tasks(self._loop)
        self.operations: dict[str, Callable[..., object]] = {
            "start": lambda name, *operands: tasks.start(_result(awaitables[name](*operands))),
            "step": tasks.step,
            "cancel": tasks.cancel,
        }

    def run(self, awaitable: Any) -> object:  # noqa: ANN401  (the candidate's)
        """Run an awaitable to its end."""
        loop = self._loop()
        if loop.is_running():
            raise RuntimeError("this event loop is already running")
        return loop.run_until_complete(_result(awaitable))

    def _loop(self) -> Any:  # noqa: ANN401  (asyncio is imported late: a zygote must stay small)
        import asyncio  # noqa: PLC0415

        loop = asyncio._get_running_loop() or getattr(self._local, "loop", None)  # noqa: SLF001
        if loop is None or loop.is_closed():
            loop = self._local.loop = asyncio.new_event_loop()
        return loop


async def _result(awaitable: Any) -> object:  # noqa: ANN401  (the candidate's)
    return await awaitable


async def run_there(
    request: Request, operation: str, number: int, /, *operands: object, **keywords: object
) -> object:
    """Run an awaitable of the tests', in turns with the tasks here."""
    # Late: a zygote must stay small. Tests may patch `asyncio.sleep`.
    from asyncio import events, exceptions, tasks  # noqa: PLC0415

    if events._get_running_loop() is None:  # noqa: SLF001  (the program runs coroutines by itself)
        return request(operation, number, *operands, **keywords)
    task = request("start", number, operation, *operands, **keywords)
    while True:
        state, value = request("step", number, task)
        if state == "done":
            return value
        if state == "cancelled":
            raise exceptions.CancelledError
        try:
            await tasks.sleep(_TURN_SECONDS)
        except BaseException:
            request("cancel", number, task)
            raise
