"""Complete a program that leaves out the head of its class or function.

In: a candidate's program, the starter code of its row, the entry point of its tests. Out: the
program with that head; most programs are returned unchanged. Three things are completed:

- methods without their class (`def f(self, x): …`): the class is added at the end;
- methods with the indentation of their class, but without it: its head is added before them;
- the body alone, as a base model continues a prompt: the starter code is added before it.

The text of a candidate's lines stays as it is, except that a body without indentation is indented.
Where a head stands before them, their numbers grow by its lines.
"""

import ast
import re
import textwrap

from nova_code_verifier.verifier.syntax import DEFINITIONS, Nodes, read_python

MAX_CHARS = 20_000
"""A longer program is never completed: the parser runs in our own process."""

_CLASS = re.compile(r"^class[ \t]++Solution\b", re.MULTILINE)
_FUNCTION = re.compile(r"^([ \t]*+)(?:async[ \t]++)?def[ \t]++(\w++)", re.MULTILINE)
_DEFINITION = re.compile(r"^(?:async|class|def|from|import)\b", re.MULTILINE)
_RETURN = re.compile(r"^[ \t]*+return\b", re.MULTILINE)
_METHOD = "Solution()."
_HEAD = "class Solution:\n"
_BLANKS = (" ", "\t")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def complete(program: str, starter_code: str, entry_point: str) -> str:
    """Return *program*, with the head that the *starter_code* or the *entry_point* asks for."""
    is_method = entry_point.startswith(_METHOD) or _CLASS.search(starter_code) is not None
    is_whole = len(program) > MAX_CHARS or _CLASS.search(program) is not None
    if is_whole or not (is_method or starter_code.strip()):
        return program
    if (text := continued(starter_code, program)) is not None:
        return text
    tree = read_python(program)
    if tree is None:
        text = _HEAD + program.strip("\n")
        return text if is_method and read_python(text) else program
    name = entry_point.rpartition(".")[2] or _last_function(starter_code)[1]
    has_method = is_method and any(_is_method(node, name) for node in tree.body)
    return program + _class_of(tree) if has_method else program


def continued(prompt: str, body: str) -> str | None:
    """Return *prompt* with the *body* of the function that it begins, or None if it is none.

    The first line of a body may lack its indentation, if the prompt ends with that; so may all.
    """
    body = body.strip("\n")
    if not prompt.strip() or len(body) > MAX_CHARS:
        return None
    if body[:1] in _BLANKS:
        return _python(f"{prompt.rstrip()}\n{body}")
    # Without a `return` it may be prose, or a program that defines no function.
    return _continued_at_margin(prompt, body) if _RETURN.search(body) else None


def _continued_at_margin(prompt: str, body: str) -> str | None:
    if not prompt.endswith(_BLANKS) and _DEFINITION.search(body):
        return None  # most programs: do not parse them here
    tree = read_python(body)
    if tree is None:
        return _python(prompt + body) if prompt.endswith(_BLANKS) else None
    if not returns_outside(tree) or _has_long_string(tree):
        return None
    indent = _last_function(prompt)[0] + "    "
    return _python(f"{prompt.rstrip()}\n{textwrap.indent(body, indent)}\n")


def _python(text: str) -> str | None:
    return text if read_python(text) else None


def returns_outside(tree: ast.Module) -> bool:
    """Return whether a `return` stands outside of all functions, where Python forbids it."""
    statements: list[ast.AST] = list(tree.body)
    for node in statements:  # grows
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, (*DEFINITIONS, ast.expr)):
            statements.extend(ast.iter_child_nodes(node))
    return False


def _has_long_string(tree: ast.Module) -> bool:
    """Return whether a string has several lines, which an indentation would change."""
    nodes = Nodes(tree)
    strings = (*nodes.of(ast.Constant), *nodes.of(ast.JoinedStr))
    return any(node.end_lineno != node.lineno for node in strings)


def _class_of(tree: ast.Module) -> str:
    """Write the class whose body *tree* is. A class statement would mangle `__names`."""
    names = dict.fromkeys(name for node in tree.body for name in _bound_by(node))
    members = ", ".join(f'"{name}": {name}' for name in names)
    return f'\n\nSolution = type("Solution", (), {{{members}}})\n'


def _bound_by(node: ast.stmt) -> list[str]:
    if isinstance(node, DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_method(node: ast.stmt, name: str) -> bool:
    if not isinstance(node, _Function) or node.name != name:
        return False
    parameters = [*node.args.posonlyargs, *node.args.args]
    return bool(parameters) and parameters[0].arg == "self"


def _last_function(code: str) -> tuple[str, str]:
    """Return indentation and name of the last function in *code*; two empty texts without one."""
    *_, (indent, name) = [("", ""), *(found.groups() for found in _FUNCTION.finditer(code))]
    return indent, name
