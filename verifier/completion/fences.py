"""Find the lines of a Markdown text that open or close a fenced block.

The rules are CommonMark's, so that a block is the block that a reader sees: a fence may stand in
list items and quotations. Some exceptions serve models: a fence may be indented further, have
characters without width before it, or stand behind words, where it opens a block if nothing but a
tag follows.

A parser of CommonMark cannot make these exceptions. markdown-it-py also takes 57 ms and 5 MB to
import, and 8 s for a megabyte of `* a` lines; these rules take a tenth of a second.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_INFO_CHARS = 1_000
"""A line with a longer info string is not a fence."""
BLANKS = " \t\r\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff"
"""What may stand around a fence: blanks, and characters without width."""

# CommonMark's limit. It keeps a fence in an indented docstring inside its block.
_CLOSING_SLACK = 4
_TAB_COLUMNS = 4
_TAG_CHARS_MAX = 30
_LOOK_BACK = 8

_BLANK = f"[{BLANKS}]"
_CONTAINER = rf"(?:>|(?:[-*+]|\d{{1,9}}[.)])(?={_BLANK}))"  # a quotation, or an item of a list
_PREFIX = re.compile(rf"(?:{_BLANK}*+{_CONTAINER})*+{_BLANK}*+", re.ASCII)
_FENCE = re.compile(rf"(?P<run>`{{3,}}+|~{{3,}}+)(?P<info>[^\n]{{0,{MAX_INFO_CHARS}}}+)(?:\n|\Z)")
_RUN = re.compile("`{3,}+|~{3,}+")
_BLANKS = re.compile(r"[ \t]*+")
_LONE_TAG = re.compile(rf"{_BLANK}*+(?:\w[\w+#.-]{{0,{_TAG_CHARS_MAX}}}+)?+{_BLANK}*+")
_ENDS_A_SENTENCE = tuple(":.!>\uff1a\uff01。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A line that holds a fence: an opening one, a closing one, or neither."""

    start: int
    end: int
    """The index at which the next line starts."""
    prefix: str
    """What is before the fence on its line: blanks and the marks of lists and quotations."""
    run: str
    info: str
    is_behind_words: bool = False

    @property
    def quotations(self) -> int:
        """The number of quotations that the fence stands in."""
        return self.prefix.count(">")

    @property
    def indent(self) -> str:
        """The blanks that the lines of the block share with the fence, within its quotations."""
        *quoted, rest = self.prefix.split(">")
        if quoted and rest[:1] == " ":
            rest = rest[1:]
        return "".join(mark if mark.isspace() else " " for mark in rest.strip("\ufeff\u200b"))

    def opens(self) -> bool:
        """Return whether a block may begin here: a tag with a backtick is inline code."""
        return self.run[0] == "~" or "`" not in self.info

    def closes(self, opening: "Fence", *, info: str | None = None) -> bool:
        """Return whether the block of *opening* ends here; *info* replaces this fence's own."""
        return (
            not (self.info if info is None else info).strip(BLANKS)
            and not self.is_behind_words
            and not self.prefix.strip(BLANKS + ">")
            and self.quotations <= opening.quotations
            and self.run.startswith(opening.run)
            and _columns(self.indent) < _columns(opening.indent) + _CLOSING_SLACK
        )


def find_fences(text: str) -> Iterator[Fence]:
    """Yield every fence of *text*, in order, whether it opens or closes a block."""
    lines = Lines(text)
    end = 0
    for run in _RUN.finditer(text):
        begins_line = lines.pass_to(run)
        fence = lines.fence(run.start(), begins_line=begins_line) if run.start() >= end else None
        if fence is not None:
            yield fence
            end = fence.end


class Lines:
    """The lines of a text, for a reader that goes from the start to the end.

    To search back for the start of a line at each word would cost time quadratic in its length.
    """

    def __init__(self, text: str) -> None:
        """Begin at the start of *text*."""
        self._text = text
        self._start = self._passed = 0

    def pass_to(self, sign: re.Match[str]) -> bool:
        """Go on to *sign*; return whether it is the first one on its line."""
        newline = self._text.rfind("\n", self._passed, sign.start())
        is_first = newline >= 0 or not self._passed
        self._start = newline + 1 if newline >= 0 else self._start
        self._passed = sign.end()
        return is_first

    def has_blanks_before(self, position: int) -> bool:
        """Return whether nothing but blanks is before *position* on its line."""
        return _BLANKS.fullmatch(self._text, self._start, position) is not None

    def fence(self, position: int, *, begins_line: bool) -> Fence | None:
        """Read the fence at *position*, if there is one.

        It *begins_line* if no other sign is before it, so that its line is looked at once.
        """
        match = _FENCE.match(self._text, position)
        if match is None:
            return None
        prefix = _PREFIX.fullmatch(self._text, self._start, position) if begins_line else None
        if prefix is not None:
            return _fence(match, prefix=prefix[0])
        if self._text[position] == "`" and self._opens_behind_words(match):
            return _fence(match, is_behind_words=True)
        return None

    def _opens_behind_words(self, match: re.Match[str]) -> bool:
        before = self._text[max(0, match.start() - _LOOK_BACK) : match.start()].rstrip(BLANKS)
        has_tag = bool(match["info"].strip(BLANKS))
        return _LONE_TAG.fullmatch(match["info"]) is not None and (
            has_tag or before.endswith(_ENDS_A_SENTENCE)
        )


def fence_at(text: str, position: int) -> Fence | None:
    """Read the fence that begins at *position* or after blanks, as if a line began there."""
    start = _PREFIX.match(text, position)
    match = _FENCE.match(text, start.end()) if start else None
    return _fence(match, prefix=start[0]) if start and match else None


def _fence(match: re.Match[str], *, prefix: str = "", is_behind_words: bool = False) -> Fence:
    return Fence(
        start=match.start() - len(prefix),
        end=match.end(),
        prefix=prefix,
        run=match["run"],
        info=match["info"],
        is_behind_words=is_behind_words,
    )


def _columns(indent: str) -> int:
    return len(indent.expandtabs(_TAB_COLUMNS))
