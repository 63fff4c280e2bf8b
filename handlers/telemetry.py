"""Tell an operator what the function does: log lines, metrics, traces.

In: outcomes, as they come. Out: one JSON line for each, and one document of metrics (EMF, which
CloudWatch reads from the log) for each class of verdict and source that an invocation met. No
dimension holds anything that a dataset or a candidate chooses. Must not know: how a score
comes about, what is answered, which settings there are beyond its own.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from nova_code_verifier.handlers.service import Outcome
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.verifier.types import Sample, Source, Verdict

# Powertools' own variables; its own default for the latter would be "service_undefined".
NAMESPACE = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "NovaCodeVerifier"
SERVICE_NAME = os.environ.get("POWERTOOLS_SERVICE_NAME") or "nova-code-verifier"
_FUNCTION_NAME = os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "local"

_COMPLETION_CHARACTERS = 2000
_TEXT_CHARACTERS = 500
_CASES_SHOWN = 3

Handler = Callable[..., object]


class VerdictClass(StrEnum):
    """Verdicts, as coarsely as a dimension of metrics may tell them: each value is paid for."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    BROKEN = "broken"
    LIMIT = "limit"
    VIOLATION = "violation"
    NO_CANDIDATE = "no_candidate"
    UNGRADED = "ungraded"


