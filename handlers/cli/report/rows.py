"""Read the rows of any reward function, and the samples that belong to them.

In: names of files. Out: rows with their contexts, in the order of the rows. What is no row is
counted, and never costs other rows.

| found in a record | read as |
|---|---|
| an object with `aggregate_reward_score`, `reward` or `score` | a row |
| a list, an object with a list `events`, an HTTP envelope with a `body` | each of its items |
| an object with a JSON text `message` (CloudWatch) | that text |
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from nova_code_verifier.handlers.cli.compare.rows import MatchBy, matched
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.files import shown_name
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.handlers.report_page.context import Context, read_context
from nova_code_verifier.handlers.report_page.sample import PageSample, has_reward, page_sample

_NESTED_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row, as parsed JSON. `where` is its place for people, `size_bytes` that of its record."""

    id: object
    where: str
    size_bytes: int
    raw: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The context of a sample, and its id."""

    id: object
    context: Context


@dataclass(slots=True)
class LeftOut:
    """Counts what a page leaves out, and names the first of each kind."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, first: str) -> None:
        """Count something of a *kind*."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.first.setdefault(kind, first)

    @property
    def notes(self) -> list[str]:
        """A line of text for each kind."""
        return [
            f"{kind}: {count:,}; the first: {self.first[kind]}"
            for kind, count in self.counts.items()
        ]


@contextmanager
def open_rows(name: str, left_out: LeftOut) -> Iterator[tuple[Iterator[Row], int | None]]:
    """Open a file of rows, and yield its rows and its size in bytes, if that is known.

    Raises UnusableFileError for a file that cannot be read.
    """
    with open_records(name) as file:
        short = Path(shown_name(name)).name  # pages are shared: not with the names of directories
        yield _rows(file.records, short, left_out), file.total_bytes


def _rows(records: Iterable[Record], name: str, left_out: LeftOut) -> Iterator[Row]:
    for record in records:
        size_bytes = record.size_bytes
        where = f"{name}, {record.where}"
        if record.problem:
            left_out.add("records that cannot be read", f"{where}: {record.problem}")
            continue
        for raw in _unpacked(record.value, depth=0):
            if has_reward(raw):
                yield Row(id=raw.get("id"), where=where, size_bytes=size_bytes, raw=raw)
                size_bytes = 0  # count the bytes of a record once
            else:
                left_out.add("records that are no rows of a reward function", where)


def _unpacked(value: object, *, depth: int) -> Iterator[Mapping[str, object]]:
    """Yield the objects that *value* holds; {} in place of what cannot be a row."""
    inner: object = None
    match value:
        case list():
            inner = value
        case dict() if has_reward(value):
            yield value
            return
        case {"events": list(events)}:
            inner = events
        case {"statusCode": _, "body": body}:
            inner = [_parsed(body)]
        case {"message": str(message)} if message.lstrip().startswith("{"):
            inner = [_parsed(message)]
    if not isinstance(inner, list) or depth == _NESTED_MAX:
        yield {}
        return
    for item in inner:
        yield from _unpacked(item, depth=depth + 1)


def _parsed(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_page_samples(
    rows: Iterable[Row], samples: Iterable[Sample] | None, left_out: LeftOut
) -> Iterator[tuple[Row, PageSample]]:
    """Yield what a page shows of each of the *rows*, with its sample of the same id, if any.

    The second row of an id belongs to the second sample of that id, and so on. Rows in another
    order than the samples wait in memory.
    """
    if samples is None:
        pairs: Iterable[tuple[Row | None, Sample | None]] = ((row, None) for row in rows)
    else:
        pairs = matched(rows, samples, MatchBy.ID)
    for row, sample in pairs:
        if row is None:
            left_out.add("samples without a row", f"id {str(sample and sample.id)[:80]}")
            continue
        if sample is None and samples is not None:
            left_out.add("rows without a sample", row.where)
        context = _context(row, sample)
        try:
            yield row, page_sample(row.raw, context)
        except ValueError as error:
            left_out.add("rows that cannot be read", f"{row.where}: {error}")


def _context(row: Row, sample: Sample | None) -> Context:
    """Return the context of the sample, with the step and the time of the row, if it has them."""
    own = read_context(row.raw)
    if sample is None:
        return own
    given = sample.context
    return replace(
        given,
        source=given.source or own.source,
        step=given.step if own.step is None else own.step,
        time=given.time if own.time is None else own.time,
    )


@contextmanager
def open_samples(name: str, columns: Columns) -> Iterator[Iterator[Sample]]:
    """Open a file of samples, as `verifier score` reads it. Raises UnusableFileError."""
    with open_records(name) as file:
        lines = read_samples(file.records, columns, with_context=True)
        yield (Sample(id=line.entry.id, context=line.context or Context()) for line in lines)
