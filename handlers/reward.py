"""The reward function: the entry point of the Lambda, and of the single file.

In: a trainer's event, and a context (Lambda's object, a dict, or None). Out: one row for each
sample, in the order of the samples. An event passes these stages:

    wire.read_event -> service.Service.score -> service.rows_of -> wire.write_response

`verifier score --on lambda:NAME` asks for details, too. Then samples that could not be graded
through our fault have rows that say so, and the others keep theirs.
"""

import os
import time

from nova_code_verifier.handlers.executors import start_executor
from nova_code_verifier.handlers.settings import read_settings

SETTINGS = read_settings()
# Before the other imports: the zygotes warm up while this process is still loading modules.
EXECUTOR = start_executor(SETTINGS)

from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.handlers.scored.sample import scored_sample  # noqa: E402
from nova_code_verifier.handlers.service import Outcome, Service, rows_of  # noqa: E402
from nova_code_verifier.handlers.telemetry import Telemetry  # noqa: E402
from nova_code_verifier.handlers.wire import (  # noqa: E402
    Details,
    Request,
    read_event,
    sendable,
    write_response,
)
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
    could not grade, if the rubric's `on_outage` is `raise` and the event does not want details.
    """
    with TELEMETRY.invocation(context) as invocation:
        request = read_event(event)
        seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
        deadline = time.monotonic() + seconds
        outcomes = []
        for outcome in SERVICE.score(request.entries, deadline=deadline):
            invocation.record(outcome, request.entries[outcome.index].sample)
            outcomes.append(outcome)
        if request.details is None:
            rows = rows_of(outcomes, SETTINGS.rubric.on_outage)
        else:
            rows = _rows_with_details(request, outcomes)
        return write_response(request, rows, always_envelope=SETTINGS.always_envelope)


def _rows_with_details(request: Request, outcomes: list[Outcome]) -> list[dict[str, object]]:
    """Return the rows in the order of the samples, each with its details."""
    is_full = request.details is Details.FULL
    scored = (
        scored_sample(request.entries[outcome.index], outcome, full=is_full)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.index)
    )
    return [sample.row | {"details": sendable(sample.details)} for sample in scored]
