"""Score a file: lines in, rows and tables out, however long it is.

In: an order (what to read, where to write), an executor. Out: rows at their place, sums in
a tally. Must not know: exit statuses, how a score comes about.
"""

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    bytes_left,
    open_input,
    open_output,
    read_pieces,
    write_all,
)
from nova_code_verifier.handlers.cli.score.progress import ProgressBar
from nova_code_verifier.handlers.cli.score.samples import ScoredLine, read_lines, score_lines
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.cli.tables import sample_text
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import TimedExecutor

_Writer = Callable[[Sequence[ScoredLine]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to read (`source`), where to write (`out`), and what."""

    source: str
    out: str | None = None
    with_details: bool = False
    as_table: bool = False
    quiet: bool = False


def score_file(
    order: RunRequest, executor: TimedExecutor, settings: Settings, tally: Summary
) -> None:
    """Score every line and write it down, adding it to *tally*.

    Raises UnusableFileError, and SandboxError where the sandbox cannot start. What was
    written before that stays.
    """
    service = Service(
        executor, settings, on_bug=lambda _place: tally.add_bug(traceback.format_exc())
    )
    with ExitStack() as stack:
        source = stack.enter_context(open_input(order.source))
        _ = executor.level  # a sandbox that cannot start must say so before a file is emptied
        writers = _open_writers(order, stack)
        bar = ProgressBar(total_bytes=bytes_left(source), quiet=order.quiet)
        stack.enter_context(bar)
        for chunk in score_lines(
            read_lines(read_pieces(source, order.source)),
            service,
            with_details=order.with_details,
            on_scored=lambda line: bar.advance(line.size_bytes),
        ):
            with bar.hidden():
                for write in writers:
                    write(chunk)
            for line in chunk:
                tally.add(line)


def row_line(row: dict[str, object]) -> str:
    """Write a row as one line of JSON, in ASCII, and so that every reader can read it.

    What candidates wrote may hold halves of surrogate pairs, which some readers refuse.
    """
    text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    if text.isascii():
        return text
    return json.dumps(json.loads(text.encode("utf-8", "replace")))


def _open_writers(order: RunRequest, stack: ExitStack) -> list[_Writer]:
    writers = []
    if order.out is not None or not order.as_table:
        name = order.out or STANDARD
        writers.append(_writer(order, name, _rows_text, stack))
    if order.as_table:
        writers.append(_writer(order, STANDARD, _table_text, stack))
    return writers


def _writer(
    order: RunRequest, name: str, text_of: Callable[[Sequence[ScoredLine]], str], stack: ExitStack
) -> _Writer:
    stream = stack.enter_context(open_output(name, source=order.source))
    return lambda lines: write_all(stream, text_of(lines).encode("utf-8", "replace"), name)


def _rows_text(lines: Sequence[ScoredLine]) -> str:
    return "".join(f"{row_line(line.row)}\n" for line in lines)


def _table_text(lines: Sequence[ScoredLine]) -> str:
    return sample_text(lines, sys.stdout)
