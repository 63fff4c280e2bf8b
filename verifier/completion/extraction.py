"""Find the answer in a completion: a program, or words.

In: a completion. Out: the candidate, or none. Must not know: the reference.

The last complete block of the task's language is the answer; what comes before it may be
a draft. Only where the last one defines nothing, and uses what a block before it defines, it
shows how that one, the answer, is used. Prose is never run, so that a polite refusal is no
program that fails.
"""

import ast
import re
from collections.abc import Iterable, Mapping

from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.fences import Block, block_text, find_blocks
from nova_code_verifier.verifier.completion.sections import Sections, find_sections
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod

_LOOKED_AT_MAX = 8
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
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
    candidate = _search(find_sections(completion), language)
    has_fence = candidate is not None and candidate.method is not ExtractionMethod.BARE_TEXT
    return candidate if has_fence or not prompt else _body(completion, prompt) or candidate


def answer_text(completion: str, *, boxed: bool = False) -> str:
    r"""Return what *completion* answers in words: what its last `\boxed{}` holds.

    Without one it is its solution, or all that is no reasoning; and nothing, if *boxed*.
    """
    sections = find_sections(completion)
    for text in sections.texts:
        box = last_box(text)
        if box or (text.strip() and not boxed):
            return (box or text).strip()
    return ""


def _body(completion: str, prompt: str) -> Candidate | None:
    """Take a completion for the body of the function that *prompt* begins, if it is one."""
    body = completion.strip("\n")
    if body[:1] not in (" ", "\t") or not is_program(f"{prompt}\n{body}"):
        return None
    return Candidate(program=body, method=ExtractionMethod.BARE_TEXT)


def complete_blocks(sections: Sections, language: str = "python") -> tuple[Candidate, ...]:
    """List the complete blocks that may be taken for the answer, in the part that holds it.

    Those that are tagged come first. Reasoning has no blocks, and an empty block is none.
    """
    for pieces in sections.parts:
        found = _find(pieces, language)
        if found or _bare(pieces, language):
            tagged = found.get(ExtractionMethod.TAGGED_FENCE, ())
            return (*tagged, *found.get(ExtractionMethod.UNTAGGED_FENCE, ()))
    return ()


def is_in_solution(sections: Sections, language: str = "python") -> bool:
    """Tell whether the candidate was found between solution marks."""
    return _candidate_in(sections.solution or (), language) is not None


def _search(sections: Sections, language: str) -> Candidate | None:
    for pieces in sections.parts:
        candidate = _candidate_in(pieces, language)
        if candidate is not None:
            return candidate
    return None


def _candidate_in(pieces: tuple[str, ...], language: str) -> Candidate | None:
    return _best(_find(pieces, language)) or _bare(pieces, language)


def _find(pieces: tuple[str, ...], language: str) -> dict[ExtractionMethod, list[Candidate]]:
    """Find the blocks in *pieces* that may be taken for the answer, in their order."""
    found: dict[ExtractionMethod, list[Candidate]] = {}
    for piece in pieces:
        for block in find_blocks(piece):
            method = _method(piece, block, language)
            if method is not None:
                candidate = Candidate(program=block_text(piece, block), method=method)
                found.setdefault(method, []).append(candidate)
    return found


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


def _best(found: Mapping[ExtractionMethod, list[Candidate]]) -> Candidate | None:
    for method in (
        ExtractionMethod.TAGGED_FENCE,
        ExtractionMethod.UNTAGGED_FENCE,
        ExtractionMethod.UNCLOSED_FENCE,
    ):
        if method in found:
            return _last_that_is_no_usage(found[method])
    return None


def _last_that_is_no_usage(candidates: list[Candidate]) -> Candidate:
    """Return the last one; or the one before, where that is only called from the last."""
    *earlier, last = candidates[-_LOOKED_AT_MAX:]
    if not earlier or len(last.program) > MAX_BARE_CHARS:
        return last
    tree = read_python(last.program)
    nodes = list(ast.walk(tree)) if tree else []
    if any(isinstance(node, _DEFINITIONS) for node in nodes):
        return last
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    bound = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for one in reversed(earlier):
        if used & _defined(one.program) - bound:
            return one
    return last


def _defined(program: str) -> set[str]:
    """Name the functions and classes that a program defines."""
    tree = read_python(program) if len(program) <= MAX_BARE_CHARS else None
    return {node.name for node in (tree.body if tree else ()) if isinstance(node, _DEFINITIONS)}


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
