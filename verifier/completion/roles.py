"""Tell a program from what stands beside it: quotations, tests, examples, sessions, outputs.

In: the program in a block, and those in the blocks before it. Nothing here is certain. Where a
block could also be a revised program, it is one: an earlier draft must not take its place.
"""

import ast
import re
from collections.abc import Sequence

from nova_code_verifier.verifier.completion.programs import (
    MAX_PARSED_CHARS,
    Program,
    bound_by,
    taken_from_elsewhere,
)
from nova_code_verifier.verifier.program.starter_code import returns_outside
from nova_code_verifier.verifier.syntax import DEFINITIONS

# The distance is bounded, so that a line of a thousand `patch` takes linear time.
_FAKED_INPUT = re.compile(
    r"\bstdin[ \t]*+=.{0,200}\bStringIO\b"
    r"|\b(?:patch|monkeypatch)\b.{0,200}\b(?:input|stdin)\b"
    r"|\bsubprocess\.\w"
)
_COMMENT_LINE = re.compile(r"^([ \t]++)#.*", re.MULTILINE)
_GAP = re.compile(r"^[ \t]*+(?:#[ \t]*+)?(?:\.\.\.|…)", re.MULTILINE)


def is_beside(program: Program, earlier: Sequence[Program]) -> bool:
    """Return whether *program* is no answer, next to the *earlier* ones."""
    if program.is_dialogue:
        return True
    if program.tree is None:
        is_readable = len(program.text) <= MAX_PARSED_CHARS
        is_output = not program.looks_like_code and any(e.does_something for e in earlier)
        return is_readable and (is_output or is_part(program, earlier))
    return (
        not program.does_something
        or any(_quotes(program, whole) for whole in earlier)
        or _is_test(program, earlier)
        or _makes_up_input(program, earlier)
        or _is_fragment(program, earlier)
        or _is_helper(program, earlier)
    )


def example_of(program: Program, earlier: Sequence[Program]) -> int | None:
    """Return the index of the program that *program* shows how to use, if it does nothing else.

    A program that reads the input, or calls what reads it, is the main part of one program.
    """
    if program.defined or program.reads_input:
        return None
    for index in range(len(earlier) - 1, -1, -1):
        shown = earlier[index]
        if program.free & shown.defined:
            is_main = shown.reads_input and not shown.acts
            return None if is_main else index
    return None


def is_part(program: Program, earlier: Sequence[Program], name: str = "") -> bool:
    """Return whether *program* quotes a part of an earlier program, or outlines it.

    If it defines *name*, it does so only if that definition is cut off. A program with the whole
    definition may be a revision, in which other lines were left out.
    """
    if program.tree is None:
        outline = _outline(program)
        return any(set(program.lines) <= set(whole.lines) for whole in earlier if whole.tree) or (
            outline.tree is not None and is_part(outline, earlier, name)
        )
    definition = _definition(program, name)
    for whole in earlier:
        complete = _definition(whole, name)
        if definition is None or complete is None:
            continue
        if _is_stub(definition) and not _is_stub(complete):
            return not returns_outside(program.tree)  # its body only lacks the indentation
        has_gap = _GAP.search(program.text) and set(program.lines) <= set(whole.lines)
        if has_gap or _is_within(program.lines, whole.lines):
            is_cut = has_gap or _last_line(program, definition) != _last_line(whole, complete)
            return bool(is_cut) and ast.dump(definition) != ast.dump(complete)
    return False


def imports(program: Program, name: str) -> bool:
    """Return whether *program* binds *name* by imports alone."""
    statements = program.bindings.get(name, ())
    return bool(statements) and all(
        isinstance(inner, ast.Import | ast.ImportFrom)
        for node in statements
        for inner in ast.walk(node)
        if isinstance(inner, ast.stmt) and not isinstance(inner, ast.If | ast.Try)
        if name in bound_by(inner)
    )


def only_uses(program: Program, name: str, earlier: Sequence[Program]) -> bool:
    """Return whether *program* binds *name* by what an earlier program defines under this name.

    `from solution import add` does, and `add = add(1, 2)`.
    """
    statements = program.bindings.get(name, ())
    is_use = imports(program, name) or all(_loads(node, name) for node in statements)
    return bool(statements) and is_use and any(name in other.defined for other in earlier)


