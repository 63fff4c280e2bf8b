"""Score a file of any length.

In: what to read and where to write, an executor. Out: rows or a table, in the order of the
lines; a summary of the run.
"""

import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    UnusableFileError,
    bytes_left,
    json_line,
    open_input,
    open_output,
    read_lines,
    write_all,
)
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.cli.score.samples import ScoredSample, score_samples
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.cli.score.tables import sample_text
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import TimedExecutor

_Writer = Callable[[Sequence[ScoredSample]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """The input (`source`), the file for rows (`out`; None is standard output), and the form."""

    source: str
    out: str | None = None
    with_details: bool = False
    as_table: bool = False
    quiet: bool = False


def score_file(request: ScoreRequest, executor: TimedExecutor, settings: Settings) -> Summary:
    """Score every sample, write the rows or the table, and return the summary.

    Raises UnusableFileError, and SandboxError if the sandbox cannot start. Rows that were
    written before an error stay.
    """
    summary = Summary()
    service = Service(
        executor, settings, on_bug=lambda _index: summary.add_bug(traceback.format_exc())
    )
    with ExitStack() as stack:
        source = stack.enter_context(open_input(request.source))
        _ = executor.level  # raises if the sandbox cannot start, before the output is emptied
        writers = _open_writers(request, stack)
        bar = ProgressBar(total_bytes=bytes_left(source), quiet=request.quiet)
        stack.enter_context(bar)
        for chunk in score_samples(
            read_samples(read_lines(source, request.source)),
            service,
            with_details=request.with_details,
            on_scored=lambda sample: bar.advance(sample.size_bytes),
        ):
            with bar.hidden():
                for write in writers:
                    write(chunk)
            for sample in chunk:
                summary.add(sample)
    if summary.count == 0:  # more likely a mistake than the intention
        raise UnusableFileError(f"{request.source}: found no samples, expected one or more")
    return summary


def _open_writers(request: ScoreRequest, stack: ExitStack) -> list[_Writer]:
    writers = []
    if request.out is not None or not request.as_table:
        name = request.out or STANDARD
        writers.append(_writer(request, name, _rows_text, stack))
    if request.as_table:
        writers.append(_writer(request, STANDARD, _table_text, stack))
    return writers


def _writer(
    request: ScoreRequest,
    name: str,
    text_of: Callable[[Sequence[ScoredSample]], str],
    stack: ExitStack,
) -> _Writer:
    stream = stack.enter_context(open_output(name, source=request.source))
    return lambda samples: write_all(stream, text_of(samples).encode("utf-8", "replace"), name)


def _rows_text(samples: Sequence[ScoredSample]) -> str:
    return "".join(f"{json_line(sample.row)}\n" for sample in samples)


def _table_text(samples: Sequence[ScoredSample]) -> str:
    return sample_text(samples, sys.stdout)
