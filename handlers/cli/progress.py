"""The progress of a long run.

In: the size of the input, and the size of each piece that is done. Out: a bar on standard error if
that is a terminal; the bar disappears when the run ends. Elsewhere, such as in the log of a job, a
line from time to time.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 30.0


def print_notes(notes: Iterable[str], *, quiet: bool) -> None:
    """Print notes about a file to standard error. Do so before its bar is shown."""
    for note in () if quiet else notes:
        print(f"verifier: {note}", file=sys.stderr)  # noqa: T201  (for the user)


class ProgressBar(Progress):
    """A bar that fills with the bytes done; it only moves if their total is unknown.

    It is shown in a `with` block.
    """

    def __init__(
        self,
        *,
        total_bytes: int | None,
        quiet: bool = False,
        activity: str = "scoring",
        noun: str = "samples",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare a bar over *total_bytes*. It stays hidden if *quiet*, or without a terminal.

        Without a terminal, and unless *quiet*, a line every 30 seconds of *clock* replaces it.
        """
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        super().__init__(
            TextColumn(activity),
            BarColumn(bar_width=None),
            TextColumn(f"{{task.fields[count]}} {noun}"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            # Rich must not redirect these: rows and errors are written while the bar is shown.
            redirect_stdout=False,
            redirect_stderr=False,
            # Do not ask rich: it takes a log file for a terminal if FORCE_COLOR is set.
            disable=quiet or not is_terminal,
        )
        self._bar = self.add_task(activity, total=total_bytes, count=0)
        self._count = self._done_bytes = 0
        self._total_bytes = total_bytes
        self._words = f"verifier: {activity}: {{}} {noun}"
        self._writes_lines = not quiet and not is_terminal and sys.stderr is not None
        self._clock = clock
        self._started = self._last_line = clock()

    def start(self) -> None:
        """Show the bar, if its terminal is still there."""
        with suppress(OSError):
            super().start()

    def stop(self) -> None:
        """Hide the bar. Without its terminal, which may have closed, there is none."""
        with suppress(OSError):
            super().stop()

    def count_item(self, size_bytes: int) -> None:
        """Count one item, which took *size_bytes* of the input."""
        self._count += 1
        self._done_bytes += size_bytes
        self.update(self._bar, advance=size_bytes, count=self._count)
        if self._writes_lines and self._clock() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = self._clock()
            print(self._line(), file=sys.stderr, flush=True)  # noqa: T201

    def _line(self) -> str:
        share = ""
        if self._total_bytes:
            share = f" ({min(1.0, self._done_bytes / self._total_bytes):.0%})"
        minutes, seconds = divmod(round(self._last_line - self._started), 60)
        return f"{self._words.format(self._count)}{share} in {minutes}:{seconds:02d}"

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bar, so that other text can be written to the terminal."""
        self.stop()
        yield
        self.start()
