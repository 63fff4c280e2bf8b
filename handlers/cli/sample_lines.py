"""Read samples from lines of JSON.

In: lines of bytes, from a file of any length, each a sample or a whole row of a dataset. Out: one
entry per line that is not blank, or one for each completion in it. A broken line becomes an entry
with a problem.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.dataset_row import Columns, read_entries
from nova_code_verifier.handlers.wire import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """A line of the input: its number, counted from 1, and the entry that it holds."""

    number: int
    size_bytes: int
    entry: Entry


def read_samples(lines: Iterable[bytes], columns: Columns = Columns()) -> Iterator[SampleLine]:
    """Read the entries of each line that is not blank. *columns* have unusual names."""
    for number, text in enumerate(lines, start=1):
        if text.strip():
            size_bytes = len(text)
            for entry in _read_entries(number, text, columns):
                yield SampleLine(number=number, size_bytes=size_bytes, entry=entry)
                size_bytes = 0  # count the bytes of a line once


def _read_entries(number: int, text: bytes, columns: Columns) -> Iterator[Entry]:
    for entry in _parsed(text, columns):
        problem = f"line {number}: {entry.problem}" if entry.problem else None
        yield replace(entry, problem=problem)


def _parsed(text: bytes, columns: Columns) -> list[Entry]:
    try:
        value = json.loads(text)
        if isinstance(value, list):
            problem = "found a list, expected one object (jq -c '.[]' writes one object per line)"
            return [Entry(id=None, problem=problem)]
        return read_entries(value, columns)
    except json.JSONDecodeError as error:
        return [Entry(id=None, problem=f"not JSON ({error.msg}, column {error.colno})")]
    except UnicodeDecodeError:
        return [Entry(id=None, problem="not JSON (not UTF-8)")]
    except (ValueError, RecursionError):  # Python limits the digits and the depth of JSON
        return [Entry(id=None, problem="unreadable (a number too long, or nested too deep)")]
