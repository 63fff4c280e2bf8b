"""What tests hand over to the candidate to be called: by source, or by where to import it.

In: a function, a class or a module of the tests' or the library's. Out: how the candidate's
guest can have the same; or nothing, where it cannot. A function travels with the names that it
uses, as far as these can travel themselves. Must not know: what for.
"""

import ast
import sys
import types
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import Any

_ITEMS_MAX = 100_000
_CHANGING = (
    "append extend insert add update setdefault pop popitem popleft appendleft remove discard"
)
_CHANGING_METHODS = frozenset(_CHANGING.split())
Walk = Callable[[Any], Any]
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class Sources:
    """The definitions in the tests' source."""

    def __init__(self, *texts: str) -> None:
        """Look for definitions in source *texts*, once one is asked for."""
        self._texts = texts
        self._being_sent: list[Any] = []

    @cached_property
    def _definitions(self) -> list[_Definition]:
        found: list[_Definition] = []
        for text in self._texts:
            try:
                tree = ast.parse(text)
            except SyntaxError:
                continue  # a prompt that ends in the head of a function
            found += [node for node in ast.walk(tree) if isinstance(node, _Definition)]
        return found

    def send(self, value: Any, walk: Walk) -> object | None:
        """Write a function, class, module, slice or iterator; None if it cannot travel."""
        if type(value) is slice:
            return {"slice": [walk(part) for part in (value.start, value.stop, value.step)]}
        if hasattr(type(value), "__next__"):
            return {"it": [walk(item) for item in islice(value, _ITEMS_MAX)]}
        found = _importable(value)
        if found is not None:
            return {"py": found}
        definition = self._definition(value)
        if definition is None or any(value is one for one in self._being_sent):
            return None
        if _changes_surroundings(definition):
            return None
        self._being_sent.append(value)
        try:
            return {"fn": _written(definition, value, walk)}
        finally:
            self._being_sent.pop()

    def _definition(self, value: Any) -> _Definition | None:
        if isinstance(value, type):
            named = [
                node
                for node in self._definitions
                if isinstance(node, ast.ClassDef) and node.name == value.__name__
            ]
            return named[-1] if named else None
        if not isinstance(value, types.FunctionType):
            return None
        return _smallest([node for node in self._definitions if _is_of(node, value.__code__)])


def _smallest(nodes: list[_Definition]) -> _Definition | None:
    def size(node: _Definition) -> tuple[int, int]:
        lines = (node.end_lineno or 0) - node.lineno
        return lines, (node.end_col_offset or 0) - node.col_offset

    return min(nodes, key=size, default=None)


def _is_of(node: _Definition, code: types.CodeType) -> bool:
    """Tell whether *code* was compiled from *node*, by where it stands."""
    if isinstance(node, ast.ClassDef):
        return False
    if not isinstance(node, ast.Lambda):
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        return node.name == code.co_name and code.co_firstlineno in (first, node.lineno)
    if code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
        return False
    places = [
        (line, column)
        for line, _, column, _ in list(code.co_positions())[1:]
        if line is not None and column is not None
    ]
    start = (node.lineno, node.col_offset)
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    # Code of its own has a place before it, as long as nothing is loaded.
    return all(start <= place < end for place in places if place > (node.lineno, 0))


def _written(definition: _Definition, value: Any, walk: Walk) -> list[Any]:
    name = "function" if isinstance(definition, ast.Lambda) else definition.name
    if isinstance(definition, ast.Lambda):
        source = f"{name} = {ast.unparse(definition)}"
    else:
        source = ast.unparse(definition)
    return [source, name, {used: walk(known) for used, known in _used(definition, value).items()}]


def _changes_surroundings(definition: _Definition) -> bool:
    """Tell whether a function may change what is around it: the tests would not see that."""
    own = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)} | {
        node.id
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(definition):
        match node:
            case ast.Nonlocal() | ast.Global():
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                if name not in own and method in _CHANGING_METHODS:
                    return True
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                if name not in own:
                    return True
    return False


def _used(definition: _Definition, value: Any) -> dict[str, Any]:
    """Collect what the names in a definition mean, but for its own and Python's."""
    known: dict[str, Any] = {}
    if isinstance(value, types.FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        known = {name: cell.cell_contents for name, cell in cells}
        globals_ = value.__globals__
    else:
        globals_ = getattr(sys.modules.get(value.__module__), "__dict__", {})
    names = {
        node.id
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    found = {}
    for name in sorted(names):
        meaning = known.get(name, globals_.get(name, _NOTHING))
        if meaning is not _NOTHING and meaning is not value and not name.startswith("__"):
            found[name] = meaning
    return found


_NOTHING = object()


def _importable(value: Any) -> list[str] | None:
    """Say where in the standard library a value is found, if it is there."""
    if value is Ellipsis:
        return ["builtins", "Ellipsis"]
    if isinstance(value, types.ModuleType):
        return [value.__name__] if _is_standard(value.__name__) else None
    owner = getattr(value, "__objclass__", None)
    module = getattr(owner or value, "__module__", None)
    qualified = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualified, str) or not _is_standard(module):
        return None
    found: Any = sys.modules.get(module)
    for name in qualified.split("."):
        found = getattr(found, name, None)
    return [module, *qualified.split(".")] if found is value else None


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names and module != "__main__"
