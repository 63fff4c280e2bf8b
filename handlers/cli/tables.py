"""Show samples and sums to people.

In: scored lines, a tally. Out: text, coloured on a terminal and plain elsewhere. Ids,
messages and errors come from datasets and candidates: what could steer a terminal never
gets out of here. Must not know: how a score came about.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TextIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nova_code_verifier.handlers.cli.score.samples import ScoredLine
from nova_code_verifier.handlers.cli.score.summary import Problem, Summary
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import DIMENSIONS
from nova_code_verifier.verifier.types import Verdict

_TEXT_CHARACTERS_MAX = 200
_ID_CHARACTERS_MAX = 40
_NARROW_COLUMNS = 100
_UNBOUNDED_COLUMNS = 10_000  # nobody's window: no line is ever folded or cut

_STYLES = {
    Verdict.ACCEPTED: "green",
    Verdict.UNGRADED: "yellow",
    Verdict.SECURITY_VIOLATION: "bold red",
}
_STYLE_OF_FAILURES = "red"
_SHORT = {"correctness": "correct", "conciseness": "concise", "similarity": "similar"}


def render(content: RenderableType, stream: TextIO | None) -> str:
    """Turn *content* into the text that suits *stream*: fitted to a terminal, or plain."""
    console = _console(stream)
    with console.capture() as capture:
        console.print(content)
    if console.is_terminal:
        return capture.get()
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def sample_text(lines: Sequence[ScoredLine], stream: TextIO | None) -> str:
    """Write a table with one line for each sample."""
    is_narrow = _console(stream).width < _NARROW_COLUMNS
    return render(sample_table(lines, is_narrow=is_narrow), stream)


def sample_table(lines: Sequence[ScoredLine], *, is_narrow: bool = False) -> Table:
    """Lay out one line for each sample. Where it is narrow, correctness is the only dimension."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("id")  # gives way to the others, as the remark does
    dimensions = DIMENSIONS[:1] if is_narrow else DIMENSIONS
    for name in ("reward", *(_SHORT.get(name, name) for name in dimensions), "tests"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("remark")
    for line in lines:
        table.add_row(*_cells(line, dimensions))
    return table


def summary_table(tally: Summary, *, seconds: float, level: IsolationLevel) -> Table:
    """Lay out the sums of a run that took *seconds*."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    mean = tally.mean_reward
    ungraded = tally.count - tally.graded_count
    note = f"of the {tally.graded_count} graded" if ungraded else ""
    table.add_row("samples", str(tally.count), "")
    table.add_row("mean reward", "-" if mean is None else f"{mean:.4f}", note)
    for verdict, count in tally.verdicts.most_common():
        name = Text(f"  {verdict}", style=_STYLES.get(verdict, _STYLE_OF_FAILURES))
        table.add_row(name, str(count), f"{count / tally.count:6.1%}")
    table.add_row("samples per second", f"{tally.count / seconds:.1f}" if seconds else "-", "")
    table.add_row("isolation level", level, "")
    return table


def summary_text(tally: Summary, *, seconds: float, level: IsolationLevel) -> str:
    """Write what is told on standard error when a run of *seconds* is over."""
    text = render(summary_table(tally, seconds=seconds, level=level), sys.stderr)
    return f"{text}{problem_list(tally)}\n" if tally.problem_count else text


def problem_list(tally: Summary) -> str:
    """List the first problems of a dataset, and how many more there are."""
    shown = [f"  {_problem_line(problem)}" for problem in tally.problems]
    more = tally.problem_count - len(shown)
    noun = "sample" if tally.problem_count == 1 else "samples"
    head = f"{tally.problem_count} {noun} could not be graded, as the dataset is wrong:"
    return "\n".join([head, *shown, *([f"  and {more} more"] if more else [])])


def outage_text(tally: Summary) -> str:
    """Say how many samples we failed to grade, and why, as far as one can tell."""
    noun = "sample" if tally.count == 1 else "samples"
    return (
        f"{tally.outage_count} of {tally.count} {noun} could not be graded through our own fault "
        f"and should be scored again; the first because: {printable(tally.first_outage)}"
    )


def printable(text: str, *, limit: int = _TEXT_CHARACTERS_MAX) -> str:
    """Bring hostile text into one short line without control characters."""
    line = " ".join(text[: limit + 1].split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(text) <= limit else line[:limit] + "..."


def _cells(line: ScoredLine, dimensions: Iterable[str]) -> list[Text]:
    style = _STYLES.get(line.verdict, _STYLE_OF_FAILURES)
    return [
        _one_line(_id_text(line.row["id"])),
        Text("-" if line.reward is None else f"{line.reward:.3f}", style=style),
        *(Text(_share(line.dimensions.get(name))) for name in dimensions),
        Text(f"{line.tests_passed}/{line.tests_total}"),
        Text(line.verdict, style=style),
        _one_line(printable(line.remark)),
    ]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


def _one_line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _console(stream: TextIO | None) -> Console:
    # Not on the stream itself: rich has its own ways when a write fails.
    is_terminal = stream is not None and stream.isatty()
    return Console(
        file=StringIO(),
        force_terminal=is_terminal,
        width=None if is_terminal else _UNBOUNDED_COLUMNS,
    )


def _problem_line(problem: Problem) -> str:
    has_id = problem.entry_id is not None
    where = f" (id {_id_text(problem.entry_id)})" if has_id else ""
    return f"line {problem.line_number}{where}: {printable(problem.text)}"


def _id_text(entry_id: object) -> str:
    text = entry_id if isinstance(entry_id, str) else json.dumps(entry_id)
    return printable(text, limit=_ID_CHARACTERS_MAX)
