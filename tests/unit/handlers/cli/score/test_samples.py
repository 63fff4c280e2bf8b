"""Lines of a file, and how few of them are in memory at a time."""

from collections.abc import Generator, Iterator, Sequence

import pytest

from nova_code_verifier.handlers.cli.score.samples import ScoredLine, read_lines, score_lines
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


def problem_of(line: bytes) -> str:
    """Return the problem with a *line* that is the only one."""
    (read,) = read_lines([line])
    assert read.entry.sample is None
    assert read.entry.problem is not None
    return read.entry.problem


def chunks_of(service: Service, lines: Sequence[bytes]) -> Iterator[list[ScoredLine]]:
    """Score *lines*."""
    return score_lines(read_lines(lines), service, with_details=False, on_scored=lambda _line: None)


def test_blank_lines_are_counted_but_hold_nothing() -> None:
    """The number of a line is what an editor shows, blank lines or not."""
    read = list(read_lines([b"\n", b" \t\r\n", NO_COMPLETION]))

    assert [line.number for line in read] == [3]


def test_a_line_holds_one_sample_only() -> None:
    """A wrapping around several samples is no sample, but a problem of this line."""
    assert problem_of(b'{"batch": [{"messages": []}]}') == "line 1: messages: missing"


def test_a_byte_order_mark_is_no_problem() -> None:
    """The mark that some editors put before the first line is passed over."""
    (read,) = read_lines([b"\xef\xbb\xbf" + NO_COMPLETION])

    assert read.entry.sample is not None


@pytest.mark.parametrize(
    "line",
    [b"{", b'{"id": 01}', b"[" * 100_000, b"9" * 5000, b"\x80", b"\x00" * 7, b'{"id": "s3cret'],
)
def test_what_is_wrong_with_a_line_is_said_without_showing_it(line: bytes) -> None:
    """Every kind of nonsense is a problem that names the line, and never repeats its text."""
    assert problem_of(line).startswith("line 1: ")
    assert "s3cret" not in problem_of(line)


def test_no_more_is_read_than_the_chunk_needs(service: Service) -> None:
    """When the first rows come out, only their own lines have been read."""
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield NO_COMPLETION

    chunks = score_lines(
        read_lines(endless()), service, with_details=False, on_scored=lambda _line: None
    )

    assert len(next(chunks)) == taken <= 300


def test_long_lines_make_short_chunks(service: Service) -> None:
    """A chunk is bounded in bytes, too: samples may be megabytes long."""
    long_line = b'{"id": 1, "messages": [], "padding": "%s"}' % (b"x" * 9 * 2**20)

    first = next(chunks_of(service, [long_line] * 5))

    assert len(first) == 4


def test_every_line_is_told_at_once(service: Service) -> None:
    """Whoever listens hears of each line, not only of whole chunks."""
    heard: list[int] = []

    list(
        score_lines(
            read_lines([NO_COMPLETION] * 3),
            service,
            with_details=False,
            on_scored=lambda line: heard.append(line.number),
        )
    )

    assert sorted(heard) == [1, 2, 3]


def test_an_interrupt_leaves_the_workers_before_anything_else() -> None:
    """The scoring is wound up on the way out, not whenever memory is cleaned up."""

    class Recorder(Service):
        is_wound_up = False

        def score(
            self, entries: Sequence[Entry], *, deadline: float = float("inf")
        ) -> Generator[Outcome, None, None]:
            try:
                yield from super().score(entries, deadline=deadline)
            finally:
                self.is_wound_up = True

    def interrupt(_line: ScoredLine) -> None:
        raise KeyboardInterrupt

    with LocalExecutor(workers=1) as executor:
        recorder = Recorder(executor, Settings())
        lines = read_lines([NO_COMPLETION])
        with pytest.raises(KeyboardInterrupt) as caught:
            list(score_lines(lines, recorder, with_details=False, on_scored=interrupt))
        assert recorder.is_wound_up
        assert caught.tb  # whose frames hold on to everything: nothing was freed by chance


def test_a_scored_line_keeps_what_a_table_needs(service: Service) -> None:
    """Verdict, sums and remark stay when the outputs are let go."""
    line = (
        b'{"id": 1, "messages": [{"role": "assistant", "content": "```python\\n1 / 0\\n```"}],'
        b' "reference_answer": [{"input": "", "output": "8"}]}'
    )

    ((scored,),) = chunks_of(service, [line])

    assert (scored.verdict, scored.tests_passed) == (Verdict.RUNTIME_ERROR, 0)
    assert scored.tests_total == 1
    assert "ZeroDivisionError" in scored.remark
