"""The executor function: a Lambda that runs candidates, and holds nothing worth stealing.

In: a request (`sandbox/remote/request.py`) with programs, questions and limits. Out: executions.
This function receives no references, except the tests of sessions; and these only if it has told
its caller about a wall that protects them from the candidate (`sandbox/remote/sessions.py`). It
checks the wall itself, too, before it runs a session. Its role needs no permissions, and the
credentials that Lambda gives to every function are removed before the first guest is forked.

A process or a file that one call leaves behind would still be there in the next call, which may
serve another candidate. So each call ends with a search for leftovers. If there are any, this
process exits without a response. Lambda then kills everything in the environment and starts it
again (`/tmp` would survive that, so the files are removed first), and the caller treats the request
as crashed.

A candidate can leave something behind only at a level below `kernel`, and there it must be alone.
At such a level, requests with several jobs are refused. At level `none`, the function also refuses
every call whose environment may serve other callers (see `VERIFIER_EXECUTOR_FRESH_ENVIRONMENT`).
"""

import os
import sys
import time
from contextlib import suppress
from typing import NoReturn

from nova_code_verifier.handlers.settings import read_settings
from nova_code_verifier.sandbox.confinement import kernel

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
# Before anything else is loaded or started, so that nothing can copy them.
for name in CREDENTIALS:
    kernel.forget_variable(name)

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap  # noqa: E402
from nova_code_verifier.handlers.executor_function.leftovers import Leftovers  # noqa: E402
from nova_code_verifier.handlers.executors import start_local  # noqa: E402
from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.sandbox.remote.protections import (  # noqa: E402
    granted_protections,
    missing_protections,
)
from nova_code_verifier.sandbox.remote.request import RunRequest, read_request  # noqa: E402
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response  # noqa: E402
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel  # noqa: E402
from nova_code_verifier.verifier.test_code.jobs import HARNESS_MODULES, PYTEST_MODULES  # noqa: E402

SETTINGS = read_settings()
LEFTOVERS = Leftovers()  # before the executor starts: it notes what is there already
EXECUTOR = start_local(SETTINGS)
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # Close this process's memory and environment to guests, if the kernel allows it.
    with suppress(OSError):
        kernel.hide_from_peers()

_CONTAMINATED = 70
_LISTED_MAX = 10


class RefusedRequestError(ValueError):
    """A request that this function must not run at its isolation level."""


def lambda_handler(event: object, context: object = None) -> dict[str, str]:
    """Run the jobs of a request.

    Raises ValueError for an event that is not a request, RefusedRequestError for a request that the
    isolation level does not allow, and SandboxError if the sandbox cannot start. Does not return if
    the jobs left anything behind, or broke anything.
    """
    request = read_request(unwrap(event))
    level = EXECUTOR.level
    _check_isolation(request, level, context)
    try:
        seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
        deadline = time.monotonic() + min(request.seconds, seconds)
        response = _run(request, level, deadline)
        payload = write_response(response, request.jobs)
        found = LEFTOVERS.found(EXECUTOR)
    except BaseException as error:  # noqa: BLE001  (whatever broke would be broken in the next call)
        _exit(f"{type(error).__name__}: {error}")
    if found:
        _exit(f"left behind: {found[:_LISTED_MAX]}")
    return wrap(payload)


def _run(request: RunRequest, level: IsolationLevel, deadline: float) -> RunResponse:
    executor, protections = EXECUTOR, granted_protections(EXECUTOR.granted)
    executions: dict[int, tuple[Execution, ...]]
    if request.modules and (missing := missing_protections(protections)):
        unrun = Execution(ending=Ending.NOT_RUN, detail=f"no sessions here; missing: {missing}")
        executions = {
            index: (unrun,) * len(job.questions) for index, job in enumerate(request.jobs)
        }
    else:
        if request.modules:
            executor = EXECUTOR.with_sessions(request.modules)
        executions = dict(executor.run(request.jobs, deadline=deadline))
    results = tuple(executions[index] for index in range(len(request.jobs)))
    return RunResponse(level=level, results=results, protections=protections)


def _check_isolation(request: RunRequest, level: IsolationLevel, context: object) -> None:
    if level is IsolationLevel.NONE and not getattr(context, "tenant_id", None):
        raise RefusedRequestError(
            "without isolation (level none), each call takes an environment of its own: set"
            " VERIFIER_EXECUTOR_FRESH_ENVIRONMENT of the reward function"
        )
    if request.modules not in ((), HARNESS_MODULES, PYTEST_MODULES):
        # A zygote imports them before it is confined.
        raise RefusedRequestError("modules: not those of harnesses; deploy both functions together")
    if len(request.jobs) > 1 and level is not IsolationLevel.KERNEL:
        raise RefusedRequestError(
            f"{len(request.jobs)} jobs in one request at level {level}, which does not isolate them"
            " from each other: set VERIFIER_EXECUTOR_BATCH of the reward function to 1"
        )


def _exit(reason: str) -> NoReturn:
    """Exit this process, so that Lambda resets the environment."""
    message = f"this environment ends; {reason}"
    print(message, file=sys.stderr, flush=True)  # noqa: T201  (no logger is loaded here)
    with suppress(Exception):
        LEFTOVERS.wipe(EXECUTOR)
    os._exit(_CONTAMINATED)
