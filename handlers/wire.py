"""Translate between the trainers' JSON and our own values.

In: an event, as parsed JSON. Out: a `Request` with one entry per sample; and, on the way
back, rows and the response. One bad sample costs its own row, never its neighbours'.
What must stay outside: verdicts and how rewards come about, the clock, logs. No message
from here ever shows a value that was sent: it may be secret, or huge.
"""

import json
import math
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.handlers.messages import UnreadableError, kind_of, read_turns
from nova_code_verifier.verifier.types import Sample

REFERENCE_PLACES = (
    ("reference_answer",),
    ("metadata", "reference_answer"),
    ("metadata", "ground_truth"),
    ("ground_truth",),
    ("reward_model", "ground_truth"),
    ("answer",),
    ("metadata", "answer"),
    ("extra_info", "reference_answer"),
    ("extra_info", "ground_truth"),
    ("extra_info", "answer"),
    ("metadata", "test_cases"),
)
"""Where a sample may keep its reference. The first place that is not null wins."""

TASK_PLACES = (
    ("task",),
    ("extra_info", "task"),
    ("metadata", "task"),
    ("data_source",),
    ("metadata", "data_source"),
)
"""Where a sample may name its task. The first name that we know counts."""

MODEL_ROLES = frozenset({"assistant", "nova_assistant"})
RESPONSE_BYTES_LIMIT = 6_291_556
"""What a synchronous call of a Lambda function may return."""
_REWARD = "aggregate_reward_score"
ID_DEPTH_LIMIT = 100  # far above any real id, far below what a JSON writer gives up at

_SAMPLE_KEYS = frozenset({"id", "messages"} | {place[0] for place in REFERENCE_PLACES})


class MalformedEventError(ValueError):
    """An event in which no samples can be found."""


class ResponseTooLargeError(Exception):
    """A response that Lambda would refuse to return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a request: a sample, or else the problem that makes it unreadable.

    `id` is what to echo; None where none was sent.
    """

    id: object
    sample: Sample | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The entries of an event, in order, and whether it came in an HTTP envelope."""

    entries: tuple[Entry, ...]
    answer_in_envelope: bool = False


class MetricType(StrEnum):
    """The trainers' two words for a metric: a part of the reward, or an explanation."""

    REWARD = "Reward"
    METRIC = "Metric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named number beside the reward."""

    name: str
    value: float
    type: MetricType = MetricType.METRIC


def read_event(event: object) -> Request:
    """Find the samples of an event: a list, a single one, or either in a wrapping.

    Wrappings are `{"trajectories": [...]}`, `{"batch": [...]}` and, around any of these,
    an HTTP envelope `{"body": ...}`. An empty list is no error: its answer is empty too.
    """
    if isinstance(event, dict) and "body" in event and "messages" not in event:
        entries = _read_entries(_open_envelope(event), place="body")
        return Request(entries=entries, answer_in_envelope=True)
    return Request(entries=_read_entries(event, place="event"))


def response_row(
    entry_id: object, reward: float | None, metrics: Iterable[Metric]
) -> dict[str, object]:
    """Build the row that answers one entry. Numbers that are not finite never get out."""
    return {
        "id": entry_id,
        _REWARD: None if reward is None else _finite(_REWARD, reward),
        "metrics_list": [
            {"name": m.name, "value": _finite(m.name, m.value), "type": m.type.value}
            for m in metrics
        ],
    }


def write_response(
    request: Request, rows: Sequence[dict[str, object]], *, always_envelope: bool = False
) -> list[dict[str, object]] | dict[str, object]:
    """Answer in kind: a bare list of rows, or an HTTP envelope around it."""
    if len(rows) != len(request.entries):
        raise ValueError(f"{len(rows)} rows cannot answer {len(request.entries)} samples")
    in_envelope = always_envelope or request.answer_in_envelope
    response = _close_envelope(rows) if in_envelope else list(rows)
    _check_size(response)
    return response


