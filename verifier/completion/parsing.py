"""Parse a completion once: the parts that may hold the answer, and their fenced blocks.

In: a completion. Out: a `ParsedCompletion`, which every later stage reads. Reasoning is left out.

Not every mark (`<think>`, `</answer>`, …) counts: programs and sentences mention marks, too.

- A mark in quotes or backticks, as in `s.split("</think>")`, is only mentioned.
- A mark in a complete block is part of the block. The exception is a closing mark that begins
  a line and has no opening mark before it in the block: no program has such a line, so the model
  forgot the closing fence of a draft.
- A mark in an incomplete block counts if it begins or ends a line.
- `[PYTHON]` and `[DONE]` count at the start of a line; a list in a program may look like them.
- Reasoning has no blocks, only a closing mark. A closing mark outside reasoning makes everything
  before it reasoning. So if a mark in a draft ends the reasoning too early, the real closing mark
  still removes the rest of the draft.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from nova_code_verifier.verifier.completion.block_search import Attempts, find_blocks
from nova_code_verifier.verifier.completion.blocks import Block
from nova_code_verifier.verifier.completion.fences import Fence, Lines, fence_at

MAX_SIGNS = 10_000
"""A completion with more marks, and runs like those of fences, is noise: none of it is read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a completion between two marks, and the fenced blocks in it."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCompletion:
    """A completion without its reasoning, in pieces. No block spans two pieces.

    `source` is the completion as the model wrote it. `visible` is everything but reasoning and
    marks, in order; `solution` the pieces between the last solution marks, None without marks.
    """

    source: str
    visible: tuple[Piece, ...]
    solution: tuple[Piece, ...] | None

    @property
    def parts(self) -> tuple[tuple[Piece, ...], ...]:
        """Where the answer may be: in the solution, if there is one, then anywhere visible."""
        return (self.solution or (), self.visible)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each of the `parts`."""
        return tuple("".join(piece.text for piece in pieces) for pieces in self.parts)


def parse_completion(completion: str) -> ParsedCompletion:
    """Split *completion* at its marks and find its blocks.

    A completion with more than `MAX_SIGNS` fences and marks has no visible part.
    """
    text = _without_end_tokens(_with_plain_line_ends(completion.removeprefix(_BYTE_ORDER_MARK)))
    matches = list(islice(_SIGN.finditer(text), MAX_SIGNS + 1))
    if len(matches) > MAX_SIGNS:
        return ParsedCompletion(source=completion, visible=(), solution=None)
    signs = list(_find_signs(text, matches))
    walk = _Walk(text)
    walk.go(signs)
    if walk.fence is not None:
        walk = _Walk(text, incomplete=walk.fence)
        walk.go(signs)
    attempts = Attempts()
    pieces = tuple(Piece(piece, tuple(find_blocks(piece, attempts))) for piece in walk.pieces)
    solution = None if walk.solution is None else pieces[walk.solution]
    return ParsedCompletion(source=completion, visible=pieces, solution=solution)


def _with_plain_line_ends(text: str) -> str:
    """Return *text*; if its lines end with carriage returns alone, with newlines instead."""
    return text if "\n" in text else text.replace("\r", "\n")


class _Kind(StrEnum):
    REASONING = "reasoning"
    SOLUTION = "solution"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    kind: _Kind
    opens: bool


def _marks_of(kind: _Kind, *, words: str, tokens: str) -> dict[str, _Mark]:
    """Spell out the marks of *kind*: `<word>`, `</word>`, `<|begin_token|>` and the like."""
    opening, closing = _Mark(kind=kind, opens=True), _Mark(kind=kind, opens=False)
    marks: dict[str, _Mark] = {}
    for word in words.split():
        marks |= {f"<{word}>": opening, f"</{word}>": closing}
    for token in tokens.split():
        marks |= {f"<begin_{token}>": opening, f"<end_{token}>": closing}
        marks |= {f"<|begin_{token}|>": opening, f"<|end_{token}|>": closing}
    return marks


_BYTE_ORDER_MARK = "\ufeff"
_MARKS = (
    _marks_of(
        _Kind.REASONING,
        words="think thinking thought thoughts reasoning reflection scratchpad analysis",
        tokens="of_thought of_thinking of_reasoning internal_thought of_internal_thought",
    )
    | _marks_of(_Kind.SOLUTION, words="answer solution", tokens="of_answer of_solution")
    | {
        # the channels of gpt-oss
        "<|channel|>analysis<|message|>": _Mark(kind=_Kind.REASONING, opens=True),
        "<|channel|>final<|message|>": _Mark(kind=_Kind.REASONING, opens=False),
        "<|python_tag|>": _Mark(kind=_Kind.SOLUTION, opens=True),  # Llama
    }
)
# Those of Magistral, in capitals, and of Kimi.
_BRACKET_MARKS = {
    "[think]": _Mark(kind=_Kind.REASONING, opens=True),
    "[/think]": _Mark(kind=_Kind.REASONING, opens=False),
    "\u25c1think\u25b7": _Mark(kind=_Kind.REASONING, opens=True),
    "\u25c1/think\u25b7": _Mark(kind=_Kind.REASONING, opens=False),
}
# Prompts for MBPP and Code Llama ask for these, in capitals and at the start of a line.
_LINE_MARKS = {
    "[begin]": _Mark(kind=_Kind.SOLUTION, opens=True),
    "[done]": _Mark(kind=_Kind.SOLUTION, opens=False),
    "[python]": _Mark(kind=_Kind.SOLUTION, opens=True),
    "[/python]": _Mark(kind=_Kind.SOLUTION, opens=False),
}
# The look-ahead is only for speed, in texts with many `<` and few marks.
_ANGLE_MARK_PATTERN = f"<(?=[a-z/|])(?:{'|'.join(re.escape(mark[1:]) for mark in _MARKS)})"
_MARK_PATTERN = rf"(?:{_ANGLE_MARK_PATTERN}|\[/?(?-i:THINK)\]|\u25c1/?think\u25b7)"
_LINE_MARK_PATTERN = r"\[(?-i:BEGIN|DONE|/?PYTHON)\]"
_ALL_MARKS = _MARKS | _BRACKET_MARKS | _LINE_MARKS
# ASCII: otherwise a long s matches the s of "solution", and no table has such a mark.
_MARK = re.compile(_MARK_PATTERN, re.ASCII | re.IGNORECASE)
_SIGN = re.compile(
    rf"(?P<mark>{_MARK_PATTERN}|{_LINE_MARK_PATTERN})|`{{3,}}+|~{{3,}}+", re.ASCII | re.IGNORECASE
)
_REST_IS_BLANK = re.compile(r"[ \t\r]*+(?:\n|\Z)")

# Tokens that models end with; some trainers leave them in the text.
_END_TOKENS = (
    "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>",
    "<|end_of_turn|>", "<end_of_turn>", "<|return|>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>", "<eos>", "</s>",
)  # fmt: skip
_TRAILING_END_TOKENS = re.compile(rf"(?:(?:{'|'.join(map(re.escape, _END_TOKENS))})\s*+)++\Z")
_TAIL_CHARS = 200


def _without_end_tokens(text: str) -> str:
    end = len(text)
    # Search from the end, in steps. From the start, a text of such tokens with a word at its end
    # would cost time quadratic in its length.
    while tokens := _TRAILING_END_TOKENS.search(text, max(0, end - _TAIL_CHARS), end):
        end = tokens.start()
    return text[:end]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A fence, or (None) a mark, between *start* and *end*."""

    start: int
    end: int
    fence: Fence | None
    text: str
    begins_line: bool

    @property
    def mark(self) -> _Mark:
        """The mark that it is, if it is no fence."""
        return _ALL_MARKS[self.text.lower()]

    @property
    def is_line_mark(self) -> bool:
        """Whether it is a mark such as `[PYTHON]`."""
        return self.text.lower() in _LINE_MARKS


