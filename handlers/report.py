"""Report a score: metrics for the row, details for people, fields for the log.

The names are the same in every row of every run. Nothing here shows what was expected.
"""

from nova_code_verifier.handlers.wire import Metric, MetricType
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.pipeline import GradedSample
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, DIMENSIONS, Rubric
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from nova_code_verifier.verifier.types import CaseResult, FailureClass, Finding, Score, Verdict

_ALWAYS_REWARDS = ("correctness", "compile", "format")
ISOLATION_LEVELS = {IsolationLevel.KERNEL: 3, IsolationLevel.INTERPRETER: 2, IsolationLevel.NONE: 0}
FAILURES = {
    FailureClass.NONE: 0,
    FailureClass.DATA: 1,
    FailureClass.INFRASTRUCTURE: 2,
    FailureClass.TIME: 3,
}
_EXCERPT_CHARACTERS = 500
_DETAILED_CASES_MAX = 1000


def metrics_of(
    score: Score,
    *,
    level: IsolationLevel,
    duration_ms: float,
    no_completion: bool,
    rubric: Rubric = DEFAULT_RUBRIC,
) -> list[Metric]:
    """List the metrics of a row: first the dimensions, then the explanations."""
    paid = {name for name in DIMENSIONS if getattr(rubric, name)} | set(_ALWAYS_REWARDS)
    values = {name: getattr(score, name) for name in DIMENSIONS} | {
        "tests_passed": score.tests_passed,
        "tests_total": score.tests_total,
        "guess_baseline": score.guess_baseline,
        "isolation_level": ISOLATION_LEVELS[level],
        "ungraded": score.verdict is Verdict.UNGRADED,
        "failure": FAILURES[score.failure],
        "no_completion": no_completion,
        "timeout": score.verdict is Verdict.TIME_LIMIT_EXCEEDED,
        "runtime_error": score.verdict is Verdict.RUNTIME_ERROR,
        "security_violation": score.verdict is Verdict.SECURITY_VIOLATION,
        "self_compared": score.self_compared,
        "reruns": score.reruns,
        "shared_process": score.shared_process,
        "semantics_version": SEMANTICS_VERSION,
        "duration_ms": round(duration_ms, 3),
    }
    return [
        Metric(
            name=name,
            value=float(value),
            type=MetricType.REWARD if name in paid else MetricType.METRIC,
        )
        for name, value in values.items()
    ]


def details_of(score: Score) -> dict[str, object]:
    """Return the facts behind each case's verdict; never what was expected."""
    return summary_of(score) | {
        "cases": [_case_details(case) for case in score.cases[:_DETAILED_CASES_MAX]],
    }


def summary_of(score: Score) -> dict[str, object]:
    """Return the facts behind the score, without its cases."""
    return {
        "verdict": score.verdict,
        "extraction_method": score.method,
        "prelude": score.prelude[:_EXCERPT_CHARACTERS],
        "problem": score.problem,
        "failure": score.failure,
        "notes": list(score.notes),
        "extraction_detail": other_language_text(score),
        "findings": list(map(finding_text, score.findings)),
        "format_issues": list(score.format_issues),
    }


def other_language_text(score: Score) -> str:
    """Say that a block of another language was found, and no program; "" if that is not so."""
    language = score.other_language
    return f"found a block tagged {language}; only Python is judged" if language else ""


def finding_text(finding: Finding) -> str:
    """Write a finding as one line."""
    where = f"line {finding.line}: " if finding.line else ""
    return f"{where}{finding.name} {finding.reason} ({finding.severity})"


def _case_details(case: CaseResult) -> dict[str, object]:
    execution = case.execution
    return {
        "name": case.name,
        "verdict": case.verdict,
        "ending": execution.ending,
        "detail": execution.detail,
        "exit_status": execution.exit_status,
        "signal": execution.signal,
        "parts": case.parts,
        "share": round(float(case.share), 4),
        "error": execution.error and f"{execution.error.type_name}: {execution.error.message}",
        "cpu_seconds": round(execution.cpu_seconds, 4),
        "wall_seconds": round(execution.wall_seconds, 4),
        "memory_mb": round(execution.memory_bytes / 2**20, 1),
        "stdout": _excerpt(execution.stdout),
        "stderr": _excerpt(execution.stderr),
    }


def _excerpt(output: bytes) -> str:
    """Return the end of an output: a traceback names its error there."""
    text = output[-4 * _EXCERPT_CHARACTERS :].decode("utf-8", "replace")
    return text if len(text) <= _EXCERPT_CHARACTERS else "…" + text[-_EXCERPT_CHARACTERS:]


def log_fields(
    row: dict[str, object], graded: GradedSample, level: IsolationLevel
) -> dict[str, object]:
    """Return the row as top-level fields of a log line, without any text of the candidate."""
    metrics, score = row["metrics_list"], graded.score
    assert isinstance(metrics, list)  # noqa: S101  (built by wire.response_row)
    return {
        "id": row["id"],
        "aggregate_reward_score": row["aggregate_reward_score"],
        **{metric["name"]: metric["value"] for metric in metrics},
        "verdict": score.verdict,
        "level": level,
        "reused": graded.is_reused,
        "source": score.source,
        "problem": score.problem,
        "notes": list(score.notes),
        "format_issues": list(score.format_issues),
    }