def _open_envelope(event: dict[str, object]) -> object:
    body = event["body"]
    if not isinstance(body, str):
        return body
    try:
        return json.loads(b64decode(body) if event.get("isBase64Encoded") is True else body)
    except (ValueError, RecursionError):
        raise MalformedEventError("body: expected JSON, found text that is not") from None


def _close_envelope(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(rows, allow_nan=False)}


def _read_entries(payload: object, *, place: str) -> tuple[Entry, ...]:
    return tuple(map(_read_entry, _find_samples(payload, place=place)))


def _find_samples(payload: object, *, place: str) -> list[object]:
    match payload:
        case list():
            return payload
        case {"messages": _}:  # before the wrappings: a sample may have a field named `batch`
            return [payload]
        case {"trajectories": list(samples)} | {"batch": list(samples)}:
            return samples
        case dict() if not _SAMPLE_KEYS.isdisjoint(payload):
            return [payload]
    found = kind_of(payload) + (" with none of these" if isinstance(payload, dict) else "")
    raise MalformedEventError(
        f"{place}: expected a list of samples, one sample, or an object with the list as "
        f"`trajectories` or `batch`, at most once in an HTTP `body`; found {found}"
    )


def _read_entry(raw: object) -> Entry:
    raw_id = raw.get("id") if isinstance(raw, dict) else None
    if _is_too_deep(raw_id):
        return Entry(id=None, problem=f"id: nested more than {ID_DEPTH_LIMIT} levels deep")
    try:
        entry_id = _sendable(raw_id)
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return Entry(id=None, problem="id: a number too long to be sent back")
    try:
        turns = read_turns(raw)
    except UnreadableError as error:
        return Entry(id=entry_id, problem=str(error))
    return Entry(
        id=entry_id,
        sample=Sample(
            completion=_last_completion(turns),
            reference=_find_reference(raw),
            tasks=tuple(_task_names(raw)),
        ),
    )


def _last_completion(turns: list[tuple[str, str]]) -> str | None:
    for role, content in reversed(turns):
        if role in MODEL_ROLES:
            return content
    return None


def _at(sample: object, place: tuple[str, ...]) -> object:
    for key in place:
        sample = sample.get(key) if isinstance(sample, dict) else None
    return sample


def _find_reference(sample: object) -> object:
    for place in REFERENCE_PLACES:
        found = _at(sample, place)
        # Not `key in`: where rows differ in their keys, Arrow fills the gaps with null.
        if found is not None:
            return found
    return None


def _task_names(sample: object) -> Iterator[str]:
    for place in TASK_PLACES:
        found = _at(sample, place)
        if isinstance(found, str):
            yield found


_SURROGATES = re.compile("[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


def _sendable(entry_id: object) -> object:
    """Return the id as it is, but for what would crash whoever sends or reads it.

    The runtimes from Python 3.12 on cannot encode a lone surrogate; NaN and infinities are
    no JSON. The former become U+FFFD, the latter null.
    """
    return _DECODER.decode(_SURROGATES.sub("\ufffd", _ENCODER.encode(entry_id)))


def _is_too_deep(entry_id: object) -> bool:
    # Level by level: a recursive walk of a deep id is the very crash to be avoided.
    level, depth = [entry_id], 0
    while level and depth <= ID_DEPTH_LIMIT:
        boxes = [
            box.values() if isinstance(box, dict) else box
            for box in level
            if isinstance(box, dict | list)
        ]
        level, depth = [item for box in boxes for item in box], depth + 1
    return bool(level)


def _finite(name: str, number: float) -> float:
    if not math.isfinite(number):
        # A bug on our side. What trainers make of NaN is written nowhere.
        raise ValueError(f"{name}: expected a finite number, found {number}")
    return number


def _check_size(response: object) -> None:
    # The runtimes up to Python 3.11 escape what is not ASCII, the later ones do not. The
    # escaped form is never the shorter one.
    size = len(json.dumps(response, allow_nan=False))
    if size > RESPONSE_BYTES_LIMIT:
        raise ResponseTooLargeError(
            f"response: {size} bytes, but Lambda returns no more than {RESPONSE_BYTES_LIMIT}"
        )
