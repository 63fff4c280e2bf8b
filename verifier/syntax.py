"""Parse Python source without running it.

In: any text, also a hostile one. Out: its syntax tree, or its scopes. Warnings about odd escapes
are not shown. Several stages read the same program, one soon after the other, so the last trees are
kept.
"""

import ast
import symtable
import threading
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator, Set
from functools import lru_cache
from typing import TypeVar, cast

# `catch_warnings` replaces the filters of the whole process and restores them later. Without the
# lock, a thread could restore the filters of another thread.
_WARNING_FILTERS = threading.Lock()

# A tree may take 300 times the memory of its text.
_KEPT_TREES, _KEPT_CHARACTERS_MAX = 4, 10_000

_Node = TypeVar("_Node", bound=ast.AST)

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPOUND = (*DEFINITIONS, ast.For, ast.While, ast.If, ast.With, ast.Try)


def parse(text: str) -> ast.Module:
    """Return a new syntax tree of *text*.

    Raise what `ast.parse` raises: SyntaxError, ValueError, RecursionError or MemoryError.
    """
    with _WARNING_FILTERS, warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def read_python(text: str) -> ast.Module | None:
    """Return the syntax tree of *text*, or None if it is not Python.

    Others may get the same tree: do not change it.
    """
    is_short = len(text) <= _KEPT_CHARACTERS_MAX
    return _read_short(text) if is_short else _read(text)


def _read(text: str) -> ast.Module | None:
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # The last two mean that it is nested too deeply for the parser.


_read_short = lru_cache(_KEPT_TREES)(_read)


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


# What these hold is no node, or (of a name, its context) says nothing.
_LEAVES = frozenset(
    {ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.alias, ast.Global, ast.Nonlocal}
)


class Nodes:
    """The nodes of syntax trees, indexed by their type."""

    def __init__(self, *trees: ast.AST) -> None:
        """Walk over *trees* once, without recursion, so that their depth does not matter."""
        self._nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        nodes = deque(trees)  # `ast.walk` takes twice the time
        while nodes:
            node = nodes.popleft()
            kind = type(node)
            self._nodes[kind].append(node)
            if kind in _LEAVES:
                continue
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    nodes.extend([item for item in value if isinstance(item, ast.AST)])
                elif isinstance(value, ast.AST):
                    nodes.append(value)

    def of(self, kind: type[_Node]) -> list[_Node]:
        """Return the nodes of this type; outer nodes come before inner ones."""
        return cast("list[_Node]", self._nodes.get(kind, []))

    @property
    def kinds(self) -> Set[type[ast.AST]]:
        """The types of all nodes."""
        return self._nodes.keys()
