"""Samples, scored in chunks."""

from collections.abc import Generator, Iterator, Sequence

import pytest

from nova_code_verifier.handlers.cli.sample_lines import SampleLine, read_samples
from nova_code_verifier.handlers.cli.score.samples import ScoredSample, score_samples
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


def chunks_of(service: Service, lines: Sequence[bytes]) -> Iterator[list[ScoredSample]]:
    """Score *lines*."""
    samples = read_samples(lines)
    return score_samples(samples, service, with_details=False, on_scored=lambda _sample: None)


def test_only_the_lines_of_a_chunk_are_read(service: Service) -> None:
    """When the first rows come out, no line behind their chunk has been read."""
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield NO_COMPLETION

    chunks = score_samples(
        read_samples(endless()), service, with_details=False, on_scored=lambda _sample: None
    )

    assert len(next(chunks)) == taken <= 300


def test_long_lines_make_small_chunks(service: Service) -> None:
    """The size of a chunk is limited in bytes too, as a sample may have megabytes."""
    long_line = b'{"id": 1, "messages": [], "padding": "%s"}' % (b"x" * 9 * 2**20)

    first = next(chunks_of(service, [long_line] * 5))

    assert len(first) == 4


def test_every_sample_is_reported_when_it_is_scored(service: Service) -> None:
    """The callback gets each sample, and not only whole chunks."""
    reported: list[int] = []

    list(
        score_samples(
            read_samples([NO_COMPLETION] * 3),
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

        def score(
            self, entries: Sequence[Entry], *, deadline: float = float("inf")
        ) -> Generator[Outcome, None, None]:
            try:
                yield from super().score(entries, deadline=deadline)
            finally:
                self.has_ended = True

    def interrupt(_line: SampleLine) -> None:
        raise KeyboardInterrupt

    with LocalExecutor(workers=1) as executor:
        recorder = Recorder(executor, Settings())
        samples = read_samples([NO_COMPLETION])
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

    ((scored,),) = chunks_of(service, [line])

    assert (scored.score.verdict, scored.tests_passed) == (Verdict.RUNTIME_ERROR, 0)
    assert scored.score.tests_total == 1
    assert "ZeroDivisionError" in scored.remark
