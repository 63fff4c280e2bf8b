"""Write entries as samples of an event.

In: entries. Out: JSON, which the function reads as the same samples. A sample that JSON does not
carry unchanged is refused: the function would judge another one.
"""

import json
from collections.abc import Sequence
from typing import Any

from nova_code_verifier.handlers.messages import completion_in, read_turns
from nova_code_verifier.handlers.wire import TASK_PATHS, Details, find_reference, find_tasks
from nova_code_verifier.verifier.types import Sample

SAMPLES_BYTES_MAX = 6 * 2**20 - 1024
"""Room for the samples of an event, each with a comma: Lambda wants less than 6 MiB in all."""
_ADVICE = "score it on a machine of your own: --resume, without --on"


class UnsendableError(ValueError):
    """A sample cannot be sent. The message says why, and what to do."""


def sample_text(sample_id: int, sample: Sample) -> bytes:
    """Return *sample* as JSON, under another id. Raises UnsendableError."""
    completion = sample.completion
    turn = {"role": "assistant", "content": completion}
    raw = {
        "id": sample_id,
        "messages": [] if completion is None else [turn],
        "reference_answer": sample.reference,
        **_task_fields(sample.tasks),
    }
    try:
        text = _to_json(raw)
        is_same = _read(json.loads(text)) == sample
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsendableError(f"sample: JSON cannot carry it: {error}; {_ADVICE}") from None
    if not is_same:
        raise UnsendableError(
            "sample: JSON would change it: expected lists, and objects whose keys are text, in the "
            f"reference; {_ADVICE}"
        )
    if len(text) >= SAMPLES_BYTES_MAX:
        raise UnsendableError(
            f"sample: {len(text)} bytes as JSON, but a function gets less than "
            f"{SAMPLES_BYTES_MAX}; {_ADVICE}"
        )
    return text


def event_text(samples: Sequence[bytes], details: Details) -> bytes:
    """Return the event with *samples*, whose rows shall have *details*."""
    return b'{"details": "%s", "batch": [%s]}' % (details.encode(), b",".join(samples))


def _task_fields(tasks: Sequence[str]) -> dict[str, Any]:
    """Return the fields in which the function finds the names of *tasks*, in this order."""
    fields: dict[str, Any] = {}
    for path, name in zip(TASK_PATHS, tasks, strict=False):
        inner = fields
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = name
    return fields


def _to_json(raw: dict[str, object]) -> bytes:
    try:
        return json.dumps(raw, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8, but JSON can escape it
        return json.dumps(raw, allow_nan=False).encode()


def _read(raw: dict[str, object]) -> Sample:
    """Read a sample as `wire.read_event` does."""
    return Sample(
        completion=completion_in(raw, read_turns(raw)),
        reference=find_reference(raw),
        tasks=find_tasks(raw),
    )
