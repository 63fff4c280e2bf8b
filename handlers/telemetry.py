"""Write the log lines, metrics and traces of the reward function.

In: outcomes, one at a time. Out: one JSON line for each outcome, and for each invocation one
document of metrics for each pair of verdict class and source, and one for its prompt groups.
CloudWatch reads these documents from the log (embedded metric format, EMF). Datasets and candidates
must not choose the value of a dimension: each new value costs money.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from nova_code_verifier.handlers.prompt_groups import PromptGroups
from nova_code_verifier.handlers.report import ISOLATION_LEVELS
from nova_code_verifier.handlers.service import Outcome
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.verifier.types import Sample, Source, Verdict

# Variables of Powertools. Its own default for the service would be "service_undefined".
NAMESPACE = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "NovaCodeVerifier"
SERVICE_NAME = os.environ.get("POWERTOOLS_SERVICE_NAME") or "nova-code-verifier"
_FUNCTION = {
    "service": SERVICE_NAME,
    "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "local",
}

_COMPLETION_CHARACTERS = 2000
_TEXT_CHARACTERS = 500
_CASES_SHOWN = 3

Handler = Callable[..., object]
_Group = list[tuple[Outcome, float]]  # samples, and their durations in milliseconds


class VerdictClass(StrEnum):
    """Groups of verdicts, for a dimension of the metrics: each value of a dimension costs money."""

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
    Verdict.NO_ENTRY_POINT: VerdictClass.BROKEN,
    Verdict.TIME_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.MEMORY_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.OUTPUT_LIMIT_EXCEEDED: VerdictClass.LIMIT,
    Verdict.SECURITY_VIOLATION: VerdictClass.VIOLATION,
    Verdict.NO_CANDIDATE: VerdictClass.NO_CANDIDATE,
    Verdict.UNGRADED: VerdictClass.UNGRADED,
}


class Invocation:
    """Records the samples of one invocation, and publishes their metrics at its end."""

    def __init__(
        self, logger: Logger, settings: Settings, *, cold_start: bool, request_id: str | None
    ) -> None:
        """Write *cold_start* and *request_id* into each line, under the names of Powertools."""
        self._logger = logger
        self._settings = settings
        self._is_cold = cold_start
        self._common = {"cold_start": cold_start, "function_request_id": request_id}
        self._groups: dict[tuple[VerdictClass, Source], _Group] = defaultdict(list)
        self._prompts = PromptGroups()

    def record(self, outcome: Outcome, sample: Sample | None) -> None:
        """Log a line for *outcome*, and keep its numbers for `publish`."""
        fields = outcome.log_fields
        excerpts = sample_excerpts(outcome, sample) if self._settings.log_samples else {}
        self._logger.info("sample", extra={"sample": fields | self._common | excerpts})
        score, duration_ms = outcome.score, float(str(fields["duration_ms"]))
        self._groups[CLASSES[score.verdict], score.source].append((outcome, duration_ms))
        self._prompts.add(outcome.group, score.reward)

    def publish(self) -> None:
        """Write the documents of metrics."""
        if self._is_cold:
            document = _new_document()
            document.add_metric("ColdStart", MetricUnit.Count, 1)
            document.flush_metrics()
        for (verdict_class, source), group in self._groups.items():
            _publish_group(verdict_class, source, group, self._settings.rubric.lowest)
        if count := self._prompts.count:
            document = _new_document()
            document.add_metric("PromptGroups", MetricUnit.Count, count)
            document.add_metric("EqualGroups", MetricUnit.Count, self._prompts.equal_count)
            document.flush_metrics()


class Telemetry:
    """The logger and the metrics of the function and, if `trace` is set, its tracer."""

    def __init__(self, settings: Settings) -> None:
        """Set up the logger. Create one instance, when the function starts."""
        self._settings = settings
        # With provisioned concurrency, no invocation waits for the start.
        start = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
        self._is_cold = start != "provisioned-concurrency"
        self.logger = Logger(
            service=SERVICE_NAME,
            json_serializer=write_line,
            use_rfc3339=True,  # the only format that Lambda reads in its JSON log format
            utc=True,
        )

    @contextmanager
    def invocation(self, context: object) -> Iterator[Invocation]:
        """Yield the record of one invocation. Publish its metrics even if an exception ends it."""
        is_cold, self._is_cold = self._is_cold, False
        request = getattr(context, "aws_request_id", None)
        invocation = Invocation(self.logger, self._settings, cold_start=is_cold, request_id=request)
        try:
            yield invocation
        finally:
            invocation.publish()

    def log_bug(self, index: int) -> None:
        """Log the exception that is being handled, which the sample at *index* caused."""
        self.logger.exception("bug", extra={"index": index})

    def log_misjudged(self, problem: str) -> None:
        """Log that control samples were misjudged, and count it: nothing is graded."""
        self.logger.error("misjudged", extra={"problem": problem})
        document = _new_document()
        document.add_metric("Misjudged", MetricUnit.Count, 1)
        document.flush_metrics()

    def traced(self, handler: Handler) -> Handler:
        """Return a handler that X-Ray traces if `trace` is set, otherwise *handler* itself.

        Responses and errors do not go into a trace: both may contain text of candidates.
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
        traced = tracer.capture_lambda_handler(handler, capture_response=False, capture_error=False)
        return lambda event, context=None: traced(event, context)


