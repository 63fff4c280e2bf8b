"""Check response rows for everything that a trainer could fail on.

In: rows, as parsed JSON; the ids that were sent; the range of rewards. Out: findings, each with its
row, its field, what was found and what is expected. The checks are stricter than the trainers' own
clients, which accept NaN, `true` and "0.5" as numbers, and wrong, duplicate, missing and surplus
ids.
"""

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nova_code_verifier.handlers.wire import RESPONSE_BYTES_LIMIT, MetricType

DEFAULT_RANGE = (0.0, 1.0)

_FIELDS = ("id", "aggregate_reward_score", "metrics_list")
_OPTIONAL_FIELDS = ("details",)  # `verifier score --details` adds it
_METRIC_FIELDS = ("name", "value", "type")
_METRIC_TYPES = " or ".join(MetricType)
_SHOWN_CHARACTERS = 60
_SURROGATES = re.compile("[\ud800-\udfff]")
_FLOAT_MAX = sys.float_info.max

_Fault = tuple[str, str, str]  # field, found, expected


class NoRowsError(ValueError):
    """A response without rows."""


class DuplicateNameError(ValueError):
    """JSON with a name twice in one object, which readers interpret differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An error in the row at `index`, or (None) in the response as a whole."""

    index: int | None
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.field}: found {self.found}, expected {self.expected}"


def read_json(text: str | bytes) -> object:
    """Parse JSON. Raises DuplicateNameError, and other ValueErrors for text that is not JSON."""
    return json.loads(text, object_pairs_hook=_unique_names)


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise DuplicateNameError(f"an object with {_shown(name)} twice")
    return content


def check_response(
    response: object,
    *,
    sent_ids: Sequence[object] | None = None,
    reward_range: tuple[float, float] = DEFAULT_RANGE,
) -> list[Finding]:
    """Check a whole response: a list of rows, or an HTTP envelope with one.

    *sent_ids* are the ids of the samples, as `read_event` in `handlers/wire.py` returns them.
    Raises NoRowsError.
    """
    rows = rows_in(response)
    findings = _findings(None, _response_faults(response))
    return findings + check_rows(rows, sent_ids=sent_ids, reward_range=reward_range)


def rows_in(response: object) -> list[object]:
    """Return the rows of a response. Raises NoRowsError."""
    rows = response.get("body") if isinstance(response, dict) else response
    if isinstance(rows, str) and isinstance(response, dict):
        try:
            rows = read_json(rows)
        except DuplicateNameError as error:
            raise NoRowsError(f"body: {error}") from None
        except (ValueError, RecursionError):
            raise NoRowsError("body: expected JSON, found text that is not") from None
    if not isinstance(rows, list):
        raise NoRowsError(
            "expected a list of rows, or an HTTP envelope with the list as `body`; "
            f"found {_shown(rows)}"
        )
    return rows


def check_rows(
    rows: Sequence[object],
    *,
    sent_ids: Sequence[object] | None = None,
    reward_range: tuple[float, float] = DEFAULT_RANGE,
) -> list[Finding]:
    """Check rows of one or several responses. Each row must have the sent id at its index.

    Without *sent_ids*, ids must be unique. Null may repeat: it answers samples without an id.
    """
    findings = _findings(None, _count_faults(rows, sent_ids))
    all_names = (names for row in rows if (names := _metric_names(row)) is not None)
    usual_names = next(all_names, frozenset())
    duplicates = _duplicates(rows) if sent_ids is None else frozenset()
    for index, row in enumerate(rows):
        faults = list(_row_faults(row, reward_range))
        faults += _name_faults(_metric_names(row), usual_names)
        if isinstance(row, dict) and sent_ids is not None and index < len(sent_ids):
            faults += _id_faults(row, sent_ids[index])
        if index in duplicates:
            faults.append(("id", "the id of another row", "ids that are unique"))
        findings += _findings(index, faults)
    return findings


def _findings(index: int | None, faults: Iterable[_Fault]) -> list[Finding]:
    return [Finding(index=index, field=f, found=g, expected=e) for f, g, e in faults]


def _response_faults(response: object) -> Iterator[_Fault]:
    if isinstance(response, dict):
        status = response.get("statusCode")
        if type(status) is not int or status != 200:  # noqa: PLR2004
            yield "statusCode", _shown(status) if "statusCode" in response else "nothing", "200"
    yield from _size_faults("response", response)


def _count_faults(rows: Sequence[object], sent_ids: Sequence[object] | None) -> Iterator[_Fault]:
    if sent_ids is not None and len(rows) != len(sent_ids):
        yield "response", f"{len(rows)} rows", f"{len(sent_ids)}, one for each sample"


def _size_faults(field: str, value: object) -> Iterator[_Fault]:
    # Older runtimes escape non-ASCII characters. The escaped form is never shorter.
    text = _to_json(value)
    if text is None:
        yield field, "a value that is nested too deep, or a number that is too long", "JSON"
    elif len(text) > RESPONSE_BYTES_LIMIT:
        yield field, f"{len(text)} bytes", f"at most {RESPONSE_BYTES_LIMIT}, Lambda's limit"


