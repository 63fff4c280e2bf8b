"""The reward function: the Lambda's front door.

In: an event from a trainer, a context (Lambda's own, a dict, or None). Out: a row for
every sample, in order; and, on the way, what telemetry makes of it. Must not know: how a
score comes about.
"""

import os
import time

from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.settings import read_settings

SETTINGS = read_settings()
# Before the other imports: the zygotes warm up while this process is still loading.
EXECUTOR = start_executor(SETTINGS)

from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.handlers.service import Service, rows_of  # noqa: E402
from nova_code_verifier.handlers.telemetry import Telemetry  # noqa: E402
from nova_code_verifier.handlers.wire import read_event, write_response  # noqa: E402
from nova_code_verifier.sandbox.confinement.kernel import hide_from_peers  # noqa: E402

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # Here the environment holds credentials, and guests may have this process's uid.
    hide_from_peers()

TELEMETRY = Telemetry(SETTINGS)
logger = TELEMETRY.logger
SERVICE = Service(
    EXECUTOR,
    SETTINGS,
    on_bug=lambda place: logger.exception("bug", extra={"place": place}),
)


@TELEMETRY.traced
def lambda_handler(event: object, context: object = None) -> object:
    """Score the samples of *event*.

    Raises MalformedEventError for an event without samples, and OutageError for samples
    that we could not grade, where the rubric's `on_outage` is `raise`.
    """
    with TELEMETRY.invocation(context) as invocation:
        request = read_event(event)
        seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
        deadline = time.monotonic() + seconds
        outcomes = []
        for outcome in SERVICE.score(request.entries, deadline=deadline):
            invocation.tell(outcome, request.entries[outcome.index].sample)
            outcomes.append(outcome)
        rows = rows_of(outcomes, SETTINGS.rubric.on_outage)
        return write_response(request, rows, always_envelope=SETTINGS.always_envelope)
