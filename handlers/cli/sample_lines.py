"""Read samples from the records of a file.

In: records of a file of any length, each a sample or a whole row of a dataset. Out: one entry for
each, or one for each completion in it. A broken record becomes an entry with a problem.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.dataset_row import Columns, read_entries
from nova_code_verifier.handlers.report_page.context import Context, read_context
from nova_code_verifier.handlers.wire import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """The entry that a record holds, and the record's place: for people, and its number from 1.

    The `context` is for the page of a report, if one is made.
    """

    where: str
    number: int
    size_bytes: int
    entry: Entry
    context: Context | None = None


def read_samples(
    records: Iterable[Record], columns: Columns = Columns(), *, with_context: bool = False
) -> Iterator[SampleLine]:
    """Read the entries of each record. *columns* have unusual names."""
    for record in records:
        size_bytes = record.size_bytes
        for entry in _read_entries(record, columns):
            if entry.problem:
                entry = replace(entry, problem=f"{record.where}: {entry.problem}")  # noqa: PLW2901
            yield SampleLine(
                where=record.where,
                number=record.number,
                size_bytes=size_bytes,
                entry=entry,
                context=_context(record, entry) if with_context else None,
            )
            size_bytes = 0  # count the bytes of a record once


def _read_entries(record: Record, columns: Columns) -> list[Entry]:
    if record.problem:
        return [Entry(id=None, problem=record.problem)]
    if isinstance(record.value, list):
        return [Entry(id=None, problem="found a list, expected one object")]
    return read_entries(record.value, columns)


def _context(record: Record, entry: Entry) -> Context:
    completion = entry.sample.completion if entry.sample else None
    return read_context(record.value, completion=completion, group=entry.group)
