"""Find the program in a completion.

In: a completion. Out: the candidate, or none. Must not know: the reference.

The last complete block of the task's language is the answer; what comes before it may be
a draft. Prose is never run, so that a polite refusal is no program that fails.
"""

import ast
import re
from collections.abc import Iterable

from verifier.boxes import last_box
from verifier.fences import Block, block_text, find_blocks
from verifier.sections import Sections, find_sections
from verifier.syntax import read_python
from verifier.types import Candidate, ExtractionMethod

MAX_BARE_CHARS = 20_000
"""Longer text without a fence is not looked at: the parser runs in our own process."""

_ALIASES = {"python": frozenset({"python", "python3", "py", "py3"})}
_TAG = re.compile(r"[\w+#-]+")  # also in `Python3.11`, `{.python}`, `python:main.py`

# No sentence looks so. Left out: an annotation (`Answer: yes`), `pass`, and every
# expression but a call (`42`, `hello`).
_STATEMENTS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AugAssign,
    ast.For,
    ast.While,
    ast.If,
    ast.With,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


def extract_candidate(
    completion: str, language: str = "python", *, prompt: str = ""
) -> Candidate | None:
    """Return the program that *completion* offers as its answer, if there is one.

    Bare text may also be what a *prompt* leaves open: the body of a function, indented.
    """
    candidate, _ = _search(find_sections(completion), language)
    has_fence = candidate is not None and candidate.method is not ExtractionMethod.BARE_TEXT
    return candidate if has_fence or not prompt else _body(completion, prompt) or candidate


def answer_text(completion: str, *, boxed: bool = False) -> str:
    r"""Return what *completion* answers in words: what its last `\boxed{}` holds.

    Without one it is its solution, or all that is no reasoning; and nothing, if *boxed*.
    """
    sections = find_sections(completion)
    for text in ("".join(sections.solution or ()), "".join(sections.visible)):
        box = last_box(text)
        if box is not None or (text.strip() and not boxed):
            return (text if box is None else box).strip()
    return ""


def _body(completion: str, prompt: str) -> Candidate | None:
    """Take a completion for the body of the function that *prompt* begins, if it is one."""
    body = completion.strip("\n")
    if body[:1] not in (" ", "\t") or not is_program(f"{prompt}\n{body}"):
        return None
    return Candidate(program=body, method=ExtractionMethod.BARE_TEXT)


def complete_blocks(sections: Sections, language: str = "python") -> int:
    """Count the complete blocks of *language* in the part that holds the answer.

    Reasoning has no blocks, and an empty block is none.
    """
    _, blocks = _search(sections, language)
    return blocks


def _search(sections: Sections, language: str) -> tuple[Candidate | None, int]:
    if sections.solution is not None:
        candidate, blocks = _search_pieces(sections.solution, language)
        if candidate is not None:
            return candidate, blocks
    return _search_pieces(sections.visible, language)


def _search_pieces(pieces: tuple[str, ...], language: str) -> tuple[Candidate | None, int]:
    """Return the candidate in *pieces*, and the number of complete blocks of *language*."""
    last: dict[ExtractionMethod, tuple[str, Block]] = {}
    tagged = 0
    for piece in pieces:
        for block in find_blocks(piece):
            method = _method(piece, block, language)
            if method is not None:
                last[method] = (piece, block)
            tagged += method is ExtractionMethod.TAGGED_FENCE
    return _best(last) or _bare(pieces, language), tagged


def _method(piece: str, block: Block, language: str) -> ExtractionMethod | None:
    """Say as what *block* may be taken for the answer, if at all."""
    tag = _TAG.search(block.opening.info)
    if tag is not None and tag[0].casefold() not in _aliases(language):
        return None
    if not piece[block.start : block.end].strip():
        return None
    if not block.complete:
        return ExtractionMethod.UNCLOSED_FENCE
    return ExtractionMethod.UNTAGGED_FENCE if tag is None else ExtractionMethod.TAGGED_FENCE


def _aliases(language: str) -> frozenset[str]:
    return _ALIASES.get(language, frozenset({language}))


def _best(blocks: dict[ExtractionMethod, tuple[str, Block]]) -> Candidate | None:
    for method in (
        ExtractionMethod.TAGGED_FENCE,
        ExtractionMethod.UNTAGGED_FENCE,
        ExtractionMethod.UNCLOSED_FENCE,
    ):
        if method in blocks:
            return Candidate(program=block_text(*blocks[method]), method=method)
    return None


def _bare(pieces: Iterable[str], language: str) -> Candidate | None:
    """Take the last of *pieces* for a program, if it is one."""
    written = [piece for piece in pieces if piece.strip()]
    if language != "python" or not written:
        return None
    # In `<answer> print(1)</answer>` the blank belongs to the mark.
    program = written[-1].lstrip(" \t")
    if not is_program(program):
        return None
    return Candidate(program=program, method=ExtractionMethod.BARE_TEXT)


def is_program(text: str) -> bool:
    """Tell a program from prose: it parses, and it does something."""
    if len(text) > MAX_BARE_CHARS:
        return False
    tree = read_python(text)
    return tree is not None and any(_does_something(statement) for statement in tree.body)


def _does_something(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, _STATEMENTS)
