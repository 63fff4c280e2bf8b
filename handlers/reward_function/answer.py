"""Read the answer of the reward function.

In: JSON. Out: a row and its details for each sample that was sent. The function is ours, but it may
be another one of that name, or an older deployment: then nothing in its answer counts.
"""

import sys
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

_FLOAT_MAX = sys.float_info.max
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
    if not _are_faultless(rows, sent_ids):
        _refuse_faults(rows, sent_ids)
    return [_read_row(row) for row in rows]


def _are_faultless(rows: Sequence[object], sent_ids: Sequence[int]) -> bool:
    """Return whether nothing is wrong with the form of *rows*. It costs a tenth of `row_lint`."""
    if len(rows) != len(sent_ids):
        return False
    usual_names: list[object] = []
    for row, sent_id in zip(rows, sent_ids, strict=True):
        match row:
            case {
                "id": int(row_id),
                "aggregate_reward_score": int() | float() as reward,
                "metrics_list": list(metrics),
                "details": dict(),
                **others,
            } if row_id == sent_id and not others and _is_number(reward) and type(row_id) is int:
                names = [_name_of(metric) for metric in metrics]
            case _:
                return False
        usual_names = usual_names or names
        if None in names or names != usual_names or len(set(names)) < len(names):
            return False
    return True


def _name_of(metric: object) -> object:
    """Return the name of a metric; None if anything is wrong with it."""
    match metric:
        case {"name": str(name), "value": value, "type": "Reward" | "Metric", **others}:
            return name if _is_number(value) and not others else None
    return None


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and -_FLOAT_MAX <= value <= _FLOAT_MAX  # type: ignore[operator]


def _refuse_faults(rows: Sequence[object], sent_ids: Sequence[int]) -> None:
    """Raise UnfitFunctionError for the first fault of *rows*, if there is one."""
    plain = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("details"), dict):
            raise _unfit("found a row without details")
        # An ungraded sample may have no reward.
        is_ungraded = row["details"].get("verdict") == Verdict.UNGRADED
        reward = {REWARD_FIELD: 0.0} if is_ungraded and row.get(REWARD_FIELD) is None else {}
        plain.append({key: row[key] for key in row if key != "details"} | reward)
    for finding in check_rows(plain, sent_ids=sent_ids, reward_range=_ANY_REWARD):
        raise _unfit(str(finding))


def _read_row(row: object) -> DetailedRow:
    assert isinstance(row, dict)  # noqa: S101  (checked above)
    details = row["details"]
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
