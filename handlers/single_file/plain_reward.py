"""The reward function of the single file: as `handlers.reward`, with nothing but Python.

In: an event from a trainer, a context (Lambda's own, a dict, or None). Out: a row for
every sample, in order. One JSON line per sample goes to the log; no completion, no test,
no output does. Must not know: how a score comes about, that it lies in a single file.
"""

import contextlib
import json
import os
import time
import traceback
from datetime import UTC, datetime

from nova_code_verifier.handlers.settings import SettingsError, read_settings
from nova_code_verifier.sandbox.host.local import LocalExecutor

SETTINGS = read_settings()
if SETTINGS.executor_function:
    raise SettingsError(
        "VERIFIER_EXECUTOR_FUNCTION: the single file runs candidates by itself; to have another"
        " function run them, deploy the image"
    )
# Before the other imports: the zygotes warm up while this process is still loading.
EXECUTOR = LocalExecutor(
    workers=SETTINGS.workers, level=SETTINGS.isolation, required=SETTINGS.required_isolation
)

from nova_code_verifier.handlers.invocation import seconds_left  # noqa: E402
from nova_code_verifier.handlers.service import Service, rows_of  # noqa: E402
from nova_code_verifier.handlers.wire import read_event, write_response  # noqa: E402
from nova_code_verifier.sandbox.confinement.kernel import hide_from_peers  # noqa: E402

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # Here the environment holds credentials, and guests may have this process's uid.
    hide_from_peers()


def _log(level: str, message: str, fields: dict[str, object]) -> None:
    """Write a line as `handlers.telemetry` would: a sample's `level` is that of the wall."""
    line = {
        "level": level,
        "severity": level,
        "message": message,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "service": "nova-code-verifier",
        **fields,
    }
    with contextlib.suppress(OSError, ValueError):  # a log that nobody takes costs no row
        print(json.dumps(line), flush=True)  # noqa: T201  (this is Lambda's log)


SERVICE = Service(
    EXECUTOR,
    SETTINGS,
    on_bug=lambda place: _log(
        "ERROR", "bug", {"place": place, "exception": traceback.format_exc()}
    ),
)


def lambda_handler(event: object, context: object = None) -> object:
    """Score the samples of *event*.

    Raises MalformedEventError for an event without samples, and OutageError for samples
    that we could not grade, where the rubric's `on_outage` is `raise`.
    """
    request = read_event(event)
    seconds = seconds_left(context, default_seconds=SETTINGS.default_seconds)
    deadline = time.monotonic() + seconds
    outcomes = []
    for outcome in SERVICE.score(request.entries, deadline=deadline):
        _log("INFO", "sample", outcome.log_fields)
        outcomes.append(outcome)
    rows = rows_of(outcomes, SETTINGS.rubric.on_outage)
    return write_response(request, rows, always_envelope=SETTINGS.always_envelope)