def write_line(line: dict[str, Any]) -> str:
    """Write a log line as JSON. The fields of `sample` move to the top level.

    The `level` of a sample is its isolation level. Powertools uses the same name for the severity,
    so these lines have the severity as `severity`.
    """
    if (sample := line.pop("sample", None)) is not None:
        line = {**line, "severity": line["level"], **sample}
    return json.dumps(line, default=str, separators=(",", ":"), ensure_ascii=False)


def sample_excerpts(outcome: Outcome, sample: Sample | None) -> dict[str, object]:
    """Return the beginnings of what a candidate wrote. Expected answers are not among them."""
    cases = outcome.details["cases"]
    assert isinstance(cases, list)  # noqa: S101  (built by report.details_of)
    return {
        "completion": _clip(sample and sample.completion, _COMPLETION_CHARACTERS),
        "cases": [
            {name: _clip(value, _TEXT_CHARACTERS) for name, value in case.items()}
            for case in cases[:_CASES_SHOWN]
        ],
    }


def _clip(value: object, characters: int) -> object:
    if not isinstance(value, str):
        return value
    # UTF-8 cannot encode a lone surrogate: the whole line would be lost.
    clipped = value[:characters].encode("utf-8", "replace").decode()
    return clipped if len(value) <= characters else clipped + "…"


def _new_document() -> EphemeralMetrics:
    """Return a document whose first set of dimensions is the function alone."""
    document = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE_NAME)
    for name, value in _FUNCTION.items():
        document.add_dimension(name, value)
    return document


def _publish_group(
    verdict_class: VerdictClass, source: Source, group: _Group, lowest: float
) -> None:
    document = _new_document()
    document.add_dimensions(**_FUNCTION, verdict_class=verdict_class)
    document.add_dimensions(**_FUNCTION, source=source)
    # Before the counts: Powertools flushes the document whenever a metric has 100 values.
    scores = [outcome.score for outcome, _ in group]
    for score, (_, duration_ms) in zip(scores, group, strict=True):
        document.add_metric("DurationMs", MetricUnit.Milliseconds, duration_ms)
        if score.reward is not None:
            document.add_metric("Reward", MetricUnit.NoUnit, score.reward)
            document.add_metric("Correctness", MetricUnit.NoUnit, score.correctness)
    rewards = [score.reward for score in scores if score.reward is not None]
    counts = {"Samples": len(group), "Reruns": sum(score.reruns for score in scores)}
    if reused := sum(outcome.graded.is_reused for outcome, _ in group):
        counts |= {"Reused": reused}
    if verdict_class is VerdictClass.UNGRADED:
        counts |= {"Ungraded": len(group), "Outages": sum(score.is_outage for score in scores)}
    else:
        counts |= {
            "RewardZero": sum(reward <= lowest for reward in rewards),
            "CorrectnessZero": sum(score.correctness == 0 for score in scores),
        }
        level = min(ISOLATION_LEVELS[outcome.level] for outcome, _ in group)
        document.add_metric("IsolationLevel", MetricUnit.NoUnit, level)
    if verdict_class is VerdictClass.VIOLATION:
        counts |= {"SecurityViolations": len(group)}
    for name, count in counts.items():
        document.add_metric(name, MetricUnit.Count, count)
    document.flush_metrics()
