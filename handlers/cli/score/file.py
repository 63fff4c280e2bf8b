"""Score a file of any length.

In: what to read and where to write, an executor. Out: rows or a table, in the order of the
samples; a summary of the run.
"""

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.exit_status import print_error
from nova_code_verifier.handlers.cli.progress import ProgressBar, print_notes
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.cli.score.resume import resume
from nova_code_verifier.handlers.cli.score.samples import (
    ScoredLine,
    rows_text,
    score_samples,
)
from nova_code_verifier.handlers.cli.score.summary import Summary, sample_text
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import TimedExecutor


def score_file(
    source: str,
    executor: TimedExecutor,
    settings: Settings,
    columns: Columns = Columns(),
    *,
    out: str | None,
    with_details: bool,
    as_table: bool,
    quiet: bool,
    is_resumed: bool = False,
) -> Summary:
    """Score every sample of *source*, and return the summary.

    Writes rows to the file *out*; without it rows, or with *as_table* a table, to standard
    output. *columns* have unusual names. A row is written as soon as it and all rows before it are
    known; rows that were written before an error stay. If *is_resumed*, keep the rows in *out*, and
    score what is missing. Raises UnusableFileError, and SandboxError if the sandbox cannot start.
    """
    summary = Summary()
    service = Service(
        executor, settings, on_bug=lambda _index: summary.add_bug(traceback.format_exc())
    )
    with ExitStack() as stack:
        file = stack.enter_context(open_records(source))
        print_notes(file.notes, quiet=quiet)
        _ = executor.level  # raises if the sandbox cannot start, before the output is touched
        bar = stack.enter_context(ProgressBar(total_bytes=file.total_bytes, quiet=quiet))
        samples = read_samples(file.records, columns)
        if is_resumed and out is not None:
            resume(out, source, samples, service, summary, with_details=with_details, bar=bar)
        outputs = _Outputs(
            stack,
            out,
            source,
            as_table=as_table,
            append=is_resumed,
            with_details=with_details,
            bar=bar,
        )
        scored = score_samples(
            samples,
            service,
            with_details=with_details,
            on_scored=lambda line: bar.count_item(line.size_bytes),
        )
        with closing(scored), _hint_at_resume(out, summary):
            for ready in scored:
                outputs.add(ready)
                for sample in ready:
                    summary.add(sample)
                if not ready:  # no guest runs that would miss this thread
                    outputs.finish()
    if summary.count + summary.kept_count == 0:  # more likely a mistake than the intention
        name = files.shown_name(source)
        raise files.UnusableFileError(f"{name}: found no samples, expected one or more")
    return summary


class _Outputs:
    """Writes rows at once, and a table by a few hundred lines, so that its columns fit."""

    def __init__(
        self,
        stack: ExitStack,
        out: str | None,
        source: str,
        *,
        as_table: bool,
        append: bool,
        with_details: bool,
        bar: ProgressBar,
    ) -> None:
        self._with_details = with_details
        name = files.STANDARD if out is None else out
        self._bar = bar
        self._rows = self._table = None
        self._is_shown = name == files.STANDARD and sys.stdout is not None and sys.stdout.isatty()
        self._pending: list[ScoredLine] = []
        if out is not None or not as_table:
            opened = files.open_output(name, source=source, append=append)
            self._rows = stack.enter_context(opened)
        if as_table:
            self._table = stack.enter_context(files.open_output(files.STANDARD))

    def add(self, ready: Sequence[ScoredLine]) -> None:
        """Write rows, as far as that does not wait."""
        if self._rows is not None:
            with self._bar.hidden() if self._is_shown else nullcontext():
                self._rows.offer(rows_text(ready, with_details=self._with_details))
        if self._table is not None:
            self._pending += ready

    def finish(self) -> None:
        """Write all that is pending, and wait until it is written."""
        with self._bar.hidden():
            if self._rows is not None:
                self._rows.write()
            if self._table is not None and self._pending:
                text = sample_text(self._pending, sys.stdout)
                self._pending.clear()
                self._table.write(text.encode("utf-8", "replace"))


@contextmanager
def _hint_at_resume(out: str | None, summary: Summary) -> Iterator[None]:
    """If the run is interrupted, say that the rows so far are kept."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, SandboxError, files.UnusableFileError):
        if out is not None and Path(out).is_file() and summary.count + summary.kept_count:
            print_error(f"{out} keeps the rows so far; add --resume to score the others")
        raise
