"""Read samples, have them scored at a place, and pass their rows on in order.

In: samples of a file of any length, and a place. Out: rows, each as soon as it and all rows before
it are known. A bounded number of rows is in memory, of a bounded size: while the first of them is
not known, nothing more is read.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score.places.place import Chunk, Place
from nova_code_verifier.handlers.cli.score.rows import Row

_WINDOW_BYTES = 256 * 2**20
# For each chunk that is scored, so many chunks of rows may wait for an earlier one.
_WINDOW_CHUNKS = 4
_TEXT_FACTOR = 3  # a scored sample in memory, by the size of its row as text


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """A sample that has a row already. Its `text` stays, unless the sample *is lost*."""

    line: SampleLine
    text: bytes
    is_lost: bool


class Output(Protocol):
    """Where rows go."""

    def add(self, rows: Sequence[Row]) -> None:
        """Take the next rows, without waiting for a reader: this thread may watch guests."""

    def flush(self) -> None:
        """Write what was taken; it may wait."""

    def finish(self) -> None:
        """Write the rest: there are no more rows."""


class Pipeline:
    """The samples on their way through a place. It is the place's `Chunks`."""

    def __init__(
        self,
        lines: Iterator[SampleLine | KeptLine],
        place: Place,
        output: Output,
        bar: ProgressBar,
        *,
        with_details: bool,
        full: bool = False,
    ) -> None:
        """Prepare to score *lines* at *place*, and to pass their rows on to *output*.

        Rows are written *with details*, or without. Samples have *full* details then, or if asked.
        """
        self._lines, self._place, self._output, self._bar = lines, place, output, bar
        self._with_details, self._full = with_details, full or with_details
        self._window: deque[Row] = deque()
        self._window_bytes = 0
        self._open: dict[int, list[Row]] = {}  # the rows of each chunk that is being scored
        self._missing: dict[int, int] = {}  # how many of them are not known
        self._count = 0
        self._is_over = False
        self._damage: UnusableFileError | None = None

    def run(self) -> None:
        """Score all samples. Raises UnusableFileError, and SandboxError.

        If the file turns out to be damaged, score the samples before the damage first.
        """
        with closing(self._place.score(self, full=self._full)) as scored:
            for number, index, sample in scored:
                row = self._open[number][index]
                if row.sample is not None:
                    raise RuntimeError("a place has scored a sample twice")
                row.set_sample(sample, with_details=self._with_details)
                self._settle(number, row)
        if self._window:
            raise RuntimeError(f"a place has left {len(self._window)} samples without a row")
        self._output.finish()
        if self._damage:
            raise self._damage

    def _settle(self, number: int, row: Row) -> None:
        """Count a row that is known, and pass on all that are now in order."""
        self._missing[number] -= 1
        if not self._missing[number]:
            del self._missing[number], self._open[number]
        self._window_bytes += self._held_bytes(row) - row.size_bytes
        self._bar.count_item(row.size_bytes)
        self._pass_on()

    def _pass_on(self) -> None:
        ready = []
        while self._window and self._window[0].text:
            ready.append(self._window.popleft())
        if ready:
            self._window_bytes -= sum(map(self._held_bytes, ready))
            self._output.add(ready)

    @staticmethod
    def _held_bytes(row: Row) -> int:
        return _TEXT_FACTOR * len(row.text)

    # -- read --------------------------------------------------------------------------

    def take(self) -> Chunk | None:
        """Return the next chunk, as `Chunks` says."""
        self._output.flush()
        rows: list[Row] = []
        entries = []
        size_bytes = 0
        place = self._place
        while len(rows) < place.chunk_samples and size_bytes < place.chunk_bytes:
            if self._is_full(bool(rows)) or (line := self._next_line()) is None:
                break
            if isinstance(line, KeptLine) and not line.is_lost:
                self._keep(line)
                continue
            row = _row_of(line)
            rows.append(row)
            self._window.append(row)
            self._window_bytes += row.size_bytes
            size_bytes += row.size_bytes
            entries.append(_line_of(line).entry)
        if not rows:
            return None
        chunk = Chunk(number=self._count, entries=tuple(entries))
        self._count += 1
        self._open[chunk.number], self._missing[chunk.number] = rows, len(rows)
        return chunk

    def _is_full(self, has_begun: bool) -> bool:  # noqa: FBT001
        """Return whether too much waits for the first row, which is not known.

        A chunk that *has begun* is filled, so that chunks do not become small.
        """
        place = self._place
        rows_max = _WINDOW_CHUNKS * place.chunks_at_once * place.chunk_samples
        if has_begun:
            rows_max += place.chunk_samples
        is_large = bool(self._window) and self._window_bytes >= _WINDOW_BYTES
        return len(self._window) >= rows_max or is_large

    def _next_line(self) -> SampleLine | KeptLine | None:
        if self._is_over:
            return None
        try:
            line = next(self._lines, None)
        except UnusableFileError as error:
            self._damage, line = error, None
        self._is_over = line is None
        return line

    def _keep(self, kept: KeptLine) -> None:
        row = _row_of(kept)
        row.is_kept, row.text = True, kept.text
        self._window.append(row)
        self._window_bytes += self._held_bytes(row)
        self._bar.count_item(row.size_bytes, is_kept=True)
        self._pass_on()


def _row_of(line: SampleLine | KeptLine) -> Row:
    read, old = _line_of(line), line.text if isinstance(line, KeptLine) else None
    return Row(where=read.where, size_bytes=read.size_bytes, old=old, context=read.context)


def _line_of(line: SampleLine | KeptLine) -> SampleLine:
    return line.line if isinstance(line, KeptLine) else line
