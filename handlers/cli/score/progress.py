"""The progress bar of a long run.

In: how much there is to read, and each line as it is scored. Out: a bar on a terminal's
standard error, gone when the run ends. Must not know: rewards.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class ProgressBar:
    """A bar as long as the input; without end where nobody knows how long that is."""

    def __init__(
        self,
        *,
        total_bytes: int | None,
        quiet: bool = False,
        doing: str = "scoring",
        what: str = "samples",
    ) -> None:
        """Prepare a bar over *total_bytes*. It stays hidden if *quiet*, and off a terminal."""
        self._progress = Progress(
            TextColumn(doing),
            BarColumn(bar_width=None),
            TextColumn(f"{{task.fields[samples]}} {what}"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            # What is written to these must arrive there, even while the bar is shown.
            redirect_stdout=False,
            redirect_stderr=False,
            # Not the console's opinion: it takes a log for a terminal if FORCE_COLOR is set.
            disable=quiet or sys.stderr is None or not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(doing, total=total_bytes, samples=0)
        self._samples = 0

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self._progress.stop()

    def advance(self, size_bytes: int) -> None:
        """Count one sample, which took up *size_bytes* of the input."""
        self._samples += 1
        self._progress.update(self._task, advance=size_bytes, samples=self._samples)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Make room on the terminal for something else to be written to it."""
        self._progress.stop()
        yield
        self._progress.start()
