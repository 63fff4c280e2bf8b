"""Convert a file of any length.

In: what to read and where to write. Out: rows, in the order of the file; rows that were left out;
counts. One row at a time is in memory, and of Parquet one group of rows.
"""

import sys
from contextlib import ExitStack, nullcontext
from pathlib import Path

from nova_code_verifier.handlers.cli.convert.conversion import ConvertedRow, convert_row
from nova_code_verifier.handlers.cli.convert.options import Options
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.convert.report import Report
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.dataset_files.writing import RowFile, open_rows
from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    UnusableFileError,
    file_errors,
    shown_name,
)
from nova_code_verifier.handlers.cli.progress import ProgressBar, print_notes
from nova_code_verifier.handlers.dataset_row import read_task_row


def convert_file(
    source: str, options: Options, *, out: str | None, dropped: str | None, quiet: bool
) -> Report:
    """Convert every row of *source*, and return the counts. Raises UnusableFileError.

    Writes the rows to the file *out*, or to standard output, and to *dropped* one line for each row
    that was left out.
    """
    report = Report(options=options)
    name = STANDARD if out is None else out
    if dropped == name:
        raise UnusableFileError(f"cannot write {name} twice; give --dropped another name")
    is_shown = name == STANDARD and sys.stdout is not None and sys.stdout.isatty()
    with ExitStack() as stack:
        file = stack.enter_context(open_records(source))
        print_notes(file.notes, quiet=quiet)
        rows = stack.enter_context(open_rows(name, source=source))
        others = None
        if dropped is not None:
            others = stack.enter_context(open_rows(dropped, source=source))
        bar = stack.enter_context(
            ProgressBar(
                total_bytes=file.total_bytes, quiet=quiet, activity="converting", noun="rows"
            )
        )
        for number, record in enumerate(file.records, start=1):
            try:
                converted = _convert(record, number, report.converted, options)
            except RefusedRowError as error:
                report.add_refusal(error)
                _write_refusal(others, record, error, options)
            else:
                with bar.hidden() if is_shown else nullcontext():
                    rows.write(converted.row)
                report.add(converted)
            bar.count_item(record.size_bytes)
    if dropped not in (None, STANDARD) and not report.refused:
        with file_errors(f"cannot write {dropped}"):  # the rows of an earlier run
            Path(dropped).write_bytes(b"")
    if not report.count:
        raise UnusableFileError(f"{shown_name(source)}: found no rows, expected one or more")
    return report


def _convert(record: Record, number: int, index: int, options: Options) -> ConvertedRow:
    if record.problem:
        raise RefusedRowError(f"row: {record.problem}")
    return convert_row(record.value, number=number, index=index, options=options)


def _write_refusal(
    file: RowFile | None, record: Record, error: RefusedRowError, options: Options
) -> None:
    if file is not None:
        entry_id = read_task_row(record.value, options.columns).id
        file.write({"where": record.where, "id": entry_id, "reason": str(error)})
