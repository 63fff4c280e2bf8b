"""Find the answer in a parsed completion: a program, or words.

A program is in a block; `choice.py` says in which. Without a block, all of the text may be one.
Prose is never run: a polite refusal is "no candidate", not a program that fails.
"""

import re
from collections.abc import Callable, Iterable

from nova_code_verifier.verifier.completion.blocks import Block, block_text
from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.choice import choose
from nova_code_verifier.verifier.completion.parsing import ParsedCompletion, Piece
from nova_code_verifier.verifier.completion.programs import is_program
from nova_code_verifier.verifier.program.starter_code import continued
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod

_TAG_CHARS_MAX = 20
_FIRST_FENCE = re.compile(r"^[ \t]*+(?:```|~~~)", re.MULTILINE)


def extract_candidate(
    completion: ParsedCompletion,
    *,
    prompt: str = "",
    names: Callable[[], frozenset[str]] = frozenset,
) -> Candidate | None:
    """Return the program that *completion* offers as its answer, or None.

    Bare text may also be the indented body of the function that *prompt* begins. *names* returns
    the entry points that are asked for; it is called only if there are several blocks.
    """
    found = (_candidate_in(pieces, prompt, names) for pieces in completion.parts)
    candidate = next(filter(None, found), None)
    has_fence = candidate is not None and candidate.method is not ExtractionMethod.BARE_TEXT
    return candidate if has_fence or not prompt else _body(completion, prompt) or candidate


def other_language(completion: ParsedCompletion) -> str:
    """Return the tag of the last block of another language, "" if there is none.

    It is the candidate's text: shortened, and free of control characters.
    """
    tags = [
        block.tag
        for piece in completion.visible
        for block in piece.blocks
        if not block.may_be_python and piece.text[block.start : block.end].strip()
    ]
    return tags[-1].encode("ascii", "replace").decode()[:_TAG_CHARS_MAX] if tags else ""


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
    """Return the completion as the body of the function that *prompt* begins, if it is one.

    If the prompt opened a fence, the body ends at the closing one.
    """
    text = completion.source.strip("\n")
    closing = _FIRST_FENCE.search(text)
    for body in (text, text[: closing.start()] if closing else ""):
        whole = continued(prompt, body)
        if whole is not None and is_program(whole):
            return Candidate(program=body, method=ExtractionMethod.BARE_TEXT)
    return None


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
    return _candidate_in(completion.solution or (), "", frozenset) is not None


def _candidate_in(
    pieces: tuple[Piece, ...], prompt: str, names: Callable[[], frozenset[str]]
) -> Candidate | None:
    found = _find(pieces)
    return choose(found, names, completes_prompt=bool(prompt)) if found else _bare(pieces)


def _find(pieces: tuple[Piece, ...]) -> list[Candidate]:
    """Return the blocks that could be the answer, in order."""
    return [
        Candidate(program=program, method=_method(block))
        for piece in pieces
        for block in piece.blocks
        if block.may_be_python and (program := block_text(piece.text, block)).strip()
    ]


def _method(block: Block) -> ExtractionMethod:
    """Return how *block* was found."""
    if block.is_prefilled:
        return ExtractionMethod.PREFILLED_FENCE
    if not block.complete:
        return ExtractionMethod.UNCLOSED_FENCE
    return ExtractionMethod.TAGGED_FENCE if block.tag else ExtractionMethod.UNTAGGED_FENCE


def _bare(pieces: Iterable[Piece]) -> Candidate | None:
    """Return the last of *pieces* that is not blank, if it is a program."""
    written = [piece.text for piece in pieces if piece.text.strip()]
    # In `<answer> print(1)</answer>` the space belongs to the mark.
    program = written[-1].lstrip(" \t") if written else ""
    if not is_program(program):
        return None
    return Candidate(program=program, method=ExtractionMethod.BARE_TEXT)
