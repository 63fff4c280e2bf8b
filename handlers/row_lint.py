"""Check response rows for all that a trainer could trip over.

In: rows, as parsed JSON; the ids that were sent; the range of rewards. Out: findings, each with
its row, its field, what was found and what is expected. Stricter than the trainers' own clients:
those accept NaN, `true` and "0.5" for numbers, and foreign, doubled, missing and surplus ids.
Must not know: files, how a score comes about.
"""

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nova_code_verifier.handlers.wire import RESPONSE_BYTES_LIMIT, MetricType

DEFAULT_RANGE = (0.0, 1.0)

_FIELDS = ("id", "aggregate_reward_score", "metrics_list")
_OPTIONAL_FIELDS = ("details",)  # what `verifier score --details` adds
_METRIC_FIELDS = ("name", "value", "type")
_METRIC_TYPES = " or ".join(MetricType)
_SHOWN_CHARACTERS = 60
_SURROGATES = re.compile("[\ud800-\udfff]")
_FLOAT_MAX = sys.float_info.max

_Fault = tuple[str, str, str]  # field, found, expected


class NoRowsError(ValueError):
    """A response in which no rows can be found."""


class DoubledNameError(ValueError):
    """JSON whose readers may differ: an object that has a name twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a row: `place` is its index; None is the response as a whole."""

    place: int | None
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.field}: found {self.found}, expected {self.expected}"


def read_json(text: str | bytes) -> object:
    """Read JSON. Raises DoubledNameError, and other ValueErrors for what is none."""
    return json.loads(text, object_pairs_hook=_named_once)


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise DoubledNameError(f"an object with {_shown(name)} twice")
    return content


def check_response(
    response: object,
    *,
    sent_ids: Sequence[object] | None = None,
    reward_range: tuple[float, float] = DEFAULT_RANGE,
) -> list[Finding]:
    """Check a whole response: a list of rows, or an HTTP envelope around one.

    *sent_ids* are the samples' ids as `handlers.wire.read_event` reads them. Raises NoRowsError.
    """
    rows = rows_in(response)
    whole = list(_response_faults(response))
    findings = [Finding(place=None, field=f, found=g, expected=e) for f, g, e in whole]
    return findings + check_rows(rows, sent_ids=sent_ids, reward_range=reward_range)


def rows_in(response: object) -> list[object]:
    """Find the rows of a response. Raises NoRowsError."""
    rows = response.get("body") if isinstance(response, dict) else response
    if isinstance(rows, str) and isinstance(response, dict):
        try:
            rows = read_json(rows)
        except DoubledNameError as error:
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
    """Check rows, whichever responses they came in; each is to answer the id at its place.

    Without *sent_ids*, ids have to be unique, null aside: it answers a sample that has none.
    """
    findings = [
        Finding(place=None, field=field, found=found, expected=expected)
        for field, found, expected in _count_faults(rows, sent_ids)
    ]
    usual_names = _usual_names(rows)
    doubled = _doubled(rows) if sent_ids is None else {}
    for place, row in enumerate(rows):
        faults = list(_row_faults(row, reward_range))
        if isinstance(row, dict):
            faults += _name_faults(row, usual_names)
            if sent_ids is not None and place < len(sent_ids):
                faults += _id_faults(row, sent_ids[place])
        if place in doubled:
            faults.append(("id", "the id of another row", "ids that are unique"))
        findings += [Finding(place=place, field=f, found=g, expected=e) for f, g, e in faults]
    return findings


def _response_faults(response: object) -> Iterator[_Fault]:
    if isinstance(response, dict):
        status = response.get("statusCode")
        if type(status) is not int or status != 200:  # noqa: PLR2004
            yield "statusCode", _shown_field(response, "statusCode"), "200"
    yield from _size_faults("response", response)


def _size_faults(field: str, value: object) -> Iterator[_Fault]:
    # As the older runtimes write it, all but ASCII escaped: that is never the shorter form.
    written = _written(value)
    if written is None:
        yield field, "what cannot be written: nested too deep, or too long a number", "JSON"
    elif len(written) > RESPONSE_BYTES_LIMIT:
        yield field, f"{len(written)} bytes", f"{RESPONSE_BYTES_LIMIT} at most, Lambda's limit"


def _count_faults(rows: Sequence[object], sent_ids: Sequence[object] | None) -> Iterator[_Fault]:
    if sent_ids is not None and len(rows) != len(sent_ids):
        yield "response", f"{len(rows)} rows", f"{len(sent_ids)}, one for every sample"


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
    yield from _unsendable("", row)
    yield from _size_faults("row", row)


def _metrics_faults(metrics: object) -> Iterator[_Fault]:
    if not isinstance(metrics, list):
        yield "metrics_list", _shown(metrics), "a list"
        return
    for number, metric in enumerate(metrics):
        place = f"metrics_list[{number}]"
        if isinstance(metric, dict):
            yield from _metric_faults(f"{place}.", metric)
        else:
            yield place, _shown(metric), "an object"
    for name, count in Counter(_names(metrics)).items():
        if count > 1:
            yield "metrics_list", f"the name {_shown(name)} {count} times", "every name once"


