"""Parse Python source without running it.

In: any text, also a hostile one. Out: its syntax tree, or its scopes. Warnings about odd escapes
are not shown.
"""

import ast
import symtable
import threading
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import TypeVar

# `catch_warnings` replaces the filters of the whole process and restores them later. Without the
# lock, a thread could restore the filters of another thread.
_WARNING_FILTERS = threading.Lock()

_Node = TypeVar("_Node", bound=ast.AST)

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPOUND = (*DEFINITIONS, ast.For, ast.While, ast.If, ast.With, ast.Try)


def parse(text: str) -> ast.Module:
    """Return the syntax tree of *text*.

    Raise what `ast.parse` raises: SyntaxError, ValueError, RecursionError or MemoryError.
    """
    with _WARNING_FILTERS, warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def read_python(text: str) -> ast.Module | None:
    """Return the syntax tree of *text*, or None if it is not Python."""
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # The last two mean that it is nested too deeply for the parser.


def read_scopes(text: str) -> symtable.SymbolTable | None:
    """Return the scope of the module *text*, or None if it cannot be compiled."""
    try:
        with _WARNING_FILTERS, warnings.catch_warnings(action="ignore"):
            return symtable.symtable(text, "", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def scopes_in(module: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the scope of a module and all scopes in it."""
    scopes = [module]
    while scopes:
        scope = scopes.pop()
        yield scope
        scopes += scope.get_children()


def free_names(text: str) -> frozenset[str]:
    """Return the names that a module uses but nowhere binds at its top level, also builtins.

    Return none if *text* is not a module.
    """
    top = read_scopes(text)
    used, bound = set[str](), set[str]()
    for scope in scopes_in(top) if top else ():
        for symbol in scope.get_symbols():
            if scope is top or symbol.is_global():
                is_bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
                (bound if is_bound else used).add(symbol.get_name())
    return frozenset(used - bound)


class Nodes:
    """The nodes of a syntax tree, indexed by their type."""

    def __init__(self, tree: ast.AST) -> None:
        """Walk over *tree* once, without recursion, so that its depth does not matter."""
        self._nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        nodes = deque([tree])  # `ast.walk` takes twice the time
        while nodes:
            node = nodes.popleft()
            self._nodes[type(node)].append(node)
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, ast.AST):
                    nodes.append(value)
                elif isinstance(value, list):
                    nodes.extend(item for item in value if isinstance(item, ast.AST))

    def of(self, kind: type[_Node]) -> list[_Node]:
        """Return the nodes of this type; outer nodes come before inner ones."""
        return [node for node in self._nodes.get(kind, ()) if isinstance(node, kind)]
