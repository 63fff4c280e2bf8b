"""Complete a program with what it uses from the blocks before it.

In: a program, and the programs before it in the same completion. Out: the text of one program.
The imports, definitions and assignments that it lacks are taken from the nearest block that has
them, with the loops that fill a table. Where no function is asked for, the blocks may be the steps
of one program: then all of a block is taken, if the values are computed by more than that.
"""

import ast
from collections.abc import Sequence

from nova_code_verifier.verifier.completion.programs import Program
from nova_code_verifier.verifier.syntax import DEFINITIONS, free_names

_SIMPLE = (
    *DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign
)  # fmt: skip


def join(programs: Sequence[Program], index: int, names: frozenset[str]) -> str:
    """Return the program at *index* after the parts of the other *programs* that it needs.

    It needs what it uses and does not bind, and those of *names* that it does not define. What no
    block before it has may be in one after it.
    """
    program = programs[index]
    wanted = {name for name in names if name.isidentifier()} if len(names) > 1 else set[str]()
    missing = (program.free | wanted) - program.bindings.keys()
    if program.tree is None or not missing:
        return program.text
    parts: list[str] = []
    for other in (*reversed(programs[:index]), *reversed(programs[index + 1 :])):
        if missing & other.bindings.keys():
            part, lacks = _needed(other, missing, is_step=not names)
            parts.insert(0, part)
            missing = (missing - other.bindings.keys()) | lacks
    if missing:  # perhaps one of these has it
        stars = (other for other in programs[:index] if "*" in other.bindings)
        parts = [*(_source(other, other.bindings["*"]) for other in stars), *parts]
    return _after_future_imports(program, "\n\n".join(parts)) if parts else program.text


def _needed(
    program: Program, names: frozenset[str] | set[str], *, is_step: bool
) -> tuple[str, frozenset[str]]:
    """Return the part of *program* that binds *names*, and the names that this part lacks."""
    taken: list[ast.stmt] = []
    pending, done = names & program.bindings.keys(), set[str]()
    while pending:
        done |= pending
        added = [node for name in pending for node in program.bindings[name]]
        added += [node for name in pending for node in program.fillers.get(name, ())]
        pending = (free_names(_source(program, added)) & program.bindings.keys()) - done
        taken += added
    if is_step and any(_touches(node, done) for node in program.body):
        return program.text, program.free
    source = _source(program, taken)
    return source, free_names(source) & program.free


def _touches(node: ast.stmt, names: set[str]) -> bool:
    """Return whether a statement that is no simple binding may change the value of *names*."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return False
    return not isinstance(node, _SIMPLE) and any(
        isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node)
    )


def _source(program: Program, statements: Sequence[ast.stmt]) -> str:
    """Return the lines of *statements*, in their order in *program*."""
    lines = program.source_lines
    numbers: set[int] = set()
    for node in statements:
        decorators = node.decorator_list if isinstance(node, DEFINITIONS) else []
        start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        numbers.update(range(start, (node.end_lineno or start) + 1))
    return "\n".join(lines[number - 1] for number in sorted(numbers))


def _after_future_imports(program: Program, prelude: str) -> str:
    """Return *program* with *prelude* before it, but after what Python requires to be first."""
    future = [
        node.end_lineno or 0
        for node in program.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    lines = program.source_lines
    first = max(future, default=0)
    return "\n".join([*lines[:first], prelude, "", *lines[first:]])
