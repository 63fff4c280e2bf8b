"""Write rows, a table, or both; and add up the summary.

In: rows, in order. Out: files and standard output.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.score.resume import Resumption
from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.cli.score.summary import Summary, sample_text

_TABLE_LINES = 256


class Outputs:
    """Writes rows at once, and a table by a few hundred lines, so that its columns fit."""

    def __init__(
        self,
        stack: ExitStack,
        out: str | None,
        source: str,
        summary: Summary,
        *,
        resumption: Resumption | None,
        as_table: bool,
        bar: ProgressBar,
    ) -> None:
        """Open the outputs; *stack* closes them. Raises UnusableFileError."""
        self._stack, self._source, self._summary, self._bar = stack, source, summary, bar
        self._resumption = resumption
        self._name = files.STANDARD if out is None else out
        self._rows = self._table = None
        self._is_shown = sys.stdout is not None and sys.stdout.isatty()
        self._pending: list[Row] = []
        self._has_rows = out is not None or not as_table
        if self._has_rows and resumption is None:
            self._rows = self._open_rows()
        if as_table:
            self._table = stack.enter_context(files.open_output(files.STANDARD))

    def _open_rows(self) -> files.OutputFile:
        append = self._resumption is not None
        opened = files.open_output(self._name, source=self._source, append=append)
        return self._stack.enter_context(opened)

    def add(self, rows: Sequence[Row]) -> None:
        """Write rows, as far as that does not wait, and count them."""
        self._write(rows if self._resumption is None else self._resumption.replace(rows))
        for row in rows:
            if row.is_kept:
                self._summary.kept_count += 1
            else:
                self._summary.add(row)
        if self._table is not None:
            self._pending += (row for row in rows if not row.is_kept)

    def _write(self, rows: Sequence[Row]) -> None:
        if not self._has_rows or not rows:
            return
        if self._rows is None:  # now the rows of the earlier run are as they stay
            self._rows = self._open_rows()
        with self._hidden_bar(self._name):
            self._rows.offer(b"".join(row.text for row in rows))

    def flush(self) -> None:
        """Write all that is pending, and wait until it is written; a table only when it is long."""
        if self._rows is not None and self._rows.is_waiting:
            with self._hidden_bar(self._name):
                self._rows.write()
        if len(self._pending) >= _TABLE_LINES:
            self._write_table()

    def finish(self) -> None:
        """Write what is left."""
        self.flush()
        if self._pending:
            self._write_table()
        if self._resumption is not None:
            self._resumption.end()

    def _write_table(self) -> None:
        text = sample_text(self._pending, sys.stdout)
        self._pending.clear()
        assert self._table is not None  # noqa: S101
        with self._hidden_bar(files.STANDARD):
            self._table.write(text.encode("utf-8", "replace"))

    @contextmanager
    def _hidden_bar(self, name: str) -> Iterator[None]:
        """Hide the bar while something is written to *name*, if that is a terminal, too."""
        if name == files.STANDARD and self._is_shown:
            with self._bar.hidden():
                yield
        else:
            yield
