"""Samples on their way through a place that scores them in any order."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence

import pytest

from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score import pipeline
from nova_code_verifier.handlers.cli.score.pipeline import KeptLine, Pipeline
from nova_code_verifier.handlers.cli.score.places.place import Chunk, Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.wire import Entry
from tests.fakes import Choose, ScriptedPlace


class Recorder:
    """An output that keeps what it gets."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: list[Row] = []
        self.is_finished = False

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows."""
        self.rows += rows

    def flush(self) -> None:
        """Wait for nothing."""

    def finish(self) -> None:
        """Note the end."""
        self.is_finished = True

    @property
    def names(self) -> list[str]:
        """Where the rows come from."""
        return [row.where for row in self.rows]


def line(number: int, size_bytes: int = 1) -> SampleLine:
    """Return a line without a sample."""
    entry = Entry(id=number, problem="unreadable")
    return SampleLine(where=str(number), number=number, size_bytes=size_bytes, entry=entry)


def run(lines: Iterator[SampleLine | KeptLine], place: ScriptedPlace, recorder: Recorder) -> None:
    """Run *lines* through *place*."""
    bar = ProgressBar(total_bytes=None, quiet=True)
    Pipeline(lines, place, recorder, bar, with_details=False).run()


def last(running: deque[Chunk]) -> Chunk:
    """Finish the youngest chunk."""
    return running.pop()


@pytest.mark.parametrize("choose", [deque.popleft, last])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_rows_are_in_order_whatever_the_order_of_chunks(choose: Choose, count: int) -> None:
    """Each sample has one row."""
    recorder = Recorder()

    run(map(line, range(count)), ScriptedPlace(choose), recorder)

    assert recorder.names == [str(number) for number in range(count)]
    assert recorder.is_finished


def test_a_row_is_passed_on_as_soon_as_those_before_it_are_known() -> None:
    """Nothing waits for later samples, and what comes too early waits for its turn."""
    passed_on: list[list[str]] = []

    class Lists(Recorder):
        def add(self, rows: Sequence[Row]) -> None:
            passed_on.append([row.where for row in rows])

    class InThisOrder(ScriptedPlace):
        def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
            scored = {index: sample for _, index, sample in super().score(chunks, full=full)}
            yield from ((0, index, scored[index]) for index in (1, 0, 2, 3))

    run(map(line, range(4)), InThisOrder(chunk_samples=4), Lists())

    assert passed_on == [["0", "1"], ["2"], ["3"]]


def test_an_interrupt_ends_the_scoring_before_the_place_closes() -> None:
    """The generator is closed explicitly, and not only when Python frees its memory."""
    has_ended = False

    class Place(ScriptedPlace):
        def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
            nonlocal has_ended
            try:
                yield from super().score(chunks, full=full)
            finally:
                has_ended = True

    class Interrupted(Recorder):
        def add(self, rows: Sequence[Row]) -> None:
            super().add(rows)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(map(line, range(4)), Place(), Interrupted())

    assert has_ended
    assert caught.tb  # it keeps all frames alive: nothing was freed by chance


def test_a_slow_chunk_stops_the_reading_and_not_the_memory() -> None:
    """While the first chunk is not known, no more than a few chunks are read."""
    read: list[int] = []
    waiting: list[int] = []

    def lines() -> Iterator[SampleLine]:
        for number in range(10_000):
            read.append(number)
            yield line(number)

    def first_is_slow(running: deque[Chunk]) -> Chunk:
        if len(running) == 1 and not running[0].number:
            waiting.append(len(read))
        return running.pop() if len(running) > 1 or running[0].number else running.popleft()

    recorder = Recorder()

    run(lines(), ScriptedPlace(first_is_slow), recorder)

    assert waiting == [4 * 3 * 2]
    assert len(recorder.rows) == 10_000


def test_large_rows_stop_the_reading_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of the samples that wait are limited, too, but one chunk always goes on."""
    monkeypatch.setattr(pipeline, "_WINDOW_BYTES", 2500)
    place, recorder = ScriptedPlace(last, chunks_at_once=100), Recorder()
    running_max = 0

    def choose(running: deque[Chunk]) -> Chunk:
        nonlocal running_max
        running_max = max(running_max, len(running))
        return running.pop()

    place.choose = choose
    run((line(number, 900) for number in range(20)), place, recorder)

    assert running_max == 2  # each of two samples
    assert recorder.names == [str(number) for number in range(20)]


def test_large_samples_make_small_chunks() -> None:
    """A chunk is full at its number of bytes; a sample that is larger is alone."""
    place = ScriptedPlace(chunk_samples=4)

    run(iter([line(0, 999), line(1, 1), line(2, 5000), line(3)]), place, Recorder())

    assert [len(chunk.entries) for chunk in place.taken] == [2, 1, 1]


def test_the_samples_before_a_damage_are_scored() -> None:
    """What was read of a damaged file is not lost; then the error is raised."""

    def lines() -> Iterator[SampleLine]:
        yield from map(line, range(3))
        raise UnusableFileError("damaged")

    recorder = Recorder()

    with pytest.raises(UnusableFileError, match="damaged"):
        run(lines(), ScriptedPlace(), recorder)

    assert recorder.names == ["0", "1", "2"]
    assert recorder.is_finished


@pytest.mark.parametrize("choose", [deque.popleft, last])
def test_rows_that_are_kept_take_their_places(choose: Choose) -> None:
    """They are not scored, and are passed on in order with new rows."""

    def lines() -> Iterator[SampleLine | KeptLine]:
        for number in range(50):
            yield KeptLine(line=line(number), text=b"old\n", is_lost=number % 10 == 3)
        yield from map(line, range(50, 60))

    place, recorder = ScriptedPlace(choose), Recorder()

    run(lines(), place, recorder)

    scored = {entry.id for chunk in place.taken for entry in chunk.entries}
    assert scored == {3, 13, 23, 33, 43, *range(50, 60)}
    assert recorder.names == [str(number) for number in range(60)]
    assert {row.where for row in recorder.rows if row.is_kept} == set(
        map(str, set(range(50)) - scored)
    )
    assert all(row.text == b"old\n" for row in recorder.rows if row.is_kept)


def test_a_million_kept_rows_do_not_wait_in_memory() -> None:
    """Before anything is scored, they are passed on as they are read."""
    read, behind = 0, 0

    class Counter(Recorder):
        def add(self, rows: Sequence[Row]) -> None:
            nonlocal behind
            super().add(rows)
            behind = max(behind, read - len(self.rows))

    def lines() -> Iterator[KeptLine]:
        nonlocal read
        for number in range(1000):
            read += 1
            yield KeptLine(line=line(number), text=b"old\n", is_lost=False)

    run(lines(), ScriptedPlace(), Counter())

    assert behind == 0


@pytest.mark.parametrize("times", [0, 2])
def test_a_place_that_miscounts_is_a_bug(times: int) -> None:
    """A sample without a row, or with two, is not passed over in silence."""

    class Miscounting(ScriptedPlace):
        def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
            for scored in super().score(chunks, full=full):
                yield from [scored] * (times if scored[:2] == (0, 1) else 1)

    with pytest.raises(RuntimeError, match="a place has"):
        run(map(line, range(4)), Miscounting(), Recorder())
