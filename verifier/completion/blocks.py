"""A fenced block of a Markdown text: where it ends by CommonMark's rules, and what it contains."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from nova_code_verifier.verifier.completion.fences import Fence

_PYTHON_NAMES = "python python3 py py3 pypy pypy3 cpython ipython ipython3 tool_code"
PYTHON_TAGS = frozenset(_PYTHON_NAMES.split())

_TAG = re.compile(r"[\w+#-]+")  # also in `Python3.11`, `{.python}`, `python:main.py`
_QUOTED_LINE = re.compile(r"^[ \t]*+>", re.MULTILINE)
_UNQUOTED_LINE = re.compile(r"^(?![ \t]*+>)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The text between two fences, or (not `complete`) from a fence to the end.

    If `is_prefilled`, the prompt opened the fence: `opening` is at the start of the text.
    """

    opening: Fence
    end: int
    complete: bool
    is_prefilled: bool = False

    @property
    def start(self) -> int:
        """The index at which its content starts."""
        return self.opening.end

    @property
    def tag(self) -> str:
        """The name of its language, or "" if it has none."""
        return tag_of(self.opening)

    @property
    def may_be_python(self) -> bool:
        """Whether it is tagged as Python, or not tagged."""
        return not self.tag or is_python(self.opening)


def tag_of(fence: Fence) -> str:
    """Return the name of a language behind *fence*, or "" if there is none, or a comment."""
    tag = None if fence.info.lstrip().startswith("# ") else _TAG.search(fence.info)
    return tag[0] if tag else ""


def is_python(fence: Fence) -> bool:
    """Return whether *fence* is tagged as Python, or with the name of a Python file."""
    return tag_of(fence).casefold() in PYTHON_TAGS or fence.info.rstrip().endswith(".py")


def block_text(text: str, block: Block) -> str:
    """Return the content of *block*, without the marks and the indentation of its fence."""
    return content(text, block.opening, block.end)


def content(text: str, opening: Fence, end: int) -> str:
    """Return what is between *opening* and *end*, as `block_text` does."""
    head, body = "", text[opening.end : end]
    if text[opening.end - 1 : opening.end] not in ("", "\n"):  # code on the line of the fence
        head, newline, body = body.partition("\n")
        head += newline
    if opening.quotations and _QUOTED_LINE.match(body):
        marks = rf"^(?:[ \t]*+> ?){{0,{opening.quotations}}}"
        body = re.sub(marks, "", body, flags=re.MULTILINE)
    # Some models indent the fence but not the code. Then no indentation is removed: removing it
    # from the deeper lines alone would change the program.
    width = min(len(opening.indent), _first_indent(body))
    if width:
        lines = body.split("\n")
        body = "\n".join(line[:width].lstrip(" \t") + line[width:] for line in lines)
        if body[:1] in (" ", "\t"):
            body = textwrap.dedent(body)
    return head + body


def commonmark_end(text: str, fences: Sequence[Fence], index: int) -> tuple[int, bool]:
    """Return where the block of the fence at *index* ends, and whether it is closed there.

    The last closing fence may be at the end of a line of the block. A quotation ends with the first
    line without its mark.
    """
    opening = fences[index]
    is_quoted = opening.quotations > 0 and _QUOTED_LINE.match(text, opening.end) is not None
    position = opening.end
    for number in range(index + 1, len(fences)):
        fence = fences[number]
        if is_quoted:
            left = _UNQUOTED_LINE.search(text, position, fence.start)
            if left and left.start() < fence.start:
                return left.start(), True
            if not fence.quotations:
                return fence.start, True
            position = fence.end
        if fence.closes(opening):
            return fence.start, True
    left = _UNQUOTED_LINE.search(text, position) if is_quoted else None
    if left and left.start() < len(text):
        return left.start(), True
    return _end_of_incomplete(text, opening), False


def _end_of_incomplete(text: str, opening: Fence) -> int:
    written = text.rstrip()
    if not written.endswith(opening.run):
        return len(text)
    return max(opening.end, len(written.rstrip(opening.run[0])))


def _first_indent(body: str) -> int:
    """Return the number of blanks before the first word of *body*, on its own line."""
    before = body[: len(body) - len(body.lstrip())]
    return len(before) - before.rfind("\n") - 1