def _metric_faults(place: str, metric: dict[str, object]) -> Iterator[_Fault]:
    yield from _field_faults(place, metric, _METRIC_FIELDS)
    name = metric.get("name", "-")
    if not isinstance(name, str) or not name.strip():
        yield f"{place}name", _shown(name), "text that is not empty"
    if "value" in metric:
        yield from _number_faults(f"{place}value", metric["value"], (-math.inf, math.inf))
    kind = metric.get("type", MetricType.METRIC)
    if not isinstance(kind, str) or kind not in tuple(MetricType):
        yield f"{place}type", _shown(kind), _METRIC_TYPES


def _field_faults(
    place: str, value: dict[str, object], wanted: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[_Fault]:
    for name in wanted:
        if name not in value:
            yield f"{place}{name}", "nothing", "the field to be there"
    for name in value:
        if name not in (*wanted, *optional):
            yield f"{place}{_shown(name)}", "a field of this name", f"{', '.join(wanted)} alone"


def _number_faults(field: str, value: object, allowed: tuple[float, float]) -> Iterator[_Fault]:
    lowest, highest = allowed
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        yield field, _shown(value), "a number"
    # What is not finite, here or anywhere in the row, `_unsendable` finds.
    elif not _is_unwritable(value) and not lowest <= value <= highest:  # type: ignore[operator]
        yield field, _shown(value), f"a number from {lowest:g} to {highest:g}"


def _unsendable(field: str, value: object) -> Iterator[_Fault]:
    """Find what is no JSON, or crashes a runtime on its way out, however deep it lies."""
    waiting = [(field, value)]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{field}.{_key(key)}".removeprefix("."), key) for key in value]
            waiting += [(f"{field}.{_key(key)}".removeprefix("."), value[key]) for key in value]
        elif isinstance(value, list):
            waiting += [(f"{field}[{number}]", item) for number, item in enumerate(value)]
        elif isinstance(value, str) and _SURROGATES.search(value):
            yield field, f"half a surrogate pair in {_shown(value)}", "text that UTF-8 can hold"
        elif _is_unwritable(value):
            yield field, _shown(value), "a number that is finite, in a double too"


def _is_unwritable(value: object) -> bool:
    return isinstance(value, int | float) and not -_FLOAT_MAX <= value <= _FLOAT_MAX


def _usual_names(rows: Sequence[object]) -> frozenset[str]:
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("metrics_list"), list):
            return frozenset(_names(row["metrics_list"]))
    return frozenset()


def _name_faults(row: dict[str, object], usual: frozenset[str]) -> Iterator[_Fault]:
    metrics = row.get("metrics_list")
    if not isinstance(metrics, list):
        return
    names = set(_names(metrics))
    for name in sorted(usual - names):
        yield "metrics_list", f"no metric {_shown(name)}", "the names of the first row in every row"
    for name in sorted(names - usual):
        yield "metrics_list", f"a metric {_shown(name)}", "the names of the first row in every row"


def _names(metrics: list[object]) -> list[str]:
    named = [metric.get("name") for metric in metrics if isinstance(metric, dict)]
    return [name for name in named if isinstance(name, str)]


def _id_faults(row: dict[str, object], sent: object) -> Iterator[_Fault]:
    # As JSON, for in Python 1, 1.0 and true are equal.
    if "id" in row and _written(row["id"]) != _written(sent):
        yield "id", _shown(row["id"]), f"{_shown(sent)}, the id of the sample at this place"


def _doubled(rows: Sequence[object]) -> frozenset[int]:
    """Return the places of rows whose id an earlier row has."""
    seen: set[str | None] = set()
    places = set()
    for place, row in enumerate(rows):
        if isinstance(row, dict) and row.get("id") is not None:
            written = _written(row["id"])
            if written in seen:
                places.add(place)
            seen.add(written)
    return frozenset(places)


def _written(value: object) -> str | None:
    """Write *value* as JSON, all but ASCII escaped; None where Python's writer gives up."""
    try:
        return json.dumps(value, sort_keys=True)
    except (RecursionError, ValueError):
        return None


def _shown_field(value: dict[str, object], name: str) -> str:
    return _shown(value[name]) if name in value else "nothing"


def _key(key: object) -> str:
    return str(key)[:_SHOWN_CHARACTERS]


def _shown(value: object) -> str:
    """Show a value in ASCII and few characters: a reader needs its kind more than its length."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        rest = "..." if len(value) > _SHOWN_CHARACTERS else ""
        return json.dumps(value[:_SHOWN_CHARACTERS]) + rest
    text = _written(value)
    return "a long number" if text is None or len(text) > _SHOWN_CHARACTERS else text
