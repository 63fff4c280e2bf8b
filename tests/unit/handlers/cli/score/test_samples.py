"""Samples, scored in chunks."""

from collections.abc import Generator, Iterator, Sequence
from io import BytesIO
from itertools import count
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.dataset_files.json_values import read_lines
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.sample_lines import SampleLine, read_samples
from nova_code_verifier.handlers.cli.score.samples import ScoredLine, chunks_of, score_samples
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.types import Verdict

NO_COMPLETION = b'{"id": 1, "messages": []}\n'


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Return a service on one real worker."""
    with LocalExecutor(workers=1) as executor:
        yield Service(executor, Settings())


def lists_of(service: Service, lines: Sequence[bytes]) -> Iterator[list[ScoredLine]]:
    """Score *lines*."""
    samples = read_samples(read_lines(BytesIO(b"\n".join(lines))))
    return score_samples(samples, service, with_details=False, on_scored=lambda _sample: None)


def test_only_the_lines_of_a_chunk_are_read() -> None:
    """When the first items come out, none behind their chunk has been read."""
    numbers = count()

    assert len(next(chunks_of(numbers, size_of=lambda _: 1))) == next(numbers) <= 300


def test_large_items_make_small_chunks() -> None:
    """The size of a chunk is limited in bytes too, as a sample may have megabytes."""
    assert next(chunks_of(range(5), size_of=lambda _: 9 * 2**20)) == [0, 1, 2, 3]


def test_the_items_before_a_damage_are_a_chunk() -> None:
    """What was read of a damaged file is not lost."""

    def damaged() -> Iterator[int]:
        yield 1
        raise UnusableFileError("damaged")

    chunks = chunks_of(damaged(), size_of=lambda _: 1)

    assert next(chunks) == [1]
    with pytest.raises(UnusableFileError, match="damaged"):
        next(chunks)


def test_a_sample_is_yielded_as_soon_as_those_before_it_are_known() -> None:
    """Nothing waits for later samples, and what comes too early waits for its turn."""
    entries = [SampleLine(where="", number=n, size_bytes=1, entry=Entry(id=n)) for n in range(4)]

    class InThisOrder(Service):
        def score(self, entries: Sequence[Entry], **given: Any) -> Generator[Outcome, None, None]:
            outcomes = list(super().score(entries, **given))
            yield from (outcomes[index] for index in (1, 0, 2, 3))

    with LocalExecutor(workers=1) as executor:
        lists = score_samples(
            entries,
            InThisOrder(executor, Settings()),
            with_details=False,
            on_scored=lambda _sample: None,
        )
        ids = [[line.sample.row["id"] for line in ready] for ready in lists]

    assert ids == [[0, 1], [2], [3], []]


def test_every_sample_is_reported_when_it_is_scored(service: Service) -> None:
    """The callback gets each sample, and not only whole chunks."""
    reported: list[int] = []

    list(
        score_samples(
            read_samples(read_lines(BytesIO(NO_COMPLETION * 3))),
            service,
            with_details=False,
            on_scored=lambda line: reported.append(line.number),
        )
    )

    assert sorted(reported) == [1, 2, 3]


def test_an_interrupt_ends_the_scoring_before_the_executor_closes() -> None:
    """The generator is closed explicitly, and not only when Python frees its memory."""

    class Recorder(Service):
        has_ended = False

        def score(self, entries: Sequence[Entry], **given: Any) -> Generator[Outcome, None, None]:
            try:
                yield from super().score(entries, **given)
            finally:
                self.has_ended = True

    def interrupt(_line: SampleLine) -> None:
        raise KeyboardInterrupt

    with LocalExecutor(workers=1) as executor:
        recorder = Recorder(executor, Settings())
        samples = read_samples(read_lines(BytesIO(NO_COMPLETION)))
        with pytest.raises(KeyboardInterrupt) as caught:
            list(score_samples(samples, recorder, with_details=False, on_scored=interrupt))
        assert recorder.has_ended
        assert caught.tb  # it keeps all frames alive: nothing was freed by chance


def test_a_scored_sample_keeps_what_a_table_needs(service: Service) -> None:
    """It has the verdict, the numbers of tests and the remark."""
    line = (
        b'{"id": 1, "messages": [{"role": "assistant", "content": "```python\\n1 / 0\\n```"}],'
        b' "reference_answer": [{"input": "", "output": "8"}]}'
    )

    ((scored,), _) = lists_of(service, [line])
    sample, details = scored.sample, scored.sample.details

    assert sample.verdict is Verdict.RUNTIME_ERROR
    assert (details["tests_passed"], details["tests_total"]) == (0, 1)
    assert "ZeroDivisionError" in str(details["remark"])
