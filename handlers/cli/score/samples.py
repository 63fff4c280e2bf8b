"""Score the samples of a file, a few hundred at a time.

In: samples, of any number. Out: each with its row and what a table shows of it, in order.
A broken sample costs its own row only.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score.remark import remark_on
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.verifier.types import Score

_CHUNK_SAMPLES = 256
_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSample:
    """The part of a result that stays in memory.

    `score` has no cases: their outputs may be huge.
    """

    line_number: int
    row: dict[str, object]
    score: Score
    tests_passed: int
    remark: str


def score_samples(
    samples: Iterable[SampleLine],
    service: Service,
    *,
    with_details: bool,
    on_scored: Callable[[SampleLine], None],
) -> Iterator[list[ScoredSample]]:
    """Yield the scored samples in order, in chunks of a few hundred.

    Calls *on_scored* as soon as a sample is scored, in no particular order. Raises
    SandboxError if the sandbox cannot start.
    """
    for chunk in _chunks(samples):
        scored: dict[int, ScoredSample] = {}
        outcomes = service.score([sample.entry for sample in chunk])
        with closing(outcomes):  # also after Ctrl-C: it must end before the executor is closed
            for outcome in outcomes:
                index = outcome.index
                scored[index] = _scored(chunk[index], outcome, with_details=with_details)
                on_scored(chunk[index])
        yield [scored[index] for index in range(len(chunk))]


def _chunks(samples: Iterable[SampleLine]) -> Iterator[list[SampleLine]]:
    chunk: list[SampleLine] = []
    size_bytes = 0
    for sample in samples:
        chunk.append(sample)
        size_bytes += sample.size_bytes
        if len(chunk) == _CHUNK_SAMPLES or size_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk


def _scored(line: SampleLine, outcome: Outcome, *, with_details: bool) -> ScoredSample:
    score, sample = outcome.score, line.entry.sample
    has_completion = sample is not None and sample.completion is not None
    return ScoredSample(
        line_number=line.number,
        row=outcome.row | ({"details": outcome.details} if with_details else {}),
        score=replace(score, cases=()),
        tests_passed=score.tests_passed,
        remark=remark_on(score, has_completion=has_completion),
    )
