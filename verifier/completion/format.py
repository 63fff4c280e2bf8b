r"""Find out how far a completion departs from the format that the rubric asks for.

In: a parsed completion, its candidate, the rubric. Out: `FormatIssue`s; `scoring/score.py` knows
what each costs.

A program should be in one complete block that is tagged with its language, and no text that would
run should be outside. `solution_marks` asks for `<answer>` or `<|begin_of_solution|>` around the
answer. `boxed` asks for `\boxed{…}` around the answer; next to a program, around anything.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Iterator

from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.extraction import complete_blocks, is_in_solution
from nova_code_verifier.verifier.completion.parsing import ParsedCompletion, Piece
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.syntax import COMPOUND, read_python
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod, FormatIssue

_OF_METHOD = {
    ExtractionMethod.PREFILLED_FENCE: FormatIssue.NO_LANGUAGE,
    ExtractionMethod.UNTAGGED_FENCE: FormatIssue.NO_LANGUAGE,
    ExtractionMethod.UNCLOSED_FENCE: FormatIssue.UNCLOSED_FENCE,
    ExtractionMethod.BARE_TEXT: FormatIssue.NO_FENCE,
}

_OUTSIDE_CHARACTERS_MAX = 20_000  # the parser runs in our own process
_UNTAGGED_MAX = 8

_BLANK_LINES = re.compile(r"\n[ \t]*+\n")
# Tested before the text is parsed: most prose does not begin with any of it.
_STATEMENT = re.compile(
    r"(?:import|from|def|class|for|while|if|with|try|async|match)\b"
    r"|@|[\w.]++\(|[\w.\[\], ]++[^\w\s]?="
)


def format_issues_of_program(
    completion: ParsedCompletion, candidate: Candidate, rubric: Rubric
) -> tuple[FormatIssue, ...]:
    """List the format issues of a completion that holds a program."""
    issues = [_OF_METHOD[candidate.method]] if candidate.method in _OF_METHOD else []
    if _is_one_of_several(candidate, completion):
        issues.append(FormatIssue.SEVERAL_BLOCKS)
    if FormatIssue.NO_FENCE not in issues and any(map(_runs, _paragraphs_outside(completion))):
        issues.append(FormatIssue.CODE_OUTSIDE)
    if rubric.solution_marks and not is_in_solution(completion):
        issues.append(FormatIssue.NO_SOLUTION_MARKS)
    # "#" takes the place of each block: a box in a program is not the answer.
    visible = "".join("#".join(_outside(piece)) for piece in completion.visible)
    if rubric.boxed and not (last_box(visible) or "").strip():
        issues.append(FormatIssue.NOT_BOXED)
    return tuple(issues)


def format_issues_of_text(
    texts: tuple[str, ...], rubric: Rubric, is_answer: Callable[[str], bool]
) -> tuple[FormatIssue, ...]:
    """List the format issues of an answer in words.

    *texts* are the solution and the visible text. *is_answer* returns whether one text alone gives
    the same answer: marks around nothing, or around something else, are worth nothing.
    """
    boxes = (rf"\boxed{{{last_box(text) or ''}}}" for text in texts)
    issues = []
    if rubric.solution_marks and not is_answer(texts[0]):
        issues.append(FormatIssue.NO_SOLUTION_MARKS)
    if rubric.boxed and not any(map(is_answer, boxes)):
        issues.append(FormatIssue.NOT_BOXED)
    return tuple(issues)


def _is_one_of_several(candidate: Candidate, completion: ParsedCompletion) -> bool:
    """Return whether several blocks are programs. An untagged block counts if it would run."""
    blocks = complete_blocks(completion)
    untagged = [block for block in blocks if block.method is ExtractionMethod.UNTAGGED_FENCE]
    counted = untagged[-_UNTAGGED_MAX:]
    running = sum(block == candidate or _is_executable(block.program) for block in counted)
    return len(blocks) - len(untagged) + running > 1


def _paragraphs_outside(completion: ParsedCompletion) -> Iterator[str]:
    """Yield the paragraphs outside of blocks, up to a bound of characters."""
    left = _OUTSIDE_CHARACTERS_MAX
    for piece in completion.visible:
        for text in _outside(piece):
            for paragraph in _BLANK_LINES.split(text[:left]):
                yield textwrap.dedent(paragraph).strip("\n")
            left -= min(left, len(text))


def _runs(paragraph: str) -> bool:
    """Return whether a paragraph is a program. For most, the first word decides."""
    return _STATEMENT.match(paragraph) is not None and _is_executable(paragraph)


def _is_executable(text: str) -> bool:
    """Return whether *text* is a program, and not a formula, a trace (`n = 3`) or a lone call."""
    tree = read_python(text) if len(text) <= _OUTSIDE_CHARACTERS_MAX else None
    statements = tree.body if tree else []
    values = [node.value for node in statements if isinstance(node, ast.Expr)]
    calls = any(isinstance(value, ast.Call) for value in values)
    return (calls and len(statements) > 1) or any(isinstance(node, COMPOUND) for node in statements)


def _outside(piece: Piece) -> Iterator[str]:
    text, end = piece.text, 0
    for block in piece.blocks:
        yield text[end : block.opening.start]
        end = text.find("\n", block.end) + 1 or len(text) if block.complete else len(text)
    yield text[end:]