def _find_signs(text: str, matches: Iterable[re.Match[str]]) -> Iterator[_Sign]:
    """Yield the marks of *text*, and the lines with fences, in order."""
    lines = Lines(text)
    for match in matches:
        is_first, (start, end) = lines.pass_to(match), match.span()
        if match["mark"] is not None:
            begins_line = is_first and lines.has_blanks_before(start)
            yield _Sign(start, end, None, match[0], begins_line)
        elif fence := lines.fence(start, begins_line=is_first):
            yield _Sign(start, end, fence, match[0], is_first)


class _Walk:
    """One walk over the fences and marks of a text, from its start to its end.

    `pieces` are the visible parts so far, `solution` the slice of them between the last solution
    marks. `fence` opens the block that the walk is in; at the end, the incomplete block. A walk
    learns too late that a block is incomplete, and so which of its marks count: a second walk
    starts with that knowledge. There is no third walk, or a text could demand one after another.
    """

    def __init__(self, text: str, *, incomplete: Fence | None = None) -> None:
        self.fence: Fence | None = None
        self._text = text
        self._incomplete = incomplete
        self._opened_in_block: set[_Kind] = set()
        self._is_reasoning = False
        self._line_end = 0  # of the line of the last fence
        self._piece_start = 0
        self.pieces: list[str] = []
        self.solution: slice | None = None
        self._solution_start: int | None = None
        self._is_over = False

    def go(self, signs: Iterable[_Sign]) -> None:
        for sign in signs:
            if sign.fence is not None:
                self._meet_fence(sign.fence)
            elif self._counts(sign):
                self.fence = None
                self._pass_mark(sign)
                self._meet_fence(fence_at(self._text, sign.end))  # as in <answer>```python
        self._end_piece(len(self._text))
        if self._solution_start is not None:
            self._end_solution()

    def _meet_fence(self, fence: Fence | None) -> None:
        if fence is None or fence.start < self._line_end or self._is_reasoning:
            return
        self._line_end = fence.end
        info, *marks = _MARK.split(fence.info, maxsplit=1)
        if self.fence is None:
            self.fence = fence if fence.opens() and not marks else None
            self._opened_in_block.clear()
        elif fence.closes(self.fence, info=_without_end_tokens(info)):
            self.fence = None

    def _counts(self, sign: _Sign) -> bool:
        if _is_quoted(self._text, sign.start, sign.end):
            return False
        if sign.is_line_mark and not (sign.begins_line and self._is_line_mark_complete(sign)):
            return False
        if self.fence is None:
            return True
        if self.fence == self._incomplete:
            return sign.begins_line or _REST_IS_BLANK.match(self._text, sign.end) is not None
        mark = sign.mark
        if mark.opens:
            self._opened_in_block.add(mark.kind)
        return sign.begins_line and mark.kind not in self._opened_in_block

    def _is_line_mark_complete(self, sign: _Sign) -> bool:
        """Return whether nothing follows on the line; code may follow `[PYTHON]`."""
        is_opening = sign.mark.opens and self.fence is None
        return is_opening or _REST_IS_BLANK.match(self._text, sign.end) is not None

    def _pass_mark(self, sign: _Sign) -> None:
        mark = sign.mark
        self._end_piece(sign.start)
        self._piece_start = sign.end
        if mark.kind is _Kind.REASONING:
            if not mark.opens and not self._is_reasoning:
                self._is_over = False
                # Everything so far was reasoning that began in the prompt.
                self.pieces.clear()
                self.solution = self._solution_start = None
            self._is_reasoning = mark.opens
        elif self._is_reasoning or self._is_over:
            return
        elif mark.opens:
            self._solution_start = len(self.pieces)
        elif self._solution_start is not None or self.solution is None:
            # If the prompt opened it, a model that goes on invents another task.
            self._is_over = sign.is_line_mark and self._solution_start is None
            self._end_solution()

    def _end_piece(self, end: int) -> None:
        piece = self._text[self._piece_start : end]
        if not self._is_reasoning and piece:
            self.pieces.append(_without_end_tokens(piece))

    def _end_solution(self) -> None:
        self.solution = slice(self._solution_start, len(self.pieces))
        self._solution_start = None


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Return whether the same quotation mark is on both sides."""
    return start > 0 and text[start - 1] in "\"'`" and text.startswith(text[start - 1], end)
