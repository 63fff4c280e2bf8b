"""Pack entries for another process of ours.

In: entries. Out: bytes, and the same entries from them. Pickle needs two levels of the stack for
each level of a value, and reading JSON one. So a reference that could be read may be too deep for
pickle: it travels as JSON.
"""

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.types import Sample

# Tuples: the state of a dataclass takes three times as long to pickle.
_SampleFields = tuple[str | None, Any, tuple[str, ...]]
_EntryFields = tuple[object, int | None, str | None, _SampleFields | None]


@dataclass(frozen=True, slots=True)
class _Deep:
    """A reference as JSON text."""

    text: str


def pack(entries: Sequence[Entry]) -> bytes:
    """Return *entries* as bytes. One that is nested too deeply for JSON, too, is unreadable."""
    fields = list(map(_fields_of, entries))
    try:
        return pickle.dumps(fields, pickle.HIGHEST_PROTOCOL)
    except RecursionError:
        return pickle.dumps(list(map(_packable, fields)), pickle.HIGHEST_PROTOCOL)


def unpack(content: bytes) -> tuple[Entry, ...]:
    """Return the entries that `pack` has packed: trusted bytes only."""
    return tuple(map(_entry_of, pickle.loads(content)))  # noqa: S301


def _fields_of(entry: Entry) -> _EntryFields:
    sample = entry.sample
    found = None if sample is None else (sample.completion, sample.reference, sample.tasks)
    return entry.id, entry.group, entry.problem, found


def _packable(fields: _EntryFields) -> _EntryFields:
    try:
        pickle.dumps(fields)
    except RecursionError:
        entry_id, group, problem, sample = fields
        assert sample is not None  # noqa: S101  (nothing else of an entry is deep)
        completion, reference, tasks = sample
        try:
            return entry_id, group, problem, (completion, _Deep(json.dumps(reference)), tasks)
        except (RecursionError, TypeError, ValueError):
            problem = "reference: nested too deeply to be sent to another process"
            return entry_id, group, problem, None
    return fields


def _entry_of(fields: _EntryFields) -> Entry:
    entry_id, group, problem, found = fields
    sample = None
    if found is not None:
        completion, reference, tasks = found
        if isinstance(reference, _Deep):
            reference = json.loads(reference.text)
        sample = Sample(completion=completion, reference=reference, tasks=tasks)
    return Entry(id=entry_id, sample=sample, group=group, problem=problem)
