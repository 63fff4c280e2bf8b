"""Score the samples of a file, a few hundred at a time.

In: samples, of any number. Out: each with its row and what a table shows of it, in order, as soon
as all those before it are known. A broken sample costs its own row only.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from nova_code_verifier.handlers.cli.files import UnusableFileError, json_line
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries
from nova_code_verifier.handlers.service import Service

_CHUNK_SAMPLES = 256
_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLine:
    """A scored sample, and the place of its record in the file."""

    where: str
    sample: ScoredSample

    @property
    def problem(self) -> str:
        """Why the sample is ungraded, without its place in the file."""
        return str(self.sample.details["problem"]).removeprefix(f"{self.where}: ")


def score_samples(
    samples: Iterable[SampleLine],
    service: Service,
    *,
    with_details: bool,
    on_scored: Callable[[SampleLine], None],
) -> Generator[list[ScoredLine], None, None]:
    """Yield the scored samples in order: each list follows the one before.

    A sample that is scored out of order waits for its turn: a few hundred at most do. The caller
    must not wait for anything while it handles a list, because this thread also enforces the limits
    of the guests of other samples. It may wait at an empty list: then no guest runs. Calls
    *on_scored* as soon as a sample is scored, in no particular order. Close the generator before
    the executor. Raises SandboxError if the sandbox cannot start.
    """
    for chunk in chunks_of(samples, size_of=lambda sample: sample.size_bytes):
        waiting: dict[int, ScoredLine] = {}
        following = 0
        scored = score_entries(service, [line.entry for line in chunk], full=with_details)
        with closing(scored):  # also after Ctrl-C: it must end before the executor is closed
            for index, sample in scored:
                waiting[index] = ScoredLine(where=chunk[index].where, sample=sample)
                on_scored(chunk[index])
                ready = []
                while following in waiting:
                    ready.append(waiting.pop(following))
                    following += 1
                if ready:
                    yield ready
        yield []


T = TypeVar("T")


def chunks_of(items: Iterable[T], *, size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Group *items* by a few hundred, or less where they are large.

    If the file of the items turns out to be damaged, the items before the damage are a group, too.
    """
    chunk: list[T] = []
    size_bytes = 0
    try:
        for item in items:
            chunk.append(item)
            size_bytes += size_of(item)
            if len(chunk) == _CHUNK_SAMPLES or size_bytes >= _CHUNK_BYTES:
                yield chunk
                chunk, size_bytes = [], 0
    except UnusableFileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def rows_text(lines: Iterable[ScoredLine], *, with_details: bool) -> bytes:
    """Return the rows of *lines*, one per line of text."""
    rows = (_row(line.sample, with_details=with_details) for line in lines)
    return "".join(f"{json_line(row)}\n" for row in rows).encode()


def _row(sample: ScoredSample, *, with_details: bool) -> dict[str, object]:
    return sample.row | {"details": sample.details} if with_details else sample.row
