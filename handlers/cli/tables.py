"""Render text for a terminal, or for a pipe or file.

In: a table or text of `rich`. Out: text, coloured on a terminal and plain elsewhere. Ids,
messages and errors come from datasets and candidates: `printable` removes all characters
that could control a terminal, and the console does not interpret markup.
"""

from io import StringIO
from typing import TextIO

from rich.console import Console, RenderableType
from rich.table import Column, Table

_TEXT_CHARACTERS_MAX = 200
_UNBOUNDED_COLUMNS = 10_000  # wider than every line: nothing is wrapped or cut


def render(content: RenderableType, stream: TextIO | None) -> str:
    """Return *content* as text that suits *stream*: fitted to a terminal, or plain."""
    console = console_for(stream)
    with console.capture() as capture:
        console.print(content)
    if console.is_terminal:
        return capture.get()
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def console_for(stream: TextIO | None) -> Console:
    """Return a console with the width and the colours of *stream*, which writes to memory.

    It does not write to the stream itself: rich would handle an error there in its own way.
    """
    is_terminal = stream is not None and stream.isatty()
    return Console(
        file=StringIO(),
        force_terminal=is_terminal,
        width=None if is_terminal else _UNBOUNDED_COLUMNS,
        markup=False,
        emoji=False,
        highlight=False,
    )


def table_with_header(*columns: Column | str) -> Table:
    """Return an empty table with these *columns*, or columns of these names."""
    return Table(*columns, box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")


def printable(text: str, *, limit: int = _TEXT_CHARACTERS_MAX) -> str:
    """Return hostile *text* as one short line without control characters."""
    line = " ".join(text[: limit + 1].split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(text) <= limit else line[:limit] + "..."
