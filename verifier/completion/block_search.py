"""Find the fenced blocks of a text, and repair what models write around them.

In: a text without reasoning. Out: its blocks, in order. A block is what a reader sees (CommonMark),
unless the Python parser confirms a repair. A fence cannot be in a program except in a string, so a
program ends at the first fence up to which it parses:

- at a fence that has text behind it, or opens the next block, or is at the end of a line of code;
- not at a fence in a docstring.

The text before the first fence is a block if it is a program: the prompt opened its fence. Code on
the line of the opening fence is part of the block. The parser runs in our own process: `Attempts`
bound its work.
"""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from nova_code_verifier.verifier.completion.blocks import (
    PYTHON_TAGS,
    Block,
    commonmark_end,
    content,
    is_python,
)
from nova_code_verifier.verifier.completion.fences import BLANKS, Fence, find_fences
from nova_code_verifier.verifier.completion.programs import MAX_PARSED_CHARS, does_something
from nova_code_verifier.verifier.syntax import DEFINITIONS, free_names, read_python

_ATTEMPTS_MAX = 40
_ATTEMPTED_CHARS_MAX = 200_000
_TRIED_MAX = 8
_INLINE_CHARS_MAX = 2_000

_MARKDOWN_TAGS = frozenset({"markdown", "md"})
_TRIPLE_QUOTES = ('"""', "'''")
_NEXT_TAG = re.compile(rf"[a-z](?:[\w+#.-]*[\w+#])?[{BLANKS}]*")
_PYTHON_WORD = re.compile(rf"[{BLANKS}]*({'|'.join(PYTHON_TAGS)})(?=[{BLANKS}\n]|$)", re.IGNORECASE)
_TAG_LINE = re.compile(rf"[{BLANKS}]*(?:{'|'.join(PYTHON_TAGS)})[{BLANKS}]*\n", re.IGNORECASE)
_MAY_BE_CODE = re.compile(r".*?[=(]|(?:import|from|def|class|for|while|if|with|try|async)\b|@")
_RUN_AT_LINE_END = re.compile(rf"(?<=[^\s`~])(?:`{{3,}}|~{{3,}})(?=[{BLANKS}]*$)", re.MULTILINE)
_INLINE = re.compile(rf"(?<!`)(`{{3,}})(?!`)([^`\n]{{1,{_INLINE_CHARS_MAX}}})\1(?!`)")


class Attempts:
    """How much was parsed for all repairs of a completion."""

    def __init__(self) -> None:
        """Start with all attempts left."""
        self._left = _ATTEMPTS_MAX
        self._characters_left = _ATTEMPTED_CHARS_MAX

    def parse(self, text: str) -> ast.Module | None:
        """Return the syntax tree of *text*; None if it is not Python, or no attempt is left."""
        if len(text) > MAX_PARSED_CHARS:
            return None
        self._left -= 1
        self._characters_left -= len(text)
        return read_python(text) if min(self._left, self._characters_left) >= 0 else None


def find_blocks(text: str, attempts: Attempts | None = None) -> Iterator[Block]:
    """Yield the blocks of *text*, in order.

    Look for a block on one line only if there is no other.
    """
    if "```" not in text and "~~~" not in text:
        return
    search = _Search(text, attempts or Attempts())
    if search.is_python_as_a_whole():
        return
    block = None
    for block in search.blocks():
        yield block
    if block is None and (inline := search.inline_block()):
        yield inline


