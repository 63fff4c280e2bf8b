"""Read the answer of the reward function.

In: JSON. Out: a row and its details for each sample that was sent. The function is ours, but it may
be another one of that name, or an older deployment: then nothing in its answer counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nova_code_verifier.handlers.report import FAILURES, ISOLATION_LEVELS
from nova_code_verifier.handlers.row_lint import NoRowsError, check_rows, rows_in
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.wire import REWARD_FIELD, Entry
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from nova_code_verifier.verifier.types import FailureClass, Verdict

_ANY_REWARD = (float("-inf"), float("inf"))
_LEVELS = {value: level for level, value in ISOLATION_LEVELS.items()}
_DETAILS = {
    "verdict": str,
    "problem": str,
    "failure": str,
    "source": str,
    "remark": str,
    "is_outage": bool,
    "no_completion": bool,
    "tests_passed": int,
    "tests_total": int,
    "weights": dict,
    "findings": list,
    "notes": list,
}


class UnfitFunctionError(SandboxError):
    """The function is not this version of the reward function. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedRow:
    """A row with the metrics that say by which rules it was judged, and its details."""

    row: dict[str, object]
    details: dict[str, object]
    level: IsolationLevel

    @property
    def is_outage(self) -> bool:
        """Whether the function could not grade the sample through its own fault."""
        return bool(self.details["is_outage"])

    def for_entry(self, entry: Entry) -> ScoredSample:
        """Return the row as that of *entry*."""
        return ScoredSample(
            row=self.row | {"id": entry.id}, details=self.details, group=entry.group
        )

    def ungraded(self, entry: Entry, problem: str, failure: FailureClass) -> ScoredSample:
        """Return the row that the function would give to *entry*, which was not sent.

        This row must be that of an ungraded sample.
        """
        sample = entry.sample
        has_no_completion = sample is not None and sample.completion is None
        changed = {
            "failure": float(FAILURES[failure]),
            "no_completion": float(has_no_completion),
            "duration_ms": 0.0,
        }
        metrics = [
            metric | {"value": changed.get(metric["name"], metric["value"])}
            for metric in _metrics_in(self.row)
        ]
        return ScoredSample(
            row=self.row | {"id": entry.id, "metrics_list": metrics},
            details=self.details
            | {
                "problem": problem,
                "remark": problem,
                "failure": failure,
                "is_outage": failure.is_outage,
                "no_completion": has_no_completion,
            },
            group=entry.group,
        )


def read_rows(content: object, sent_ids: Sequence[int]) -> list[DetailedRow]:
    """Return the rows in an answer, in the order of *sent_ids*. Raises UnfitFunctionError."""
    try:
        rows = rows_in(content)
    except NoRowsError as error:
        raise _unfit(str(error)) from None
    plain, details = [], []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("details"), dict):
            raise _unfit("found a row without details")
        details.append(row["details"])
        # An ungraded sample may have no reward.
        ungraded = row["details"].get("verdict") == Verdict.UNGRADED
        stand_in = {REWARD_FIELD: 0.0} if ungraded and row.get(REWARD_FIELD) is None else {}
        plain.append({key: row[key] for key in row if key != "details"} | stand_in)
    for finding in check_rows(plain, sent_ids=sent_ids, reward_range=_ANY_REWARD):
        raise _unfit(str(finding))
    return [_read_row(row, shown) for row, shown in zip(rows, details, strict=True)]


def _read_row(row: object, details: dict[str, object]) -> DetailedRow:
    assert isinstance(row, dict)  # noqa: S101  (checked above)
    metrics = {metric["name"]: metric["value"] for metric in _metrics_in(row)}
    if (version := metrics.get("semantics_version")) != SEMANTICS_VERSION:
        raise _unfit(
            f"it judges by semantics version {version}, this program by {SEMANTICS_VERSION}"
        )
    for name, kind in _DETAILS.items():
        if type(details.get(name)) is not kind:
            raise _unfit(f"details.{name}: found nothing that is {kind.__name__}")
    if details["verdict"] not in tuple(Verdict) or metrics.get("isolation_level") not in _LEVELS:
        raise _unfit("found an unknown verdict or isolation level")
    return DetailedRow(
        row={key: row[key] for key in row if key != "details"},
        details=details,
        level=_LEVELS[metrics["isolation_level"]],
    )


def _metrics_in(row: dict[str, object]) -> list[dict[str, Any]]:
    metrics = row["metrics_list"]
    assert isinstance(metrics, list)  # noqa: S101  (checked by check_rows)
    return metrics


def _unfit(found: str) -> UnfitFunctionError:
    return UnfitFunctionError(
        f"{found}; expected rows as this version of the reward function returns them: deploy the "
        "version that you score with"
    )
