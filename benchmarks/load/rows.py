"""Rows of graded samples, as runs compare them."""

from nova_code_verifier import Score
from nova_code_verifier.handlers.report import metrics_of
from nova_code_verifier.sandbox.types import IsolationLevel

Row = dict[str, object]


def row_of(score: Score, level: IsolationLevel) -> Row:
    """Return what must not depend on load, and `reruns`, which may."""
    metrics = metrics_of(score, level=level, duration_ms=0, no_completion=False)
    return {
        "reward": score.reward,
        "verdict": score.verdict,
        "cases": [case.verdict for case in score.cases],
        "details": [f"{case.execution.ending} {case.execution.detail}" for case in score.cases],
        "problem": score.problem,
        **{metric.name: metric.value for metric in metrics},
    }