def _loads(node: ast.stmt, name: str) -> bool:
    """Return whether an assignment uses *name*."""
    return not isinstance(node, DEFINITIONS) and any(
        isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Load)
        for inner in ast.walk(node)
    )


def methods_of(program: Program, class_name: str) -> set[str]:
    """Return the names that the body of a class of the top level defines."""
    classes = [
        node for node in program.bindings.get(class_name, ()) if isinstance(node, ast.ClassDef)
    ]
    return {inner.name for node in classes for inner in node.body if isinstance(inner, DEFINITIONS)}


def _quotes(program: Program, whole: Program) -> bool:
    """Return whether *program* repeats lines of *whole*, and could not take its place."""
    if whole.tree is None or not set(program.lines) < set(whole.lines):
        return False
    could_replace = (
        not program.free
        and program.reads_input >= whole.reads_input
        and program.writes_output >= whole.writes_output
        and program.acts >= whole.acts
        and (program.acts or program.defined >= whole.defined)
    )
    return not could_replace


def _is_test(program: Program, earlier: Sequence[Program]) -> bool:
    """Return whether *program* imports an earlier one, or defines nothing but tests of it."""
    known = set[str]().union(*(other.defined for other in earlier))
    if known & taken_from_elsewhere(program):
        return not program.reads_input
    if _FAKED_INPUT.search(program.text) and any(other.does_something for other in earlier):
        return True
    tests = [_is_test_definition(node) for node in program.body if isinstance(node, DEFINITIONS)]
    return bool(tests) and all(tests) and not program.free.isdisjoint(known)


def _makes_up_input(program: Program, earlier: Sequence[Program]) -> bool:
    """Return whether *program* fixes or generates what an earlier program reads from its input."""
    if program.reads_input:
        return False
    reading = [other for other in earlier if other.reads_input and other.writes_output]
    read = set[str]().union(*(other.read_from_input for other in reading))
    return bool(reading) and not (read | {"random"}).isdisjoint(program.bindings)


def _is_test_definition(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name.startswith("test")
        case ast.ClassDef(name=name, bases=bases):
            return name.startswith("Test") or any("TestCase" in ast.unparse(base) for base in bases)
    return False


def _is_fragment(program: Program, earlier: Sequence[Program]) -> bool:
    """Return whether *program* cannot run alone, or does nothing, after one that can and does."""
    if program.reads_input or (program.acts and program.writes_output and not program.free):
        return False
    whole = [other for other in earlier if other.does_something and not other.free]
    known = set[str]().union(*(other.bindings for other in earlier))
    is_expression = all(isinstance(node, ast.Expr) for node in program.body)
    return (is_expression and bool(whole) and not program.free <= known) or any(
        other.reads_input and other.writes_output and other.acts for other in whole
    )


def _is_helper(program: Program, earlier: Sequence[Program]) -> bool:
    """Return whether *program* only defines what an earlier one lacks."""
    return not program.acts and any(
        other.free & program.defined and not other.defined & program.defined for other in earlier
    )


def _definition(program: Program, name: str) -> ast.stmt | None:
    """Return the last definition of *name*, at the top level or in a class."""
    for node in reversed(program.body):
        inner = node.body if isinstance(node, ast.ClassDef) else []
        for defined in (node, *reversed(inner)):
            if isinstance(defined, DEFINITIONS) and defined.name == name:
                return defined
    return None


def _is_stub(node: ast.stmt) -> bool:
    """Return whether a definition has no body but a docstring, `...`, `pass` or `raise`."""
    body = node.body if isinstance(node, DEFINITIONS) else []
    return all(
        isinstance(inner, ast.Pass | ast.Raise)
        or (isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant))
        for inner in body
    )


def _outline(program: Program) -> Program:
    """Return *program* with `...` for comments: in an outline, a body may be nothing else."""
    return Program(_COMMENT_LINE.sub(r"\1...", program.text))


def _is_within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Return whether *part* is a run of the lines of *whole*."""
    return "\n{}\n".format("\n".join(part)) in "\n{}\n".format("\n".join(whole))


def _last_line(program: Program, node: ast.stmt) -> str:
    return program.source_lines[(node.end_lineno or 1) - 1].partition("#")[0].strip()
