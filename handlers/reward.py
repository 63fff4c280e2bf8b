"""The reward function: the entry point of the Lambda, and of the single file.

In: a trainer's event, and a context (Lambda's object, a dict, or None). Out: one row for each
sample, in the order of the samples. An event passes these stages:

    wire.read_event -> service.Service.score -> service.rows_of -> wire.write_response
"""

import os
import time

from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.settings import read_settings

SETTINGS = read_settings()
# Before the other imports: the zygotes warm up while this process is still loading modules.
EXECUTOR = start_executor(SETTINGS)

from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.handlers.service import Service, rows_of  # noqa: E402
from nova_code_verifier.handlers.telemetry import Telemetry  # noqa: E402
from nova_code_verifier.handlers.wire import read_event, write_response  # noqa: E402
from nova_code_verifier.sandbox.confinement.kernel import hide_from_peers  # noqa: E402

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # In Lambda, this process's environment holds credentials. Guests may run under the same uid
    # and could read the environment in /proc.
    hide_from_peers()

TELEMETRY = Telemetry(SETTINGS)
SERVICE = Service(
    EXECUTOR, SETTINGS, on_bug=TELEMETRY.log_bug, on_misjudged=TELEMETRY.log_misjudged
)


@TELEMETRY.traced
def lambda_handler(event: object, context: object = None) -> object:
    """Score the samples of *event*, and return their rows.

    Raises MalformedEventError for an event without samples, and OutageError for samples that we
    could not grade, if the rubric's `on_outage` is `raise`.
    """
    with TELEMETRY.invocation(context) as invocation:
        request = read_event(event)
        seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
        deadline = time.monotonic() + seconds
        outcomes = []
        for outcome in SERVICE.score(request.entries, deadline=deadline):
            invocation.record(outcome, request.entries[outcome.index].sample)
            outcomes.append(outcome)
        rows = rows_of(outcomes, SETTINGS.rubric.on_outage)
        return write_response(request, rows, always_envelope=SETTINGS.always_envelope)
