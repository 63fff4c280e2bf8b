r"""See how a response is dressed: what it misses of the form that was asked for.

In: a completion, the candidate that was found in it, what the rubric asks for. Out: misses, by
name. Must not know: what they cost.

A program should stand in one complete block that is tagged with its language, and nothing that
would run should stand outside. `solution_marks` asks for `<answer>` or `<|begin_of_solution|>`
around the answer, and `boxed` for a `\boxed{…}`: around the answer, too, or, beside a program,
around anything.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Iterator

from nova_code_verifier.verifier.completion.boxes import last_box
from nova_code_verifier.verifier.completion.extraction import complete_blocks, is_in_solution
from nova_code_verifier.verifier.completion.fences import find_blocks
from nova_code_verifier.verifier.completion.sections import Sections, find_sections
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod, FormatIssue

_OF_METHOD = {
    ExtractionMethod.UNTAGGED_FENCE: FormatIssue.NO_LANGUAGE,
    ExtractionMethod.UNCLOSED_FENCE: FormatIssue.UNCLOSED_FENCE,
    ExtractionMethod.BARE_TEXT: FormatIssue.NO_FENCE,
}
_BLOCKS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.If,
    ast.With,
    ast.Try,
)
_OUTSIDE_CHARACTERS_MAX = 20_000  # the parser runs in our own process
_UNTAGGED_MAX = 8
_COVER = "#"
_BLANK_LINES = re.compile(r"\n[ \t]*+\n")
# Looked for before the parser is asked: most prose has none of it at its start.
_STATEMENT = re.compile(
    r"(?:import|from|def|class|for|while|if|with|try|async|match)\b"
    r"|@|[\w.]++\(|[\w.\[\], ]++[^\w\s]?="
)


def format_issues_of_program(
    completion: str, candidate: Candidate, rubric: Rubric
) -> tuple[FormatIssue, ...]:
    """List what the response around a program misses."""
    sections = find_sections(completion)
    misses = [_OF_METHOD[candidate.method]] if candidate.method in _OF_METHOD else []
    if _is_one_of_several(candidate, sections):
        misses.append(FormatIssue.SEVERAL_BLOCKS)
    if FormatIssue.NO_FENCE not in misses and any(map(_runs, _paragraphs_outside(sections))):
        misses.append(FormatIssue.CODE_OUTSIDE)
    if rubric.solution_marks and not is_in_solution(sections):
        misses.append(FormatIssue.NO_SOLUTION_MARKS)
    if rubric.boxed and not (last_box(_with_blocks_covered(sections)) or "").strip():
        misses.append(FormatIssue.NOT_BOXED)
    return tuple(misses)


def format_issues_of_text(
    completion: str, rubric: Rubric, is_answer: Callable[[str], bool]
) -> tuple[FormatIssue, ...]:
    """List what a response misses that need not hold a program.

    *is_answer* tells whether a part of it, alone, says what all of it does: marks around nothing,
    or around something else, are worth nothing.
    """
    sections = find_sections(completion)
    solution, visible = sections.texts
    misses = []
    if rubric.solution_marks and not is_answer(solution):
        misses.append(FormatIssue.NO_SOLUTION_MARKS)
    if rubric.boxed and not any(is_answer(_boxed(text)) for text in (solution, visible)):
        misses.append(FormatIssue.NOT_BOXED)
    return tuple(misses)


def _boxed(text: str) -> str:
    return rf"\boxed{{{last_box(text) or ''}}}"


def _is_one_of_several(candidate: Candidate, sections: Sections) -> bool:
    """Tell whether there are more blocks like the answer; one without a tag may be no program."""
    blocks = complete_blocks(sections)
    untagged = [one for one in blocks if one.method is ExtractionMethod.UNTAGGED_FENCE]
    programs = len(blocks) - len(untagged)
    for block in untagged[-_UNTAGGED_MAX:]:
        programs += block == candidate or _is_executable(block.program)
    return programs > 1


def _with_blocks_covered(sections: Sections) -> str:
    """Return what is visible, with something in the place of what stands in blocks."""
    return "".join(_COVER.join(_outside(piece)) for piece in sections.visible)


def _paragraphs_outside(sections: Sections) -> Iterator[str]:
    """Yield what stands between blank lines and outside of blocks, up to a bound."""
    left = _OUTSIDE_CHARACTERS_MAX
    for piece in sections.visible:
        for text in _outside(piece):
            for paragraph in _BLANK_LINES.split(text[:left]):
                yield textwrap.dedent(paragraph).strip("\n")
            left -= min(left, len(text))


def _runs(paragraph: str) -> bool:
    """Tell whether a paragraph is a program. Most are not asked for longer than for one word."""
    return _STATEMENT.match(paragraph) is not None and _is_executable(paragraph)


def _is_executable(text: str) -> bool:
    """Tell a program from a formula, a trace (`n = 3`), an import or a call that is mentioned."""
    tree = read_python(text) if len(text) <= _OUTSIDE_CHARACTERS_MAX else None
    if tree is None:
        return False
    calls = any(isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) for one in tree.body)
    return (calls and len(tree.body) > 1) or any(isinstance(one, _BLOCKS) for one in tree.body)


def _outside(piece: str) -> Iterator[str]:
    end = 0
    for block in find_blocks(piece):
        yield piece[end : block.opening.start]
        end = piece.find("\n", block.end) + 1 or len(piece) if block.complete else len(piece)
    yield piece[end:]
