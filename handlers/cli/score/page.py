"""Make a page of the rows while they are scored: `verifier score --report`.

In: rows, in order. Out: the page, at the end of the run, also if the run is interrupted.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nova_code_verifier.handlers.cli.exit_status import print_error
from nova_code_verifier.handlers.cli.files import UnusableFileError, shown_name
from nova_code_verifier.handlers.cli.saved_page import save_page
from nova_code_verifier.handlers.cli.score.pipeline import Output
from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.report_page.context import Context
from nova_code_verifier.handlers.report_page.page import Kind, Page
from nova_code_verifier.handlers.report_page.run import Run, Tables
from nova_code_verifier.handlers.report_page.sample import page_sample
from nova_code_verifier.verifier.rubric import Rubric

_BARE = "samples without program and test cases, whose rows --resume kept: {}"
_INTERRUPTED = "the run did not end: this page has the samples that were scored before"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """The file of the page, and the rubric; None if it is that of another machine."""

    out: str
    rubric: Rubric | None = None
    quiet: bool = False


class PagedOutput:
    """Passes rows on to another output, and keeps what a page shows of them."""

    def __init__(self, output: Output, options: PageOptions, source: str) -> None:
        """Prepare the page of the samples in *source*."""
        name, tables = Path(shown_name(source)).name, Tables()
        self._output, self._options = output, options
        self._run = Run(name, tables)
        rubric = options.rubric
        reward_range = (rubric.lowest, rubric.highest) if rubric else None
        self._page = Page(
            kind=Kind.RUN,
            title=name,
            runs=[self._run],
            tables=tables,
            reward_range=reward_range,
        )
        self._pending: list[Row] = []
        self._bare_count = 0

    @property
    def count(self) -> int:
        """The number of samples that are packed."""
        return self._run.count

    def add(self, rows: Sequence[Row]) -> None:
        """Take the next rows."""
        self._output.add(rows)
        self._pending += rows
        if all(row.is_kept for row in rows):  # they were just read: no guest runs, many may follow
            self._pack()

    def flush(self) -> None:
        """Write what was taken, and pack it for the page: no guest runs now."""
        self._output.flush()
        self._pack()

    def finish(self) -> None:
        """Write the rest."""
        self._output.finish()
        self._pack()

    def _pack(self) -> None:
        for row in self._pending:
            if row.is_kept:
                raw = json.loads(row.text)
                self._bare_count += "details" not in raw
            else:
                raw = row.scored.row | {"details": row.scored.details}
            self._run.add(page_sample(raw, row.context or Context()))
        self._pending.clear()

    @contextmanager
    def saved(self) -> Iterator[None]:
        """Save the page at the end of the block, also if an exception ends it."""
        try:
            yield
        except BaseException:
            self._page.notes.append(_INTERRUPTED)
            try:
                self._save()
            except UnusableFileError as error:  # the first exception is the one to report
                print_error(str(error))
            raise
        self._save()

    def _save(self) -> None:
        self._pack()
        if self._bare_count:
            self._page.notes.append(_BARE.format(self._bare_count))
        if self._run.count:
            done = save_page(self._page, self._options.out)
            if not self._options.quiet:
                print_error(done)
