"""Read facts from the text of a program: what it defines, what it uses, whether it is one at all.

In: any text. Out: a `Program`. Nothing is run, and a long text is not parsed: the parser runs in
our own process.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from functools import cached_property

from nova_code_verifier.verifier.syntax import COMPOUND, DEFINITIONS, free_names, read_python

MAX_PARSED_CHARS = 20_000
"""Longer text is never parsed as Python."""

# No sentence parses as one of these. Left out: an annotation (`Answer: yes`), `pass`, and every
# expression except a call (`42`, `hello`).
_SIMPLE = (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign)
_STATEMENTS = (*_SIMPLE, *COMPOUND, ast.TryStar, ast.Match)
_PASSIVE = (*_SIMPLE, *DEFINITIONS, ast.AnnAssign, ast.Pass)
_GIVEN = frozenset(vars(builtins)) | {"__name__", "__file__", "__doc__", "__builtins__"}

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_PLACEHOLDERS = frozenset({"", "...", "pass"})
_READS_INPUT = re.compile(r"\b(?:input|stdin|fileinput)\b|\b(?:open|os\.read)\(\s*0")
_WRITES_OUTPUT = re.compile(r"\b(?:print|stdout|os\.write)\b")
_LOOKS_LIKE_CODE = re.compile(
    r"^[ \t]*+(?:(?:import|from|def|class|for|while|if|elif|else|with|try|return|print)\b"
    r"|@\w|[\w.\[\], ]++(?:[^\w\s=]=|=)(?!=))",
    re.MULTILINE,
)
_DEFINITION = re.compile(
    r"^[ \t]*+(?:async[ \t]++)?(?:def|class)[ \t]++(\w++)|^(\w++)[ \t]*+=(?!=)", re.MULTILINE
)
_DIALOGUE = re.compile(r"\s*+(?:>>>|In ?\[\d*\]:)")


class Program:
    """The facts of a text, each found when it is first asked for."""

    def __init__(self, text: str) -> None:
        """Keep *text*, which is not read yet."""
        self.text = text

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its syntax tree; None if it is not Python, or longer than `MAX_PARSED_CHARS`."""
        return read_python(self.text) if len(self.text) <= MAX_PARSED_CHARS else None

    @cached_property
    def bindings(self) -> dict[str, list[ast.stmt]]:
        """The names that its top level binds, each with the statements that do so."""
        bindings: dict[str, list[ast.stmt]] = {}
        for statement in self.body:
            for name in bound_by(statement):
                bindings.setdefault(name, []).append(statement)
        return bindings

    @cached_property
    def fillers(self) -> dict[str, list[ast.stmt]]:
        """The statements that only fill the containers which its top level assigns."""
        fillers: dict[str, list[ast.stmt]] = {}
        for statement in self.body:
            for name in _filled_by(statement) & (self.bindings.keys() - self.defined):
                fillers.setdefault(name, []).append(statement)
        return fillers

    @cached_property
    def free(self) -> frozenset[str]:
        """The names that it uses and never binds."""
        return free_names(self.text) - _GIVEN if self.tree else frozenset()

    @cached_property
    def source_lines(self) -> list[str]:
        """Its lines as Python counts them, without their ends."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines without comments and the blanks around them, if anything is left."""
        lines = (_COMMENT.sub("", line).strip() for line in self.source_lines)
        return tuple(line for line in lines if line not in _PLACEHOLDERS)

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of its top level."""
        return self.tree.body if self.tree else []

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of the functions and classes of its top level."""
        return frozenset(node.name for node in self.body if isinstance(node, DEFINITIONS))

    @property
    def does_something(self) -> bool:
        """Whether it is a program, and not a value or an output."""
        return self.tree is not None and does_something(self.tree)

    @property
    def acts(self) -> bool:
        """Whether its top level does more than to import, to define and to assign."""
        return any(not isinstance(node, _PASSIVE) and not _is_text(node) for node in self.body)

    @cached_property
    def reads_input(self) -> bool:
        """Whether it mentions the standard input."""
        return _READS_INPUT.search(self.text) is not None

    @cached_property
    def read_from_input(self) -> frozenset[str]:
        """The names that its top level assigns from the standard input."""
        lines = self.source_lines
        return frozenset(
            name
            for name, statements in self.bindings.items()
            for node in statements
            if isinstance(node, ast.Assign) and _READS_INPUT.search(lines[node.lineno - 1])
        )

    @cached_property
    def writes_output(self) -> bool:
        """Whether it mentions the standard output."""
        return _WRITES_OUTPUT.search(self.text) is not None

    @cached_property
    def seems_to_define(self) -> frozenset[str]:
        """The names of its lines like definitions, also if it is not Python or too long to read.

        There are none in a session, or in a single line.
        """
        if self.is_dialogue or len(self.lines) <= 1:
            return frozenset()
        return frozenset(found[1] or found[2] for found in _DEFINITION.finditer(self.text))

    @property
    def looks_like_code(self) -> bool:
        """Whether a line begins like a statement, also if the text does not parse."""
        return _LOOKS_LIKE_CODE.search(self.text) is not None

    @property
    def is_dialogue(self) -> bool:
        """Whether it shows a session with an interpreter."""
        return _DIALOGUE.match(self.text) is not None


def is_program(text: str) -> bool:
    """Return whether *text* parses and does something."""
    tree = read_python(text) if len(text) <= MAX_PARSED_CHARS else None
    return tree is not None and does_something(tree)


def does_something(tree: ast.Module) -> bool:
    """Return whether *tree* is a program, and not prose or a value that happens to parse."""
    return any(
        isinstance(statement, _STATEMENTS)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        for statement in tree.body
    )


def taken_from_elsewhere(program: Program) -> set[str]:
    """Return the names that *program* takes from modules outside of the standard library."""
    names, modules = set[str](), set[str]()
    for node in program.body:
        match node:
            case ast.ImportFrom(module=module, names=aliases) if not _is_standard(module or ""):
                names |= {alias.name for alias in aliases}
            case ast.Import(names=aliases):
                modules |= {alias.asname or alias.name for alias in aliases}
    for inner in ast.walk(program.tree) if modules and program.tree else ():
        match inner:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                names |= set() if _is_standard(module) else {name}
    return names


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def bound_by(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that an import, a definition or an assignment binds.

    So does an `if` or a `try` that does nothing else, such as one around imports.
    """
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.Assign(targets=targets):
            yield from (name for target in targets for name in _stored(target))
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from _stored(target)
        case ast.If(body=body, orelse=orelse) if not _asks_for_main(statement):
            yield from _bound_by_branches([*body, *orelse])
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=[]):
            handled = [node for handler in handlers for node in handler.body]
            yield from _bound_by_branches([*body, *handled, *orelse])


def _bound_by_branches(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield what *statements* bind, if they do nothing else."""
    if all(isinstance(node, _PASSIVE) for node in statements):
        for node in statements:
            yield from bound_by(node)


def _asks_for_main(statement: ast.If) -> bool:
    nodes = ast.walk(statement.test)
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in nodes)


def _filled_by(statement: ast.stmt) -> set[str]:
    """Return the names of the containers that a statement changes, if it neither reads nor writes.

    It does so in a loop, or by a method: `table.append(1)`.
    """
    is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    if not (is_call or isinstance(statement, ast.For | ast.While)):
        return set()
    filled = set[str]()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id="print" | "input" | "open" | "sys"):
                return set()
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                filled.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                filled.add(name)
    return filled


def _stored(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
