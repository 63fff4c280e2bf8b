"""Score the samples of a file, a few hundred at a time.

In: samples, of any number. Out: each with its row and what a table shows of it, in order, as soon
as all those before it are known. A broken sample costs its own row only.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

from nova_code_verifier.handlers.cli.files import UnusableFileError, json_line
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score.evidence import defined_names, details_with_evidence
from nova_code_verifier.handlers.cli.score.remark import remark_on
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.verifier.types import Score, Verdict

_CHUNK_SAMPLES = 256
_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSample:
    """The part of a result that stays in memory.

    `score` has no cases: their outputs may be huge. The samples of one prompt share their `group`.
    """

    where: str
    row: dict[str, object]
    score: Score
    tests_passed: int
    remark: str
    has_no_completion: bool
    group: int | None = None

    @property
    def problem(self) -> str:
        """Why the sample is ungraded, without its place in the file."""
        return self.score.problem.removeprefix(f"{self.where}: ")


def score_samples(
    samples: Iterable[SampleLine],
    service: Service,
    *,
    with_details: bool,
    on_scored: Callable[[SampleLine], None],
) -> Generator[list[ScoredSample], None, None]:
    """Yield the scored samples in order: each list follows the one before.

    A sample that is scored out of order waits for its turn: a few hundred at most do. The caller
    must not wait for anything while it handles a list, because this thread also enforces the limits
    of the guests of other samples. It may wait at an empty list: then no guest runs. Calls
    *on_scored* as soon as a sample is scored, in no particular order. Close the generator before
    the executor. Raises SandboxError if the sandbox cannot start.
    """
    for chunk in chunks_of(samples, size_of=lambda sample: sample.size_bytes):
        waiting: dict[int, ScoredSample] = {}
        following = 0
        outcomes = service.score([sample.entry for sample in chunk])
        with closing(outcomes):  # also after Ctrl-C: it must end before the executor is closed
            for outcome in outcomes:
                index = outcome.index
                waiting[index] = _scored(chunk[index], outcome, with_details=with_details)
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


def rows_text(samples: Iterable[ScoredSample]) -> bytes:
    """Return the rows of *samples*, one per line."""
    return "".join(f"{json_line(sample.row)}\n" for sample in samples).encode()


def _scored(line: SampleLine, outcome: Outcome, *, with_details: bool) -> ScoredSample:
    score, sample = outcome.score, line.entry.sample
    has_completion = sample is not None and sample.completion is not None
    defined: tuple[str, ...] = ()
    if score.verdict is Verdict.NO_ENTRY_POINT and outcome.graded.prepared is not None:
        candidate = outcome.graded.prepared.candidate
        defined = defined_names(candidate.program) if candidate else ()
    row = outcome.row
    if with_details:
        row = row | {"details": details_with_evidence(outcome.details, outcome.graded)}
    return ScoredSample(
        where=line.where,
        row=row,
        score=replace(score, cases=()),
        tests_passed=score.tests_passed,
        remark=remark_on(score, has_completion=has_completion, defined=defined),
        has_no_completion=sample is not None and sample.completion is None,
        group=outcome.group,
    )
