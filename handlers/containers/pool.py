"""Run candidates in a pool of containers: the engine's isolation around the sandbox's own.

In: the image, settings. Out: an executor. Its candidates run in containers that run the executor
function (`handlers/executor.py`); references stay in this process, except the tests of sessions
(`sandbox/remote/sessions.py`). A container whose function has failed is restarted, as Lambda would
do it. Without isolation inside the containers (level `none`), a container is restarted after every
request.
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
from nova_code_verifier.handlers.settings import ExecutorSessions, Settings
from nova_code_verifier.sandbox.errors import FunctionCrashedError, UnreachableError
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import IsolationLevel

_HTTP_OK = 200
# A request takes a tenth of a second to get into a container and back. Several jobs share one,
# if the kernel isolates them from each other.
_JOBS_PER_REQUEST = 8


@contextmanager
def executor_in_containers(
    image: str, settings: Settings, *, count: int | None = None
) -> Iterator[RemoteExecutor]:
    """Yield an executor with *count* containers (default: one for each usable processor).

    Raises SandboxError if there is no container engine, no image, or no isolation in a container.
    """
    count = count or len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        client = stack.enter_context(engine())
        containers = [
            stack.enter_context(
                running(client, image, handler=EXECUTOR_HANDLER, VERIFIER_WORKERS="1")
            )
            for _ in range(count)
        ]
        invoke = container_invoker(
            containers, fresh_environment=settings.isolation is IsolationLevel.NONE
        )
        with _executor(invoke, settings, count, jobs_per_request=1) as probe:
            level = probe.level
        batch = _JOBS_PER_REQUEST if level is IsolationLevel.KERNEL else 1
        yield stack.enter_context(_executor(invoke, settings, count, jobs_per_request=batch))


def container_invoker(
    containers: Sequence[Container], *, fresh_environment: bool = False
) -> Callable[[bytes], bytes]:
    """Return a function that sends a payload to an idle container, and waits while none is idle.

    With *fresh_environment*, a container is restarted after each request, and each request has a
    new tenant id.
    """
    idle: SimpleQueue[Container] = SimpleQueue()
    for container in containers:
        idle.put(container)

    def invoke(payload: bytes) -> bytes:
        event = json.dumps(wrap(payload)).encode("ascii")
        container = idle.get()
        with ExitStack() as stack:
            stack.callback(idle.put, container)
            if fresh_environment:
                stack.callback(_restart, container)
            return _invoke(container, event, tenant=uuid4().hex if fresh_environment else "")

    return invoke


def _invoke(container: Container, event: bytes, *, tenant: str) -> bytes:
    try:
        answer = container.invoke(event, tenant=tenant)
        return read_answer(answer.body, has_failed=answer.status != _HTTP_OK)
    except FunctionCrashedError:
        _restart(container)  # the process that crashed the function may still run in it
        raise
    except ContainerError as error:
        _restart(container)
        raise FunctionCrashedError(str(error)) from error


def _restart(container: Container) -> None:
    try:
        container.restart()
    except ContainerError as error:
        raise UnreachableError(f"a container cannot be restarted: {error}") from error


def _executor(
    invoke: Callable[[bytes], bytes], settings: Settings, count: int, *, jobs_per_request: int
) -> RemoteExecutor:
    return RemoteExecutor(
        invoke,
        lambda modules: start_local(settings, preloaded=modules),
        concurrency=count,
        jobs_per_request=jobs_per_request,
        required=settings.weakest_level,
        may_send_sessions=settings.executor_sessions is not ExecutorSessions.NEVER,
    )