def _row_faults(row: object, reward_range: tuple[float, float]) -> Iterator[_Fault]:
    if not isinstance(row, dict):
        yield "row", _shown(row), "an object"
        return
    yield from _field_faults("", row, _FIELDS, optional=_OPTIONAL_FIELDS)
    if "aggregate_reward_score" in row:
        score = row["aggregate_reward_score"]
        yield from _number_faults("aggregate_reward_score", score, reward_range)
    if "metrics_list" in row:
        yield from _metrics_faults(row["metrics_list"])
    yield from _unsendable_faults("", row)
    yield from _size_faults("row", row)


def _metrics_faults(metrics: object) -> Iterator[_Fault]:
    if not isinstance(metrics, list):
        yield "metrics_list", _shown(metrics), "a list"
        return
    for index, metric in enumerate(metrics):
        field = f"metrics_list[{index}]"
        if isinstance(metric, dict):
            yield from _metric_faults(f"{field}.", metric)
        else:
            yield field, _shown(metric), "an object"
    for name, count in Counter(_names(metrics)).items():
        if count > 1:
            yield "metrics_list", f"the name {_shown(name)} {count} times", "each name once"


def _metric_faults(prefix: str, metric: dict[str, object]) -> Iterator[_Fault]:
    yield from _field_faults(prefix, metric, _METRIC_FIELDS)
    name = metric.get("name", "-")
    if not isinstance(name, str) or not name.strip():
        yield f"{prefix}name", _shown(name), "text that is not empty"
    if "value" in metric:
        yield from _number_faults(f"{prefix}value", metric["value"], (-math.inf, math.inf))
    kind = metric.get("type", MetricType.METRIC)
    if not isinstance(kind, str) or kind not in tuple(MetricType):
        yield f"{prefix}type", _shown(kind), _METRIC_TYPES


def _field_faults(
    prefix: str, value: dict[str, object], required: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[_Fault]:
    for name in required:
        if name not in value:
            yield f"{prefix}{name}", "nothing", "a value: this field is required"
    for name in value:
        if name not in (*required, *optional):
            yield f"{prefix}{_shown(name)}", "an extra field", f"only {', '.join(required)}"


def _number_faults(field: str, value: object, allowed: tuple[float, float]) -> Iterator[_Fault]:
    lowest, highest = allowed
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        yield field, _shown(value), "a number"
    # `_unsendable_faults` finds numbers that are not finite, here and anywhere in the row.
    elif not _is_unsendable(value) and not lowest <= value <= highest:  # type: ignore[operator]
        yield field, _shown(value), f"a number from {lowest:g} to {highest:g}"


def _unsendable_faults(field: str, value: object) -> Iterator[_Fault]:
    """Find values at any depth that are not JSON, or that crash a Lambda runtime."""
    pending = [(field, value)]
    while pending:
        field, value = pending.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                path = f"{field}.{str(key)[:_SHOWN_CHARACTERS]}".removeprefix(".")
                pending += [(path, key), (path, item)]
        elif isinstance(value, list):
            pending += [(f"{field}[{index}]", item) for index, item in enumerate(value)]
        elif isinstance(value, str) and _SURROGATES.search(value):
            yield field, f"a lone surrogate in {_shown(value)}", "text that UTF-8 can encode"
        elif _is_unsendable(value):
            yield field, _shown(value), "a number that is finite as a double"


def _is_unsendable(value: object) -> bool:
    return isinstance(value, int | float) and not -_FLOAT_MAX <= value <= _FLOAT_MAX


def _metric_names(row: object) -> frozenset[str] | None:
    """Return the names of a row's metrics; None if the row has no list of metrics."""
    metrics = row.get("metrics_list") if isinstance(row, dict) else None
    return frozenset(_names(metrics)) if isinstance(metrics, list) else None


def _name_faults(names: frozenset[str] | None, usual: frozenset[str]) -> Iterator[_Fault]:
    if names is None:
        return
    expected = "the names of the first row in every row"
    for name in sorted(usual - names):
        yield "metrics_list", f"no metric {_shown(name)}", expected
    for name in sorted(names - usual):
        yield "metrics_list", f"a metric {_shown(name)}", expected


def _names(metrics: list[object]) -> list[str]:
    named = [metric.get("name") for metric in metrics if isinstance(metric, dict)]
    return [name for name in named if isinstance(name, str)]


def _id_faults(row: dict[str, object], sent: object) -> Iterator[_Fault]:
    # Compare as JSON: in Python, 1, 1.0 and true are equal.
    if "id" in row and _to_json(row["id"]) != _to_json(sent):
        yield "id", _shown(row["id"]), f"{_shown(sent)}, the id of the sample at this index"


def _duplicates(rows: Sequence[object]) -> frozenset[int]:
    """Return the indices of rows with the id of an earlier row."""
    seen: set[str | None] = set()
    duplicates = set()
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row.get("id") is not None:
            row_id = _to_json(row["id"])
            if row_id in seen:
                duplicates.add(index)
            seen.add(row_id)
    return frozenset(duplicates)


def _to_json(value: object) -> str | None:
    """Return *value* as ASCII JSON; None if Python's encoder cannot write it."""
    try:
        return json.dumps(value, sort_keys=True)
    except (RecursionError, ValueError):
        return None


def _shown(value: object) -> str:
    """Return a short ASCII text for *value*: its type matters more than its whole content."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        rest = "..." if len(value) > _SHOWN_CHARACTERS else ""
        return json.dumps(value[:_SHOWN_CHARACTERS]) + rest
    text = _to_json(value)
    return "a long number" if text is None or len(text) > _SHOWN_CHARACTERS else text
