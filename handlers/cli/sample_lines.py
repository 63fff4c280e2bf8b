"""Read samples from lines of JSON.

In: lines of bytes, from a file of any length. Out: one entry per line that is not blank. A
broken line becomes an entry with a problem.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.wire import Entry, read_event


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """A line of the input: its number, counted from 1, and the entry that it holds."""

    number: int
    size_bytes: int
    entry: Entry


def read_samples(lines: Iterable[bytes]) -> Iterator[SampleLine]:
    """Read one entry from each line that is not blank."""
    for number, text in enumerate(lines, start=1):
        if text.strip():
            yield SampleLine(number=number, size_bytes=len(text), entry=_read_entry(number, text))


def _read_entry(number: int, text: bytes) -> Entry:
    try:
        value = json.loads(text)
        if isinstance(value, list):
            problem = "found a list, expected one object (jq -c '.[]' writes one object per line)"
            entry = Entry(id=None, problem=problem)
        else:
            entry = read_event([value]).entries[0]
    except json.JSONDecodeError as error:
        entry = Entry(id=None, problem=f"not JSON ({error.msg}, column {error.colno})")
    except UnicodeDecodeError:
        entry = Entry(id=None, problem="not JSON (not UTF-8)")
    except (ValueError, RecursionError):  # Python limits the digits and the depth of JSON
        entry = Entry(id=None, problem="unreadable (a number too long, or nested too deep)")
    return replace(entry, problem=f"line {number}: {entry.problem}") if entry.problem else entry
