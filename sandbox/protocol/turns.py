"""Tasks of asyncio that the other side waits for. Guests and harnesses both use this module."""

from collections.abc import Callable, Coroutine
from typing import Any

_ROUNDS = 5  # of a loop, in which a task that waits for nothing comes to its end


class Tasks:
    """Tasks by number. They run for a moment whenever the other side asks for a step."""

    def __init__(self, find_loop: Callable[[], Any]) -> None:
        """Run new tasks in the event loop that *find_loop* returns."""
        self._find_loop = find_loop
        self._count = 0
        self.pending: dict[int, Any] = {}

    def start(self, coroutine: Coroutine[Any, Any, object]) -> int:
        """Begin to run a coroutine. Return the number of its task."""
        self._count += 1
        self.pending[self._count] = self._find_loop().create_task(coroutine)
        return self._count

    def step(self, number: int, seconds: float) -> tuple[str, object]:
        """Run the loop until a task is done, but no longer than so many seconds.

        Return the task's state and its result. Raises KeyError, and what the task has raised.
        """
        task = self.pending[number]
        loop = task.get_loop()
        if not task.done() and not loop.is_running():
            run(loop, _take_turn(task, seconds))
        if not task.done():
            return "pending", None
        del self.pending[number]
        return ("cancelled", None) if task.cancelled() else ("done", task.result())

    def cancel(self, number: int) -> None:
        """Cancel a task. Raises KeyError."""
        self.pending[number].cancel()


def run(loop: Any, coroutine: Coroutine[Any, Any, object]) -> object:  # noqa: ANN401  (an event loop)
    """Run a coroutine to its end, even if another event loop is running in this thread."""
    from asyncio import events  # noqa: PLC0415  (late: a zygote must stay small)

    running = events._get_running_loop()  # noqa: SLF001  (for those who implement loops: this does)
    events._set_running_loop(None)  # noqa: SLF001
    try:
        result: object = loop.run_until_complete(coroutine)
    finally:
        events._set_running_loop(running)  # noqa: SLF001
    return result


async def _take_turn(task: Any, seconds: float) -> None:  # noqa: ANN401  (a task of asyncio)
    from asyncio import tasks  # noqa: PLC0415  (tests may patch `asyncio.sleep`)

    for _ in range(_ROUNDS):
        if task.done():
            return
        await tasks.sleep(0)
    if seconds:
        await tasks.wait({task}, timeout=seconds)
