"""Entries on their way to another process."""

import json
import math
import pickle
from typing import Any

import pytest

from nova_code_verifier.handlers.scored.packing import pack, unpack
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.types import Sample


def nested(levels: int) -> Any:
    """Return a list in lists, around values that not every form of JSON carries."""
    value: Any = ["\ud800", 10**30, math.inf, 1.0, {"a": None}]
    for _ in range(levels):
        value = [value]
    return value


def deepest() -> Any:
    """Return almost the deepest list that can be read as JSON here."""
    levels = 400
    while True:
        try:
            found = json.loads("[" * levels + "]" * levels)
        except RecursionError:
            return found
        levels += 100


def test_entries_come_out_as_they_were() -> None:
    """Ids, groups, tasks, problems and references; deep ones, and those beside them."""
    entries = [
        Entry(
            id=[1], sample=Sample(completion="\ud800", reference={"a": 1}, tasks=("x",)), group=7
        ),
        Entry(id=None, problem="unreadable"),
        Entry(id=2, sample=Sample(completion=None, reference=nested(600)), group=8),
    ]

    found = unpack(pack(entries))

    # Equal numbers may have other types, and nested lists of 600 levels cannot be compared.
    assert repr(found) == repr(tuple(entries))
    assert [entry.group for entry in found] == [7, None, 8]


def test_what_can_be_read_can_be_packed() -> None:
    """However deep it is: this is more than pickle carries."""
    reference = deepest()
    with pytest.raises(RecursionError):
        pickle.dumps(reference)

    (found,) = unpack(pack([Entry(id=0, sample=Sample(completion="", reference=reference))]))

    assert found.sample is not None
    assert repr(found.sample.reference) == repr(reference)


def test_an_entry_that_is_too_deep_for_json_is_unreadable() -> None:
    """Only its own row is lost; the entries beside it are sent."""
    deep = nested(100_000)
    entries = [Entry(id=0, sample=Sample(completion="1", reference=each)) for each in (7, deep)]

    first, second = unpack(pack(entries))

    assert first == entries[0]
    assert second.sample is None
    assert "nested too deeply" in str(second.problem)
