"""Awaitables of both sides, run in turns; see `sandbox/guest/awaiting.py`.

In: an awaitable of the candidate's that the tests await, or one of the tests' that the candidate
awaits. Out: its result.
"""

import inspect
import threading
import types
from collections.abc import Generator
from typing import Any

from nova_code_verifier.sandbox.protocol.turns import Tasks, run

_STEP_SECONDS = 0.002
_TURN_SECONDS = 0.001
_TASKS_MAX = 10_000


class _Local(threading.local):
    """What a thread has for itself."""

    loop: Any = None
    steps = 0
    """How many requests of this thread let an event loop of the tests wait."""


_local = _Local()
_loops: list[Any] = []  # event loops that are open and may be used again


@types.coroutine
def run_there(
    session: Any,  # noqa: ANN401  (a `Session` of `proxies.py`)
    operation: str,
    *operands: object,
) -> Generator[None, None, object]:
    """Run an awaitable of the candidate's, in turns with the tasks of the tests."""
    number = session.ask("start", operation, *operands)
    seconds = 0.0
    while True:
        state, value = _step(session, number, seconds)
        if state == "done":
            return value
        if state == "cancelled":
            from asyncio import CancelledError  # noqa: PLC0415  (most tests do without)

            raise CancelledError
        seconds = _STEP_SECONDS
        try:
            yield
        except GeneratorExit:
            session.ask("cancel", number)
            raise
        except BaseException:  # noqa: BLE001  (the task is cancelled, and may decide otherwise)
            session.ask("cancel", number)


def _step(session: Any, number: object, seconds: float) -> tuple[object, object]:  # noqa: ANN401  (as above)
    _local.steps += 1
    try:
        answer: tuple[object, object] = session.ask("step", number, seconds)
    finally:
        _local.steps -= 1
    if type(answer) is not tuple or len(answer) != 2:  # noqa: PLR2004  (a state, and a result)
        session.lose("protocol: no state of a task")
    return answer


def start(value: Any) -> int:  # noqa: ANN401  (any value)
    """Begin to run an awaitable of the tests', or what returns another value. Return its number."""
    if len(_tasks.pending) >= _TASKS_MAX:
        raise MemoryError("too many tasks")
    return _tasks.start(_result(value))


def step(number: Any) -> tuple[str, object]:  # noqa: ANN401  (from the candidate)
    """Let a task run for a moment. Return its state and its result. Raises KeyError."""
    return _tasks.step(number, _TURN_SECONDS)


async def _result(value: Any) -> object:  # noqa: ANN401  (any value)
    return await value if inspect.isawaitable(value) else value


def complete(awaitable: Any) -> object:  # noqa: ANN401  (any awaitable)
    """Run an awaitable to its end, even if an event loop of the tests is running.

    It runs in this thread, so that the tests' coroutine may use the candidate again, and in a loop
    that is kept, so that the tests' locks and queues may be used again.
    """
    import asyncio  # noqa: PLC0415  (most tests do without)

    loop = _loops.pop() if _loops else asyncio.new_event_loop()
    try:
        return run(loop, _result(awaitable))
    finally:
        _loops.append(loop)


def _loop() -> Any:  # noqa: ANN401  (an event loop)
    """Return the loop of the tests that waits for the candidate; or else one that is kept."""
    import asyncio  # noqa: PLC0415  (most tests do without)

    running = asyncio._get_running_loop()  # noqa: SLF001  (for those who implement loops: this does)
    if running is not None and _local.steps:
        return running
    if _local.loop is None or _local.loop.is_closed():
        _local.loop = asyncio.new_event_loop()
    return _local.loop


_tasks = Tasks(_loop)
cancel = _tasks.cancel
