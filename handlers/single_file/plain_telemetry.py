"""Write the reward function's log with the standard library alone.

In the single file, this module takes the place of `handlers/telemetry.py`, which needs Powertools.
In: outcomes. Out: one JSON line for each sample, with the same fields; no metrics and no traces.
No completion, test or output goes into the log.
"""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from nova_code_verifier.handlers.service import Outcome
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.verifier.types import Sample

Handler = Callable[..., object]


class Telemetry:
    """The interface of `handlers/telemetry.py`, as far as `handlers/reward.py` uses it."""

    def __init__(self, settings: Settings) -> None:
        """Ignore *settings*: none of them applies to this log."""

    @contextmanager
    def invocation(self, context: object) -> Iterator["Telemetry"]:
        """Yield the object that records the samples of one invocation."""
        del context
        yield self

    def record(self, outcome: Outcome, sample: Sample | None) -> None:
        """Log one line for *outcome*. Its `level` is the isolation level of the sample."""
        del sample
        _write_line("INFO", "sample", outcome.log_fields)

    def log_bug(self, index: int) -> None:
        """Log the exception that is being handled, which the sample at *index* caused."""
        _write_line("ERROR", "bug", {"index": index, "exception": traceback.format_exc()})

    def log_misjudged(self, problem: str) -> None:
        """Log that control samples were misjudged: nothing is graded."""
        _write_line("ERROR", "misjudged", {"problem": problem})

    def traced(self, handler: Handler) -> Handler:
        """Return *handler* as it is: there are no traces here."""
        return handler


def _write_line(severity: str, message: str, fields: dict[str, object]) -> None:
    line = {
        "level": severity,
        "severity": severity,
        "message": message,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "service": "nova-code-verifier",
        **fields,
    }
    with suppress(OSError, ValueError):  # a log that cannot be written must not cost a row
        print(json.dumps(line), flush=True)  # noqa: T201  (Lambda's log is stdout)
