"""Score a file of any length.

In: what to read and where to write, an executor. Out: rows or a table, in the order of the
lines; a summary of the run.
"""

import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.cli.score.samples import ScoredSample, score_samples
from nova_code_verifier.handlers.cli.score.summary import Summary, sample_text
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
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
) -> Summary:
    """Score every sample of *source*, and return the summary.

    Writes rows to the file *out*; without it rows, or with *as_table* a table, to standard
    output. *columns* have unusual names. Raises UnusableFileError, and SandboxError if the sandbox
    cannot start. Rows that were written before an error stay.
    """
    summary = Summary()
    service = Service(
        executor, settings, on_bug=lambda _index: summary.add_bug(traceback.format_exc())
    )
    outputs = []
    if out is not None or not as_table:
        outputs.append((out or files.STANDARD, _rows_text))
    if as_table:
        outputs.append((files.STANDARD, _table_text))
    with ExitStack() as stack:
        stream = stack.enter_context(files.open_input(source))
        _ = executor.level  # raises if the sandbox cannot start, before the output is emptied
        opened = [
            (stack.enter_context(files.open_output(name, source=source)), name, text_of)
            for name, text_of in outputs
        ]
        bar = stack.enter_context(ProgressBar(total_bytes=files.bytes_left(stream), quiet=quiet))
        for chunk in score_samples(
            read_samples(files.read_lines(stream, source), columns),
            service,
            with_details=with_details,
            on_scored=lambda line: bar.count_item(line.size_bytes),
        ):
            with bar.hidden():
                for file, name, text_of in opened:
                    files.write_all(file, text_of(chunk).encode("utf-8", "replace"), name)
            for sample in chunk:
                summary.add(sample)
    if summary.count == 0:  # more likely a mistake than the intention
        raise files.UnusableFileError(f"{source}: found no samples, expected one or more")
    return summary


def _rows_text(samples: Sequence[ScoredSample]) -> str:
    return "".join(f"{files.json_line(sample.row)}\n" for sample in samples)


def _table_text(samples: Sequence[ScoredSample]) -> str:
    return sample_text(samples, sys.stdout)
