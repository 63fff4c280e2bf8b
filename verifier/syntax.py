"""Read Python, whatever it is.

In: a text, perhaps a candidate's. Out: its syntax tree, if it is Python. Nothing is run, and
nothing is said about odd escapes. Must not know: whose text it is.
"""

import ast
import threading
import warnings
from collections import defaultdict
from typing import TypeVar

# Silencing warnings swaps the filters of the whole process: one thread at a time, or the
# last one out puts back the filters of another.
_WARNING_FILTERS = threading.Lock()

_Node = TypeVar("_Node", bound=ast.AST)


def parse(text: str) -> ast.Module:
    """Parse *text*. Raises what `ast.parse` does: SyntaxError, or RecursionError and the like."""
    with _WARNING_FILTERS, warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def read_python(text: str) -> ast.Module | None:
    """Parse *text*; None if it is no Python."""
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the last two: nested too deeply for the parser


class Nodes:
    """All nodes of a syntax tree, by their kind."""

    def __init__(self, tree: ast.AST) -> None:
        """Walk over *tree* once, and in no recursion: how deep it is changes nothing."""
        self._of: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        for node in ast.walk(tree):
            self._of[type(node)].append(node)

    def of(self, *kinds: type[_Node]) -> list[_Node]:
        """List the nodes of these kinds; of each, those that are farther out come first."""
        return [node for kind in kinds for node in self._of.get(kind, ()) if isinstance(node, kind)]
