"""Translate between the trainers' JSON and our own values.

In: an event, as parsed JSON. Out: a `Request` with one entry for each sample. In the other
direction: rows, and the response to the event. A bad sample costs its own row, never those of other
samples. No error message shows a value that was sent: it may be secret, or huge.
"""

import json
import math
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from nova_code_verifier.handlers.messages import (
    UnreadableError,
    completion_in,
    kind_of,
    prompt_in,
    read_turns,
)
from nova_code_verifier.handlers.prompt_groups import group_of
from nova_code_verifier.verifier.jobs import is_deeper_than
from nova_code_verifier.verifier.types import Sample

REFERENCE_PATHS = (
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
"""Where a sample may have its reference. The first path that is present and not null counts."""

TASK_PATHS = (
    ("task",),
    ("extra_info", "task"),
    ("metadata", "task"),
    ("data_source",),
    ("metadata", "data_source"),
)
"""Where a sample may name its task. The first known name counts."""

RESPONSE_BYTES_LIMIT = 6_291_556
"""The size limit of Lambda for the response to a synchronous call."""
REWARD_FIELD = "aggregate_reward_score"
ID_DEPTH_LIMIT = 100  # far above any real id, far below the recursion limit of a JSON encoder

_SAMPLE_KEYS = frozenset({"id", "messages"} | {path[0] for path in REFERENCE_PATHS})


class MalformedEventError(ValueError):
    """An event without samples."""


class ResponseTooLargeError(Exception):
    """A response that is too large for Lambda to return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a request: a sample, or the problem that makes it unreadable.

    `id` is the id for the row; None if none was sent. `group` is a number that the samples of one
    prompt share; None if that is not known.
    """

    id: object
    sample: Sample | None = None
    group: int | None = field(default=None, compare=False)
    problem: str | None = None


class Details(StrEnum):
    """How much of `handlers/scored/sample.py` each row has as `details`."""

    SUMMARY = "summary"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The entries of an event, in order, and what the response adds to their rows.

    `answer_in_envelope`: whether the response needs an HTTP envelope. `details`: None for trainers.
    """

    entries: tuple[Entry, ...]
    answer_in_envelope: bool = False
    details: Details | None = None


class MetricType(StrEnum):
    """The trainers' two types of metrics: a part of the reward, or additional information."""

    REWARD = "Reward"
    METRIC = "Metric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named number that is sent with the reward."""

    name: str
    value: float
    type: MetricType = MetricType.METRIC


def read_event(
    event: object, *, name: str = "event", check_count: Callable[[int], None] = lambda _count: None
) -> Request:
    """Read the samples of an event.

    An event is a list of samples, one sample, `{"trajectories": [...]}` or `{"batch": [...]}`. An
    HTTP envelope `{"body": ...}` may contain any of these. An empty list has an empty response.
    Beside `batch`, `details` may be "summary" or "full". *check_count* is called with the number of
    samples before any is read, and may raise. Raises MalformedEventError for anything else; its
    message calls the event *name*.
    """
    field, in_envelope = name, False
    if isinstance(event, dict) and "body" in event and "messages" not in event:
        field, event, in_envelope = "body", _open_envelope(event), True
    samples = _find_samples(field, event)
    check_count(len(samples))
    entries = tuple(map(_read_entry, samples))
    details = _read_details(event)
    return Request(entries=entries, answer_in_envelope=in_envelope, details=details)


def response_row(
    entry_id: object, reward: float | None, metrics: Iterable[Metric]
) -> dict[str, object]:
    """Return the row for one entry. Raises ValueError for a number that is not finite."""
    return {
        "id": entry_id,
        REWARD_FIELD: None if reward is None else _finite(REWARD_FIELD, reward),
        "metrics_list": [
            {"name": m.name, "value": _finite(m.name, m.value), "type": m.type.value}
            for m in metrics
        ],
    }


def write_response(
    request: Request, rows: Sequence[dict[str, object]], *, always_envelope: bool = False
) -> list[dict[str, object]] | dict[str, object]:
    """Return the response: a list of rows, in an HTTP envelope if the event was in one.

    *always_envelope* forces the envelope. Raises ResponseTooLargeError for Lambda's limit, and
    ValueError for a wrong number of rows.
    """
    if len(rows) != len(request.entries):
        raise ValueError(f"{len(rows)} rows cannot answer {len(request.entries)} samples")
    response: list[dict[str, object]] | dict[str, object] = list(rows)
    if always_envelope or request.answer_in_envelope:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(rows, allow_nan=False)
        response = {"statusCode": 200, "headers": headers, "body": body}
    # Lambda's runtimes up to Python 3.11 escape non-ASCII characters, later ones do not. The
    # escaped form is never shorter.
    size = len(json.dumps(response, allow_nan=False))
    if size > RESPONSE_BYTES_LIMIT:
        raise ResponseTooLargeError(
            f"response: {size} bytes, but Lambda returns no more than {RESPONSE_BYTES_LIMIT}"
        )
    return response


def _open_envelope(event: dict[str, object]) -> object:
    body = event["body"]
    if not isinstance(body, str):
        return body
    try:
        return json.loads(b64decode(body) if event.get("isBase64Encoded") is True else body)
    except (ValueError, RecursionError):
        raise MalformedEventError("body: expected JSON, found text that is not") from None


def _find_samples(field: str, payload: object) -> list[object]:
    match payload:
        case list():
            return payload
        case {"messages": _}:  # first: a sample may have a field `batch`
            return [payload]
        case {"trajectories": list(samples)} | {"batch": list(samples)}:
            return samples
        case dict() if not _SAMPLE_KEYS.isdisjoint(payload):
            return [payload]
    found = kind_of(payload)
    if isinstance(payload, dict):
        names = [name for name in ("trajectories", "batch") if name in payload]
        found += f" whose `{names[0]}` is no list" if names else " with none of these"
    raise MalformedEventError(
        f"{field}: expected a list of samples, one sample (with `messages`), or an object with the "
        f"list as `trajectories` or `batch`, at most once in an HTTP `body`; found {found}"
    )


def _read_details(payload: object) -> Details | None:
    match payload:
        case {"messages": _} | {"trajectories": _}:  # a sample, or an event of a trainer
            return None
        case {"batch": list(), "details": str(details)} if details in tuple(Details):
            return Details(details)
        case {"batch": list(), "details": _}:
            names = " or ".join(f'"{name}"' for name in Details)
            raise MalformedEventError(f"details: expected {names}, found something else")
    return None


def _read_entry(raw: object) -> Entry:
    try:
        entry_id = read_id(value_at(raw, ("id",)))
    except UnreadableError as error:
        return Entry(id=None, problem=str(error))
    try:
        turns = read_turns(raw)
        completion = completion_in(raw, turns) if isinstance(raw, dict) else None
    except UnreadableError as error:
        return Entry(id=entry_id, problem=str(error))
    sample = Sample(completion=completion, reference=find_reference(raw), tasks=find_tasks(raw))
    return Entry(id=entry_id, sample=sample, group=group_of(prompt_in(turns), sample.reference))


def read_id(raw_id: object) -> object:
    """Return an id that can be sent back. Raises UnreadableError."""
    if is_deeper_than(ID_DEPTH_LIMIT, raw_id):
        raise UnreadableError(f"id: nested more than {ID_DEPTH_LIMIT} levels deep")
    try:
        return sendable(raw_id)
    except ValueError:  # Python does not convert integers of thousands of digits to text
        raise UnreadableError("id: a number that is too long to send back") from None


def find_reference(raw: object) -> object:
    """Return the reference at the first of `REFERENCE_PATHS`, or None."""
    # Null means absent: where rows differ in their keys, Arrow fills the gaps with null.
    references = (found for path in REFERENCE_PATHS if (found := value_at(raw, path)) is not None)
    return next(references, None)


def find_tasks(raw: object) -> tuple[str, ...]:
    """Return the names at `TASK_PATHS`."""
    return tuple(name for path in TASK_PATHS if isinstance(name := value_at(raw, path), str))


def value_at(sample: object, path: Iterable[str]) -> object:
    """Return the value at a path of keys; None if there is none."""
    for key in path:
        sample = sample.get(key) if isinstance(sample, Mapping) else None
    return sample


_SURROGATES = re.compile("[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


def sendable(value: object) -> object:
    """Return *value* without what would crash the sender or the reader of a row.

    Lambda's runtimes from Python 3.12 on cannot encode a lone surrogate: it becomes U+FFFD. NaN and
    infinities are not JSON: they become null.
    """
    return _DECODER.decode(_SURROGATES.sub("\ufffd", _ENCODER.encode(value)))


def _finite(name: str, number: float) -> float:
    if not math.isfinite(number):
        # A bug of ours. No trainer documents what it does with NaN.
        raise ValueError(f"{name}: expected a finite number, found {number}")
    return number
