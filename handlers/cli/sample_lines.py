"""Read samples from the records of a file.

In: records, of any number. Out: one entry for each. A broken record becomes an entry with a
problem.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.wire import Entry, read_event


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """The entry that a record holds, and the record's place: for people, and its number from 1."""

    where: str
    number: int
    size_bytes: int
    entry: Entry


def read_samples(records: Iterable[Record]) -> Iterator[SampleLine]:
    """Read one entry from each record."""
    for record in records:
        yield SampleLine(
            where=record.where,
            number=record.number,
            size_bytes=record.size_bytes,
            entry=_read_entry(record),
        )


def _read_entry(record: Record) -> Entry:
    if record.problem:
        entry = Entry(id=None, problem=record.problem)
    elif isinstance(record.value, list):
        entry = Entry(id=None, problem="found a list, expected one object")
    else:
        entry = read_event([record.value]).entries[0]
    return replace(entry, problem=f"{record.where}: {entry.problem}") if entry.problem else entry
