"""Run candidates in containers: a wall of an engine's around the sandbox's own.

In: the image, settings. Out: an executor, whose candidates are in *cells*, containers that run
the executor function; whoever holds references stays on this machine. A cell that has failed is
made anew, as Lambda would; without a wall within, every order finds a new one. Must not know:
tests, answers, rewards.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from uuid import uuid4

from nova_code_verifier.handlers.containers.container import EXECUTOR_HANDLER, Container, running
from nova_code_verifier.handlers.containers.image import ContainerError, engine
from nova_code_verifier.handlers.executor_function.client import read_answer
from nova_code_verifier.handlers.executor_function.envelope import wrap
from nova_code_verifier.handlers.executors import start_local
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import FunctionCrashedError, SandboxError, UnreachableError
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import IsolationLevel

_HTTP_OK = 200
# An order takes a tenth of a second to get into a cell and back: several jobs share it, where
# the kernel keeps them from each other.
_JOBS_PER_ORDER = 8


@contextmanager
def executor_in_cells(
    image: str, settings: Settings, *, cells: int | None = None
) -> Iterator[RemoteExecutor]:
    """Be an executor in *cells* containers (unless given: one per usable processor).

    Raises SandboxError where there is no engine, no image, or no wall within it.
    """
    count = cells or len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        try:
            client = stack.enter_context(engine())
            containers = [
                stack.enter_context(
                    running(client, image, handler=EXECUTOR_HANDLER, VERIFIER_WORKERS="1")
                )
                for _ in range(count)
            ]
        except ContainerError as error:
            raise SandboxError(str(error)) from error
        invoke = cell_invoker(containers, always_fresh=settings.isolation is IsolationLevel.NONE)
        with _executor(invoke, settings, count, jobs_per_request=1) as probe:
            level = probe.level
        batch = _JOBS_PER_ORDER if level is IsolationLevel.KERNEL else 1
        yield stack.enter_context(_executor(invoke, settings, count, jobs_per_request=batch))


def cell_invoker(
    cells: Sequence[Container], *, always_fresh: bool = False
) -> Callable[[bytes], bytes]:
    """Return what gives an order to whichever of *cells* is idle, and waits while none is.

    *always_fresh* has a cell made anew after each order, and the next one's be of a new tenant.
    """
    idle: SimpleQueue[Container] = SimpleQueue()
    for cell in cells:
        idle.put(cell)

    def invoke(payload: bytes) -> bytes:
        cell = idle.get()
        try:
            event = json.dumps(wrap(payload)).encode("ascii")
            return _invoke_once(cell, event) if always_fresh else _invoke(cell, event)
        finally:
            idle.put(cell)

    return invoke


def _invoke_once(cell: Container, event: bytes) -> bytes:
    try:
        return _invoke(cell, event, tenant=uuid4().hex)
    finally:
        _renew(cell)


def _invoke(cell: Container, event: bytes, *, tenant: str = "") -> bytes:
    try:
        answer = cell.invoke(event, tenant=tenant)
        return read_answer(answer.body, has_failed=answer.status != _HTTP_OK)
    except FunctionCrashedError:
        _renew(cell)  # whoever brought it down may still be there
        raise
    except ContainerError as error:
        _renew(cell)
        raise FunctionCrashedError(str(error)) from error


def _renew(cell: Container) -> None:
    try:
        cell.restart()
    except ContainerError as error:
        raise UnreachableError(f"a container cannot be started again: {error}") from error


def _executor(
    invoke: Callable[[bytes], bytes], settings: Settings, count: int, *, jobs_per_request: int
) -> RemoteExecutor:
    return RemoteExecutor(
        invoke,
        lambda modules: start_local(settings, preloaded=modules),
        concurrency=count,
        jobs_per_request=jobs_per_request,
        required=settings.weakest_level,
    )
