"""The progress bar of a long run.

In: the size of the input, and the size of each piece that is done. Out: a bar on standard
error if that is a terminal; the bar disappears when the run ends.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


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
    ) -> None:
        """Prepare a bar over *total_bytes*. It stays hidden if *quiet*, or without a terminal."""
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
            disable=quiet or sys.stderr is None or not sys.stderr.isatty(),
        )
        self._bar = self.add_task(activity, total=total_bytes, count=0)
        self._count = 0

    def count_item(self, size_bytes: int) -> None:
        """Count one item, which took *size_bytes* of the input."""
        self._count += 1
        self.update(self._bar, advance=size_bytes, count=self._count)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bar, so that other text can be written to the terminal."""
        self.stop()
        yield
        self.start()
