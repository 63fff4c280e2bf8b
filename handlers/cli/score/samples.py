"""Score lines: each a sample, as JSON.

In: lines of bytes, from a file of any length. Out: what is to be said of each, in their
order. A broken line costs its own row, and a few hundred lines at most are in memory at a
time. Must not know: where rows go, what people see of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.cli.score.remark import remark_on
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.wire import Entry, read_event
from nova_code_verifier.verifier.types import Verdict

_CHUNK_LINES = 256
_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the input: its number, counted from 1, and the entry that it holds."""

    number: int
    size_bytes: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLine:
    """What is kept of a line once it is scored. Not its outputs: they may be huge."""

    number: int
    size_bytes: int
    row: dict[str, object]
    verdict: Verdict
    reward: float | None
    dimensions: dict[str, float]  # those that apply
    tests_passed: int
    tests_total: int
    problem: str
    is_outage: bool
    remark: str


def read_lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Read one entry from each line that is not blank."""
    for number, text in enumerate(pieces, start=1):
        if text.strip():
            yield Line(number=number, size_bytes=len(text), entry=_read_entry(number, text))


def score_lines(
    lines: Iterable[Line],
    service: Service,
    *,
    with_details: bool,
    on_scored: Callable[[ScoredLine], None],
) -> Iterator[list[ScoredLine]]:
    """Yield the lines, scored, in their order, some hundred at a time.

    *on_scored* is told of every line at once, in no particular order. Raises SandboxError
    where the sandbox cannot start.
    """
    for chunk in _chunks(lines):
        scored: dict[int, ScoredLine] = {}
        outcomes = service.score([line.entry for line in chunk])
        with closing(outcomes):  # after Ctrl-C, too, the workers are left before they are closed
            for outcome in outcomes:
                place = outcome.index
                scored[place] = _scored_line(chunk[place], outcome, with_details=with_details)
                on_scored(scored[place])
        yield [scored[place] for place in range(len(chunk))]


def _read_entry(number: int, text: bytes) -> Entry:
    try:
        value = json.loads(text)
        if isinstance(value, list):
            problem = "a list, where each line is one object (jq -c '.[]' makes lines of a list)"
            entry = Entry(id=None, problem=problem)
        else:
            entry = read_event([value]).entries[0]
    except json.JSONDecodeError as error:
        entry = Entry(id=None, problem=f"not JSON ({error.msg}, column {error.colno})")
    except UnicodeDecodeError:
        entry = Entry(id=None, problem="not JSON (not UTF-8)")
    except (ValueError, RecursionError):  # a number or a nesting past what can be read
        entry = Entry(id=None, problem="unreadable (a number too long, or nested too deep)")
    return replace(entry, problem=f"line {number}: {entry.problem}") if entry.problem else entry


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size_bytes = 0
    for line in lines:
        chunk.append(line)
        size_bytes += line.size_bytes
        if len(chunk) == _CHUNK_LINES or size_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk


def _scored_line(line: Line, outcome: Outcome, *, with_details: bool) -> ScoredLine:
    score, sample = outcome.score, line.entry.sample
    details = {"details": outcome.details} if with_details else {}
    return ScoredLine(
        number=line.number,
        size_bytes=line.size_bytes,
        row=outcome.row | details,
        verdict=score.verdict,
        reward=score.reward,
        dimensions={name: getattr(score, name) for name, _ in score.weights},
        tests_passed=score.tests_passed,
        tests_total=score.tests_total,
        problem=score.problem,
        is_outage=score.is_outage,
        remark=remark_on(
            score, has_completion=sample is not None and sample.completion is not None
        ),
    )
