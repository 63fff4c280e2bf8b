"""Count what happens, for Prometheus.

In: outcomes and requests. Out: the text of `/metrics`, summed over all processes of the service if
`PROMETHEUS_MULTIPROC_DIR` names a directory of theirs. No label has a value that a candidate, a
data set or a caller chooses: each new value would be a new series for ever.
"""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.values import ValueClass

from nova_code_verifier.verifier.types import Score

CONTENT_TYPE = CONTENT_TYPE_LATEST
_REGISTRY = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
_REWARDS = (-1, -0.5, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)

SAMPLES = Counter(
    "verifier_samples",
    "Samples that have an outcome, by verdict and by the form of their tests",
    ("verdict", "source"),
    registry=_REGISTRY,
)
OUTAGES = Counter(
    "verifier_outages",
    "Samples that the service failed to grade: their callers should send them again",
    ("failure",),
    registry=_REGISTRY,
)
ABANDONED = Counter(
    "verifier_abandoned_samples",
    "Samples whose caller went away before they had an outcome",
    registry=_REGISTRY,
)
REWARDS = Histogram(
    "verifier_reward", "Rewards of graded samples", buckets=_REWARDS, registry=_REGISTRY
)
SAMPLE_SECONDS = Histogram(
    "verifier_sample_seconds",
    "Wall time that a sample took in the sandbox, and for its parsing and judging",
    buckets=_SECONDS,
    registry=_REGISTRY,
)
REQUESTS = Counter(
    "verifier_requests", "Requests, by route and status", ("route", "status"), registry=_REGISTRY
)
REQUEST_SECONDS = Histogram(
    "verifier_request_seconds",
    "Time from the first byte of a request to the end of its answer",
    ("route",),
    buckets=_SECONDS,
    registry=_REGISTRY,
)
REJECTED = Counter(
    "verifier_rejected_requests",
    "Requests that were refused, by reason",
    ("reason",),
    registry=_REGISTRY,
)
MISJUDGED = Counter(
    "verifier_misjudged", "Times that control samples were misjudged", registry=_REGISTRY
)
RESTARTS = Counter(
    "verifier_process_restarts", "Processes of the service that died", registry=_REGISTRY
)
IN_FLIGHT = Gauge(
    "verifier_requests_in_flight",
    "Requests that have no answer yet",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
QUEUE = Gauge(
    "verifier_queue_samples",
    "Samples that were accepted and have no outcome yet",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
BODY_BYTES = Gauge(
    "verifier_body_bytes",
    "Bytes of all request bodies that are held",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
READY = Gauge(
    "verifier_ready_processes",
    "Processes that answer /ready with 200",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)


def count_sample(score: Score, *, seconds: float) -> None:
    """Count a sample that has an outcome."""
    SAMPLES.labels(score.verdict.value, score.source.value).inc()
    SAMPLE_SECONDS.observe(seconds)
    if score.is_outage:
        OUTAGES.labels(score.failure.value).inc()
    elif score.reward is not None:
        REWARDS.observe(score.reward)


def exposition() -> bytes:
    """Return the metrics of all processes in Prometheus' text format."""
    if not getattr(ValueClass, "_multiprocess", False):
        return generate_latest(_REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    return generate_latest(registry)


def forget_process(pid: int) -> None:
    """Remove the gauges of a process that died; what it counted stays."""
    if getattr(ValueClass, "_multiprocess", False):
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types
