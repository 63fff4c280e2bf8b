"""Find the answer in a parsed completion: a program, or words.

The last complete block of the task's language is the answer; earlier blocks may be drafts. One
exception: if the last block defines nothing and uses what an earlier block defines, it only shows
how to use that earlier block, which is the answer. Prose is never run: a polite refusal is "no
candidate", not a program that fails.
"""

import ast
import re
from collections.abc import Iterable

from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.fences import Block, block_text
from nova_code_verifier.verifier.completion.parsing import ParsedCompletion, Piece
from nova_code_verifier.verifier.program.starter_code import continued
from nova_code_verifier.verifier.syntax import COMPOUND, DEFINITIONS, read_python
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod

_LOOKED_AT_MAX = 8
MAX_BARE_CHARS = 20_000
"""Longer text without a fence is never parsed as Python: the parser runs in our own process."""

_PYTHON_TAGS = ("python", "python3", "py", "py3")
_TAG = re.compile(r"[\w+#-]+")  # also in `Python3.11`, `{.python}`, `python:main.py`

# No sentence parses as one of these. Left out: an annotation (`Answer: yes`), `pass`, and every
# expression except a call (`42`, `hello`).
_SIMPLE = (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign)
_STATEMENTS = (*_SIMPLE, *COMPOUND, ast.TryStar, ast.Match)


def extract_candidate(completion: ParsedCompletion, *, prompt: str = "") -> Candidate | None:
    """Return the program that *completion* offers as its answer, or None.

    Bare text may also be the indented body of the function that *prompt* begins.
    """
    candidate = next(filter(None, map(_candidate_in, completion.parts)), None)
    has_fence = candidate is not None and candidate.method is not ExtractionMethod.BARE_TEXT
    return candidate if has_fence or not prompt else _body(completion, prompt) or candidate


def answer_text(texts: Iterable[str], *, boxed: bool = False) -> str:
    r"""Return the answer in words: the content of the last `\boxed{}` of the first of *texts*.

    Without a box, return the first text that is not blank; if *boxed*, return "".
    """
    for text in texts:
        box = last_box(text)
        if box or (text.strip() and not boxed):
            return (box or text).strip()
    return ""


def _body(completion: ParsedCompletion, prompt: str) -> Candidate | None:
    """Return the completion as the body of the function that *prompt* begins, if it is one."""
    body = completion.source.strip("\n")
    text = continued(prompt, body) if len(body) <= MAX_BARE_CHARS else None
    if text is None or not _is_program(text):
        return None
    return Candidate(program=body, method=ExtractionMethod.BARE_TEXT)


def complete_blocks(completion: ParsedCompletion) -> tuple[Candidate, ...]:
    """List the complete blocks that could be the answer, in the part that holds it, in order.

    Empty blocks do not count.
    """
    for pieces in completion.parts:
        found = _find(pieces)
        if found or _bare(pieces):
            unclosed = ExtractionMethod.UNCLOSED_FENCE
            return tuple(block for block in found if block.method is not unclosed)
    return ()


def is_in_solution(completion: ParsedCompletion) -> bool:
    """Return whether the candidate is between solution marks."""
    return _candidate_in(completion.solution or ()) is not None


def _candidate_in(pieces: tuple[Piece, ...]) -> Candidate | None:
    found = _find(pieces)
    for method in ExtractionMethod:  # in this order: a tagged block first, an unclosed one last
        if candidates := [block for block in found if block.method is method]:
            return _last_that_is_not_usage(candidates)
    return _bare(pieces)


def _find(pieces: tuple[Piece, ...]) -> list[Candidate]:
    """Return the blocks that could be the answer, in order."""
    return [
        Candidate(program=block_text(piece.text, block), method=method)
        for piece in pieces
        for block in piece.blocks
        if (method := _method(piece.text, block)) is not None
    ]


def _method(text: str, block: Block) -> ExtractionMethod | None:
    """Return how *block* could be the answer, or None if it cannot."""
    tag = _TAG.search(block.opening.info)
    if tag is not None and tag[0].casefold() not in _PYTHON_TAGS:
        return None
    if not text[block.start : block.end].strip():
        return None
    if not block.complete:
        return ExtractionMethod.UNCLOSED_FENCE
    return ExtractionMethod.UNTAGGED_FENCE if tag is None else ExtractionMethod.TAGGED_FENCE


def _last_that_is_not_usage(candidates: list[Candidate]) -> Candidate:
    """Return the last candidate, or an earlier one if the last only uses it."""
    *earlier, last = candidates[-_LOOKED_AT_MAX:]
    if not earlier or len(last.program) > MAX_BARE_CHARS:
        return last
    tree = read_python(last.program)
    nodes = list(ast.walk(tree)) if tree else []
    if any(isinstance(node, DEFINITIONS) for node in nodes):
        return last
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    used = {name.id for name in names} - bound
    defining = (candidate for candidate in reversed(earlier) if used & _defined(candidate.program))
    return next(defining, last)


def _defined(program: str) -> set[str]:
    """Return the names of the functions and classes that a program defines."""
    tree = read_python(program) if len(program) <= MAX_BARE_CHARS else None
    return {node.name for node in (tree.body if tree else ()) if isinstance(node, DEFINITIONS)}


def _bare(pieces: Iterable[Piece]) -> Candidate | None:
    """Return the last of *pieces* that is not blank, if it is a program."""
    written = [piece.text for piece in pieces if piece.text.strip()]
    # In `<answer> print(1)</answer>` the space belongs to the mark.
    program = written[-1].lstrip(" \t") if written else ""
    if not _is_program(program):
        return None
    return Candidate(program=program, method=ExtractionMethod.BARE_TEXT)


def _is_program(text: str) -> bool:
    """Return whether *text* is a program and not prose: it parses, and it does something."""
    tree = read_python(text) if len(text) <= MAX_BARE_CHARS else None
    return any(
        isinstance(statement, _STATEMENTS)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        for statement in (tree.body if tree else ())
    )