CLASSES = {
    Verdict.ACCEPTED: VerdictClass.ACCEPTED,
    Verdict.WRONG_ANSWER: VerdictClass.WRONG,
    Verdict.RUNTIME_ERROR: VerdictClass.BROKEN,
    Verdict.COMPILE_ERROR: VerdictClass.BROKEN,
    Verdict.TIME_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.MEMORY_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.OUTPUT_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.SECURITY_VIOLATION: VerdictClass.VIOLATION,
    Verdict.NO_CANDIDATE: VerdictClass.NO_CANDIDATE,
    Verdict.UNGRADED: VerdictClass.UNGRADED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a sample adds to the metrics."""

    reward: float | None
    correctness: float
    duration_ms: float
    is_zero: bool
    is_outage: bool


class Invocation:
    """What is told of one invocation: each sample when it is known, the metrics at the end."""

    def __init__(
        self, logger: Logger, settings: Settings, *, cold_start: bool, request_id: str | None
    ) -> None:
        """Lines carry *cold_start* and *request_id*, as Powertools names them."""
        self._logger = logger
        self._settings = settings
        self._is_cold = cold_start
        self._common = {"cold_start": cold_start, "function_request_id": request_id}
        self._groups: dict[tuple[VerdictClass, Source], list[_Told]] = defaultdict(list)

    def tell(self, outcome: Outcome, sample: Sample | None) -> None:
        """Log a line for *outcome*, and keep its numbers."""
        fields = outcome.log_fields
        texts = texts_of(outcome, sample) if self._settings.log_samples else {}
        self._logger.info("sample", extra={"sample": fields | self._common | texts})
        score = outcome.score
        told = _Told(
            reward=score.reward,
            correctness=score.correctness,
            duration_ms=float(str(fields["duration_ms"])),
            is_zero=score.reward is not None and score.reward <= self._settings.rubric.lowest,
            is_outage=score.is_outage,
        )
        self._groups[CLASSES[score.verdict], score.source].append(told)

    def publish(self) -> None:
        """Write the documents of metrics."""
        if self._is_cold:
            document = _new_document()
            document.add_metric("ColdStart", MetricUnit.Count, 1)
            document.flush_metrics()
        for (verdict, source), told in self._groups.items():
            _publish_group(verdict, source, told)


class Telemetry:
    """The function's logger, metrics and, if it is asked for, tracer."""

    def __init__(self, settings: Settings) -> None:
        """Set up once, at init."""
        self._settings = settings
        # With provisioned concurrency nobody waits for the init.
        kind = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
        self._is_cold = kind != "provisioned-concurrency"
        self.logger = Logger(
            service=SERVICE_NAME,
            json_serializer=write_line,
            use_rfc3339=True,  # the only form that Lambda reads in its JSON log format
            utc=True,
        )

    @contextmanager
    def invocation(self, context: object) -> Iterator[Invocation]:
        """Listen to one invocation. However it ends, what was told until then is published."""
        cold, self._is_cold = self._is_cold, False
        request_id = getattr(context, "aws_request_id", None)
        invocation = Invocation(self.logger, self._settings, cold_start=cold, request_id=request_id)
        try:
            yield invocation
        finally:
            invocation.publish()

    def traced(self, handler: Handler) -> Handler:
        """Trace a handler with X-Ray if `trace` is set; or else return it as it is.

        No response and no error goes into a trace: both may hold what candidates wrote.
        Raises SettingsError if the X-Ray SDK is not installed.
        """
        if not self._settings.trace:
            return handler
        try:
            tracer = Tracer(service=SERVICE_NAME, auto_patch=False)
        except ImportError:
            raise SettingsError(
                "VERIFIER_TRACE: needs the X-Ray SDK; install nova-code-verifier[tracing]"
            ) from None
        handler = tracer.capture_lambda_handler(
            handler, capture_response=False, capture_error=False
        )
        return lambda event, context=None: handler(event, context)


def write_line(line: dict[str, Any]) -> str:
    """Write a log line; what is told of a sample is put at its top level.

    A sample's `level` is that of the wall around it. Powertools, which means the log's, would
    keep it out: so the latter goes by `severity` in these lines.
    """
    sample = line.pop("sample", None)
    if sample is not None:
        line = {**line, "severity": line["level"], **sample}
    return json.dumps(line, default=str, separators=(",", ":"), ensure_ascii=False)


def texts_of(outcome: Outcome, sample: Sample | None) -> dict[str, object]:
    """Show the beginnings of what a candidate wrote. Never what was expected of it."""
    completion = sample.completion if sample else None
    cases = outcome.details["cases"]
    assert isinstance(cases, list)  # noqa: S101  (built by report.details_of)
    return {
        "completion": _shown(completion, _COMPLETION_CHARACTERS),
        "cases": [
            {name: _shown(value, _TEXT_CHARACTERS) for name, value in case.items()}
            for case in cases[:_CASES_SHOWN]
        ],
    }


def _shown(value: object, characters: int) -> object:
    if not isinstance(value, str):
        return value
    # A lone surrogate cannot be written, and would cost the line.
    shown = value[:characters].encode("utf-8", "replace").decode()
    return shown if len(value) <= characters else shown + "…"


def _new_document() -> EphemeralMetrics:
    """Begin a document whose first set of dimensions is the function alone."""
    document = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE_NAME)
    document.add_dimension("service", SERVICE_NAME)
    document.add_dimension("function_name", _FUNCTION_NAME)
    return document


def _publish_group(verdict: VerdictClass, source: Source, told: Sequence[_Told]) -> None:
    document = _new_document()
    function = {"service": SERVICE_NAME, "function_name": _FUNCTION_NAME}
    document.add_dimensions(**function, verdict_class=verdict)
    document.add_dimensions(**function, source=source)
    is_graded = verdict is not VerdictClass.UNGRADED
    for one in told:  # before the counts: Powertools writes a document whenever it has 100 values
        document.add_metric("DurationMs", MetricUnit.Milliseconds, one.duration_ms)
        if one.reward is not None:
            document.add_metric("Reward", MetricUnit.NoUnit, one.reward)
            document.add_metric("Correctness", MetricUnit.NoUnit, one.correctness)
    document.add_metric("Samples", MetricUnit.Count, len(told))
    if is_graded:
        document.add_metric("RewardZero", MetricUnit.Count, sum(one.is_zero for one in told))
    else:
        document.add_metric("Ungraded", MetricUnit.Count, len(told))
        document.add_metric("Outages", MetricUnit.Count, sum(one.is_outage for one in told))
    if verdict is VerdictClass.VIOLATION:
        document.add_metric("SecurityViolations", MetricUnit.Count, len(told))
    document.flush_metrics()