class _Search:
    """A search for the blocks of one text."""

    def __init__(self, text: str, attempts: Attempts) -> None:
        self._text = text
        self._attempts = attempts
        self._fences = tuple(find_fences(text))
        self._starts = tuple(fence.start for fence in self._fences)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks between lines with fences."""
        index = 0
        if block := self._prefilled_block():
            yield block
            index = self._index_after(block)
        while index < len(self._fences):
            block = self._block_at(index) if self._fences[index].opens() else None
            if block is not None:
                yield block
            index = self._index_after(block) if block else index + 1

    def _index_after(self, block: Block) -> int:
        """Return the index of the first fence after *block* that does not close it."""
        index = bisect_left(self._starts, block.end)
        is_at_fence = index < len(self._starts) and self._starts[index] == block.end
        return index + (is_at_fence and not _begins_block(self._fences[index]))

    def is_python_as_a_whole(self) -> bool:
        """Return whether the text is a program, with what looks like fences in it."""
        first = self._fences[0] if self._fences else None
        before = self._text[: first.start] if first else ""
        may_be = (
            first is None
            or first.is_behind_words
            or any(quotes in before for quotes in _TRIPLE_QUOTES)
        )
        return may_be and self._is_program(self._text)

    def _prefilled_block(self) -> Block | None:
        """Return the block that the text begins with, if the prompt opened its fence."""
        tag = _TAG_LINE.match(self._text)
        start = tag.end() if tag else 0
        opening = Fence(start=0, end=start, prefix="", run="```", info="")
        for end in self._ends_of_prefilled():
            if end - start > MAX_PARSED_CHARS:
                break
            if self._is_program_or_body(self._text[start:end]):
                is_pair = (end,) == self._starts[:1] and self._is_around_a_program()
                block = Block(opening=opening, end=end, complete=True, is_prefilled=True)
                return None if is_pair else block
            if not _may_end_in_a_string(self._text[:end]):
                break
        return None

    def _block_at(self, index: int) -> Block | None:
        """Return the block that the fence at *index* opens; None if it opens none."""
        end, is_complete = commonmark_end(self._text, self._fences, index)
        inner = [fence for fence in self._after(index) if fence.start < end]
        opening = self._with_code_on_its_line(self._fences[index], [end, *(f.start for f in inner)])
        block = Block(opening=opening, end=end, complete=is_complete)
        if block.tag.casefold() in _MARKDOWN_TAGS and inner:
            return None  # its own blocks count
        if is_complete and not inner and not self._is_doubtful(opening.end, end):
            return block
        confirmed = self._confirmed_end(opening, index, end) if block.may_be_python else None
        if confirmed is not None:
            is_closed = is_complete if confirmed == end else confirmed < len(self._text)
            return replace(block, end=confirmed, complete=is_closed)
        for fence in inner:
            if is_python(fence) and self._attempts.parse(content(self._text, fence, end)):
                is_blank = not self._text[opening.end : fence.start].strip()
                if is_blank or opening.is_behind_words:
                    return None
                return replace(block, end=fence.start, complete=False)
        return block

    def inline_block(self) -> Block | None:
        """Return the last program that is between two fences on one line."""
        for match in reversed(list(_INLINE.finditer(self._text))[-_TRIED_MAX:]):
            tag = _PYTHON_WORD.match(match[2])
            written = match[2][tag.end() if tag else 0 :].lstrip(BLANKS)
            start = match.end(2) - len(written)
            if self._is_program(written):
                opening = Fence(
                    start=match.start(),
                    end=start,
                    prefix="",
                    run=match[1],
                    info=tag[1] if tag else "",
                )
                return Block(opening=opening, end=match.end(2), complete=True)
        return None

    def _after(self, index: int) -> Sequence[Fence]:
        """Return the lines with fences after the one at *index*, up to a bound.

        A fence behind words is left out: in a program, it may be in a comment.
        """
        after = self._fences[index + 1 : index + 1 + _TRIED_MAX]
        return [fence for fence in after if not fence.is_behind_words]

    def _is_doubtful(self, start: int, end: int) -> bool:
        """Return whether a fence may end here in a string, or may be missing before *end*."""
        has_run = _RUN_AT_LINE_END.search(self._text, start, end) is not None
        return has_run or _may_end_in_a_string(self._text[start:end])

    def _is_program_or_body(self, text: str) -> bool:
        """Return whether *text* is a program, or the indented body of a function."""
        if text.lstrip("\n")[:1] not in (" ", "\t"):
            return self._is_program(text)
        return self._attempts.parse(f"def function():\n{text}") is not None

    def _is_program(self, text: str) -> bool:
        tree = self._attempts.parse(text)
        return tree is not None and does_something(tree)

    def _ends_of_prefilled(self) -> Iterator[int]:
        """Yield where a block without an opening fence may end."""
        first = self._fences[0] if self._fences else None
        if first is None or _begins_block(first):
            before = self._text[: first.start if first else None]
            run = _RUN_AT_LINE_END.search(before)
            yield from [run.start()] if run else ()
        elif self._text[: first.start].strip():
            yield from (fence.start for fence in self._fences[:_TRIED_MAX])

    def _is_around_a_program(self) -> bool:
        """Return whether the first fence opens a block in the usual way."""
        end, is_complete = commonmark_end(self._text, self._fences, 0)
        is_next = len(self._fences) > 1 and self._fences[1].start == end
        return (
            is_complete and is_next and self._is_program(content(self._text, self._fences[0], end))
        )

    def _confirmed_end(self, opening: Fence, index: int, end: int) -> int | None:
        """Return where a block that parses ends: at a fence or the end of the text or a line."""
        runs = _RUN_AT_LINE_END.finditer(self._text, opening.end, end)
        at_fences = [fence.start for fence in self._after(index)]
        at_line_ends = [run.start() for run in islice(runs, _TRIED_MAX)]
        for place in dict.fromkeys([*at_fences, end, len(self._text), *at_line_ends]):
            tree = self._attempts.parse(content(self._text, opening, place))
            is_value = is_python(opening) and place not in at_line_ends
            if tree and (does_something(tree) or (tree.body and is_value)):
                return place
        return None

    def _with_code_on_its_line(self, fence: Fence, ends: Sequence[int]) -> Fence:
        """Return *fence*; if code follows on its line, with an end before that code."""
        tag = _PYTHON_WORD.match(fence.info)
        rest = fence.info[tag.end() :] if tag else fence.info
        code = rest.lstrip(BLANKS)
        if not _MAY_BE_CODE.match(code):
            return fence
        line_end = fence.end - (self._text[fence.end - 1] == "\n")
        shorter = replace(fence, end=line_end - len(code), info=tag[1] if tag else "")
        for end in ends:
            tree = self._attempts.parse(content(self._text, shorter, end))
            if tree is not None:
                without = self._text[fence.end : end]
                first_line = [node for node in tree.body if node.lineno == 1]
                return shorter if _is_code(first_line, without) else fence
        return fence


def _begins_block(fence: Fence) -> bool:
    """Return whether *fence* looks like an opening fence, and not like a closing one."""
    return fence.opens() and (
        fence.is_behind_words or is_python(fence) or _NEXT_TAG.fullmatch(fence.info) is not None
    )


def _may_end_in_a_string(text: str) -> bool:
    """Return whether the number of triple quotes is odd."""
    return any(text.count(quotes) % 2 for quotes in _TRIPLE_QUOTES)


def _is_code(first_line: Sequence[ast.stmt], rest: str) -> bool:
    """Return whether what is behind a tag is code, and not an attribute such as `title="a.py"`."""
    if not rest.strip() or read_python(rest) is None:
        return True
    used = free_names(rest)
    return any(
        isinstance(node, (ast.Call, ast.Import, ast.ImportFrom, *DEFINITIONS))
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in used)
        for statement in first_line
        for node in ast.walk(statement)
    )
