"""Pack entries for another process of ours.

In: entries. Out: bytes, and the same entries from them. Pickle needs two levels of the stack for
each level of a value, and reading JSON one. So a reference that could be read may be too deep for
pickle: it travels as JSON.
"""

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.wire import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deep:
    """An entry, and the JSON text of its reference, which is left out."""

    entry: Entry
    reference: str


def pack(entries: Sequence[Entry]) -> bytes:
    """Return *entries* as bytes. One that is nested too deeply for JSON, too, is unreadable."""
    try:
        return pickle.dumps(tuple(entries), pickle.HIGHEST_PROTOCOL)
    except RecursionError:
        return pickle.dumps(tuple(map(_packable, entries)), pickle.HIGHEST_PROTOCOL)


def unpack(content: bytes) -> tuple[Entry, ...]:
    """Return the entries that `pack` has packed: trusted bytes only."""
    return tuple(map(_entry_of, pickle.loads(content)))  # noqa: S301


def _packable(entry: Entry) -> Entry | _Deep:
    try:
        pickle.dumps(entry)
    except RecursionError:
        sample = entry.sample
        assert sample is not None  # noqa: S101  (nothing else of an entry is deep)
        try:
            text = json.dumps(sample.reference)
        except (RecursionError, TypeError, ValueError):
            problem = "reference: nested too deeply to be sent to another process"
            return Entry(id=entry.id, group=entry.group, problem=problem)
        return _Deep(entry=replace(entry, sample=replace(sample, reference=None)), reference=text)
    return entry


def _entry_of(packed: Entry | _Deep) -> Entry:
    if isinstance(packed, Entry):
        return packed
    sample = packed.entry.sample
    assert sample is not None  # noqa: S101
    return replace(packed.entry, sample=replace(sample, reference=json.loads(packed.reference)))
