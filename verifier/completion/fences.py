"""Find the fenced blocks of a Markdown text.

The rules are CommonMark's, so that a block here is the block that a reader sees. Two exceptions
serve models: a fence may be indented (as in a list), and the last closing fence may be at the end
of a line of the block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_INFO_CHARS = 200
"""A line with a longer info string is not a fence."""

# CommonMark's limit. It keeps a fence in an indented docstring inside its block.
_CLOSING_SLACK = 4
_TAB_COLUMNS = 4

_FENCE_START = re.compile(r"^[ \t]*+(?:```|~~~)", re.MULTILINE)
_FENCE = re.compile(
    r"(?P<indent>[ \t]*+)(?P<run>`{3,}+|~{3,}+)"
    rf"(?P<info>[^\n]{{0,{MAX_INFO_CHARS}}}+)(?:\n|\Z)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A line that begins with a fence: an opening one, a closing one, or neither."""

    start: int
    end: int
    """The index at which the next line starts."""
    indent: str
    run: str
    info: str

    def opens(self) -> bool:
        """Return whether a block may begin here: a tag with a backtick is inline code."""
        return self.run[0] == "~" or "`" not in self.info

    def closes(self, opening: "Fence", *, info: str | None = None) -> bool:
        """Return whether the block of *opening* ends here; *info* replaces this fence's own."""
        return (
            not (self.info if info is None else info).strip()
            and self.run.startswith(opening.run)
            and _columns(self.indent) < _columns(opening.indent) + _CLOSING_SLACK
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The text between two fences, or (not `complete`) from a fence to the end."""

    opening: Fence
    end: int
    complete: bool

    @property
    def start(self) -> int:
        """The index at which its first line starts."""
        return self.opening.end


def fence_at(text: str, position: int) -> Fence | None:
    """Read the fence that begins at *position*, as if a line began there."""
    match = _FENCE.match(text, position)
    if match is None:
        return None
    indent, run, info = match.groups()
    return Fence(start=position, end=match.end(), indent=indent, run=run, info=info)


def find_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of *text*, in order; only the last one may be incomplete."""
    opening: Fence | None = None
    for line in _FENCE_START.finditer(text):
        fence = fence_at(text, line.start())
        if fence is None:
            continue
        if opening is None:
            opening = fence if fence.opens() else None
        elif fence.closes(opening):
            yield Block(opening=opening, end=fence.start, complete=True)
            opening = None
    if opening is not None:
        yield Block(opening=opening, end=_end_of_incomplete(text, opening), complete=False)


def block_text(text: str, block: Block) -> str:
    """Return the content of *block*, without the indentation of its fence."""
    body = text[block.start : block.end]
    # Some models indent the fence but not the code. Then no indentation is removed: removing it
    # from the deeper lines alone would change the program.
    width = min(len(block.opening.indent), _first_indent(body))
    if width == 0:
        return body
    return "\n".join(line[:width].lstrip(" \t") + line[width:] for line in body.split("\n"))


def _end_of_incomplete(text: str, opening: Fence) -> int:
    written = text.rstrip()
    if not written.endswith(opening.run):
        return len(text)
    return max(opening.end, len(written.rstrip(opening.run[0])))


def _first_indent(body: str) -> int:
    """Return the number of blanks before the first word of *body*, on its own line."""
    before = body[: len(body) - len(body.lstrip())]
    return len(before) - before.rfind("\n") - 1


def _columns(indent: str) -> int:
    return len(indent.expandtabs(_TAB_COLUMNS))
