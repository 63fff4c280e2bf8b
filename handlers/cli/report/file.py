"""Make a page of one or two files of rows.

In: names of files. Out: the page, and a few words about it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from nova_code_verifier.handlers.cli.compare.rows import MatchBy
from nova_code_verifier.handlers.cli.files import UnusableFileError, shown_name
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.report.rows import (
    LeftOut,
    Row,
    open_rows,
    open_samples,
    read_page_samples,
)
from nova_code_verifier.handlers.cli.saved_page import check_page, save_page
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.handlers.report_page.page import Kind, Page
from nova_code_verifier.handlers.report_page.run import Run, Tables
from nova_code_verifier.handlers.report_page.sample import PageSample

_Samples = Iterator[tuple[Row, PageSample]]


def report_file(
    source: str,
    out: str,
    *,
    old: str | None = None,
    by: MatchBy = MatchBy.ID,
    samples: str | None = None,
    columns: Columns = Columns(),
    title: str = "",
    quiet: bool = False,
) -> str:
    """Write the page *out* of the rows in *source*, beside those in *old*. Say what was written.

    *samples* is the file of the samples, of which *columns* have unusual names. Raises
    UnusableFileError.
    """
    check_page(out, source, old, samples)
    tables, left_out = Tables(), LeftOut()
    names = [source] if old is None else [old, source]
    short = [Path(shown_name(name)).name for name in names]
    runs = [Run(name, tables) for name in (short if len(set(short)) == len(names) else names)]
    with ExitStack() as stack:
        opened, sizes = [], []
        for name in names:
            rows, size_bytes = stack.enter_context(open_rows(name, left_out))
            contexts = stack.enter_context(open_samples(samples, columns)) if samples else None
            opened.append(read_page_samples(rows, contexts, left_out))
            sizes.append(size_bytes)
        total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        bar = stack.enter_context(
            ProgressBar(total_bytes=total_bytes, quiet=quiet, activity="reading", noun="rows")
        )
        for number, row, sample in _numbered(opened, by):
            runs[number].add(sample)
            bar.count_item(row.size_bytes)
    for run in runs:
        if not run.count:
            first = "".join(f"; {note}" for note in left_out.notes[:1])
            raise UnusableFileError(
                f"{run.name}: found no rows, expected one or more, as verifier score writes "
                f"them{first}"
            )
    if old is not None and by is MatchBy.ID and not _has_pair(runs):
        raise UnusableFileError(
            f"{shown_name(names[0])}, {shown_name(names[1])}: found no id in both files, expected "
            "one or more; --by line matches rows by their order"
        )
    page = Page(
        kind=Kind.RUN if old is None else Kind.COMPARE,
        title=title or " and ".join(run.name for run in runs),
        runs=runs,
        tables=tables,
        notes=left_out.notes,
    )
    return save_page(page, out)


def _numbered(opened: list[_Samples], by: MatchBy) -> Iterator[tuple[int, Row, PageSample]]:
    """Yield the samples of all runs, each with the number of its run.

    The page pairs the samples of two runs by their ids. By line, both get the id of the second run.
    """
    for together in zip_longest(*opened):
        last = next(item for item in reversed(together) if item is not None)
        for number, item in enumerate(together):
            if item is not None:
                row, sample = item
                is_renamed = by is MatchBy.LINE
                yield number, row, replace(sample, id=last[1].id) if is_renamed else sample


def _has_pair(runs: list[Run]) -> bool:
    old, new = ({repr(sample_id) for sample_id in run.ids} for run in runs)
    return not old.isdisjoint(new)
