"""Text for terminals, and for pipes and files."""

import pytest
from rich.text import Text

from nova_code_verifier.handlers.cli.tables import printable, render, table_with_header


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;owned\x07", "\x9b31m", "a\nb\r\nc", "\u202eexe.txt", "\ud800", "\x00"]
)
def test_control_characters_are_replaced(hostile: str) -> None:
    """Characters that could control a terminal, or end a line, do not stay in a text."""
    assert printable(hostile).isprintable()


def test_a_long_text_is_cut() -> None:
    """A text of any length is shown with a few hundred characters."""
    assert len(printable("x" * 10**6)) < 300


def test_a_pipe_gets_whole_lines() -> None:
    """Without a terminal, nothing is wrapped, coloured or padded."""
    table = table_with_header("id", "remark")
    table.add_row(Text("i" * 400, style="red"), Text("r" * 1900))

    header, row = render(table, None).splitlines()

    assert row == f"{'i' * 400} {'r' * 1900}"
    assert header == header.rstrip()
