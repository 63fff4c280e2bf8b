"""The progress of a long run.

In: the size of the input, and the size of each piece that is done. Out: a bar on standard error if
that is a terminal, with the rate and an estimate of the time that is left; the bar disappears when
the run ends. Elsewhere, such as in the log of a job, a line from time to time.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

_SECONDS_BETWEEN_LINES = 30.0
_EXACT_RATE = 100


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
        status: Callable[[], str] = str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare a bar over *total_bytes*. It stays hidden if *quiet*, or without a terminal.

        Without a terminal, and unless *quiet*, a line every 30 seconds of *clock* replaces it.
        *status* returns what else to show.
        """
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        super().__init__(
            TextColumn(activity),
            BarColumn(bar_width=None),
            TextColumn(f"{{task.fields[count]}} {noun}"),
            TimeElapsedColumn(),
            _Pace(self),
            console=Console(stderr=True),
            transient=True,
            # Rich must not redirect these: rows and errors are written while the bar is shown.
            redirect_stdout=False,
            redirect_stderr=False,
            # Do not ask rich: it takes a log file for a terminal if FORCE_COLOR is set.
            disable=quiet or not is_terminal,
        )
        self._bar = self.add_task(activity, total=total_bytes, count=0)
        self._count = self._done_bytes = self._kept_count = self._kept_bytes = 0
        self._total_bytes = total_bytes
        self._status = status
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

    def count_item(self, size_bytes: int, *, is_kept: bool = False) -> None:
        """Count one item, which took *size_bytes* of the input.

        One that *is kept* took no time, and says nothing about the time of the others.
        """
        self._count += 1
        self._done_bytes += size_bytes
        if is_kept:
            self._kept_count += 1
            self._kept_bytes += size_bytes
        self.update(self._bar, advance=size_bytes, count=self._count)
        if self._writes_lines and self._clock() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = self._clock()
            print(self._line(), file=sys.stderr, flush=True)  # noqa: T201

    def _line(self) -> str:
        share = ""
        if self._total_bytes:
            share = f" ({min(1.0, self._done_bytes / self._total_bytes):.0%})"
        elapsed = _time(self._last_line - self._started)
        return f"{self._words.format(self._count)}{share} in {elapsed}{self.pace}"

    @property
    def pace(self) -> str:
        """The rate, the time that is left, and the status, as far as they are known."""
        count, done_bytes = self._count - self._kept_count, self._done_bytes - self._kept_bytes
        seconds = self._clock() - self._started
        parts = []
        if count and seconds > 0:
            rate = count / seconds
            parts.append(
                f"{rate:.0f} per second" if rate >= _EXACT_RATE else f"{rate:.3g} per second"
            )
        if done_bytes and self._total_bytes:
            left_bytes = max(0, self._total_bytes - self._done_bytes)
            parts.append(f"{_time(left_bytes * seconds / done_bytes)} left")
        return ", ".join(["", *parts, *filter(None, [self._status()])])

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bar, so that other text can be written to the terminal."""
        self.stop()
        yield
        self.start()


class _Pace(ProgressColumn):
    """Shows the pace of a bar."""

    def __init__(self, bar: ProgressBar) -> None:
        super().__init__()
        self._shown = bar

    def render(self, _task: Task) -> Text:
        return Text(self._shown.pace.removeprefix(", "))


def _time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
