"""The executor function: a Lambda that runs candidates, and holds nothing worth stealing.

In: an order (`sandbox.remote.request`): programs, questions, limits. Out: what happened. No
reference
ever comes here, and no secret: its role needs no permissions, and the credentials that Lambda
gives to every function are forgotten before the first guest is forked. Must not know: tests,
answers, rewards.

Whatever a call leaves behind (a process, a file) would be there in the next one, which may be
another candidate's. So each call ends with a look around, and if anything is found, with the end of
this process, unanswered: Lambda then ends all that runs in the environment and starts anew (what is
in `/tmp` it leaves, so that is removed first), and the caller takes the order for one that crashed.
A candidate can leave something only where no wall holds it. There it is alone: several jobs in an
order are refused at any level but `kernel`, and at level `none` every call that may be served by an
environment which served others (`VERIFIER_EXECUTOR_FRESH_ENVIRONMENT`).
"""

import os
import sys
import time
from contextlib import suppress
from typing import NoReturn

from nova_code_verifier.handlers.settings import read_settings
from nova_code_verifier.sandbox.confinement import kernel

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
for name in CREDENTIALS:
    kernel.forget_variable(name)

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap  # noqa: E402
from nova_code_verifier.handlers.executor_function.leftovers import Leftovers  # noqa: E402
from nova_code_verifier.handlers.executors import start_local  # noqa: E402
from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.sandbox.remote.request import RunRequest, read_request  # noqa: E402
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response  # noqa: E402
from nova_code_verifier.sandbox.types import Execution, IsolationLevel  # noqa: E402

SETTINGS = read_settings()
TRACES = Leftovers()
EXECUTOR = start_local(SETTINGS)
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    TRACES.hide()

_CONTAMINATED = 70
_NAMED_MAX = 10


class RefusedRequestError(ValueError):
    """An order that this function does not carry out."""


def lambda_handler(event: object, context: object = None) -> dict[str, str]:
    """Run the jobs of an order.

    Raises ValueError for what is no order, RefusedRequestError for several jobs without a wall
    of the kernel's or any without a wall and a tenant, and SandboxError if the sandbox cannot
    start. Does not return if the jobs left anything behind, or broke anything.
    """
    order = read_request(unwrap(event))
    level = EXECUTOR.level
    if level is IsolationLevel.NONE and not getattr(context, "tenant_id", None):
        raise RefusedRequestError(
            "without a wall (level none) each call takes an environment of its own:"
            " set VERIFIER_EXECUTOR_FRESH_ENVIRONMENT of the reward function"
        )
    if len(order.jobs) > 1 and level is not IsolationLevel.KERNEL:
        raise RefusedRequestError(
            f"{len(order.jobs)} jobs at level {level}: set VERIFIER_EXECUTOR_BATCH to 1"
        )
    try:
        seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
        reply = RunResponse(level=level, results=_run(order, seconds))
        payload = write_response(reply, order.jobs)
        left = TRACES.found(EXECUTOR)
    except BaseException as error:  # noqa: BLE001  (whatever broke, the next call would find it broken)
        _end(f"{type(error).__name__}: {error}")
    if left:
        _end(f"left behind: {left[:_NAMED_MAX]}")
    return wrap(payload)


def _end(why: str) -> NoReturn:
    """End this process, so that Lambda resets the environment."""
    words = f"this environment ends; {why}"
    print(words, file=sys.stderr, flush=True)  # noqa: T201  (no logger is loaded here)
    with suppress(Exception):
        TRACES.wipe(EXECUTOR)
    os._exit(_CONTAMINATED)


def _run(order: RunRequest, seconds_left: float) -> tuple[tuple[Execution, ...], ...]:
    deadline = time.monotonic() + min(order.seconds, seconds_left)
    results = dict(EXECUTOR.run(order.jobs, deadline=deadline))
    return tuple(results[place] for place in range(len(order.jobs)))
