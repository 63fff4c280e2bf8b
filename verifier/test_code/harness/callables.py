"""Send functions, classes and modules to the candidate: by source, or by where to import them.

In: a function, class or module that the tests pass to the candidate. Out: a tree from which the
candidate's guest makes the same; None if that is not possible. A function is sent with the values
of the names that it uses, if these can be sent.
"""

import ast
import sys
import types
from functools import cached_property
from itertools import islice

from nova_code_verifier.sandbox.protocol.encoding import Walk
from nova_code_verifier.verifier.test_code.protocol import Tree

_ITEMS_MAX = 100_000
_CHANGING = (
    "append extend insert add update setdefault pop popitem popleft appendleft remove discard"
)
_CHANGING_METHODS = frozenset(_CHANGING.split())
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class Sources:
    """The definitions in the source of the tests."""

    def __init__(self, *texts: str) -> None:
        """Find definitions in source *texts*; parse them when the first one is needed."""
        self._texts = texts
        self._being_sent: list[object] = []

    @cached_property
    def _definitions(self) -> list[_Definition]:
        found: list[_Definition] = []
        for text in self._texts:
            try:
                tree = ast.parse(text)
            except SyntaxError:
                continue  # a prompt may end with the head of a function
            found += [node for node in ast.walk(tree) if isinstance(node, _Definition)]
        return found

    def send(self, value: Tree, walk: Walk) -> object | None:
        """Write a function, class, module, slice or iterator; return None if it cannot be sent."""
        if type(value) is slice:
            return {"slice": [walk(part) for part in (value.start, value.stop, value.step)]}
        if hasattr(type(value), "__next__"):
            return {"it": [walk(item) for item in islice(value, _ITEMS_MAX)]}
        found = _importable(value)
        if found is not None:
            return {"py": found}
        definition = self._definition(value)
        is_being_sent = any(value is sent for sent in self._being_sent)
        if definition is None or is_being_sent or _changes_surroundings(definition):
            return None
        self._being_sent.append(value)
        try:
            return {"fn": _write(definition, value, walk)}
        finally:
            self._being_sent.pop()

    def _definition(self, value: object) -> _Definition | None:
        if isinstance(value, type):
            classes = {node.name: node for node in self._definitions if type(node) is ast.ClassDef}
            return classes.get(value.__name__)
        if not isinstance(value, types.FunctionType):
            return None
        nodes = [node for node in self._definitions if _is_of(node, value.__code__)]
        return min(nodes, key=_size, default=None)


def _size(node: _Definition) -> tuple[int, int]:
    lines = (node.end_lineno or 0) - node.lineno
    return lines, (node.end_col_offset or 0) - node.col_offset


def _is_of(node: _Definition, code: types.CodeType) -> bool:
    """Return whether *code* was compiled from *node*, by their positions in the source."""
    if isinstance(node, ast.ClassDef):
        return False
    if not isinstance(node, ast.Lambda):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return node.name == code.co_name and code.co_firstlineno in (first, node.lineno)
    if code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
        return False
    positions = [
        (line, column)
        for line, _, column, _ in list(code.co_positions())[1:]
        if line is not None and column is not None
    ]
    if isinstance(node.body, ast.Constant) and not any(column for _, column in positions):
        # Python 3.12 gives a lambda that returns a constant no columns.
        return repr(node.body.value) == repr(code.co_consts[-1])
    start = (node.lineno, node.col_offset)
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    # Instructions before the first load have the position (node.lineno, 0).
    return all(start <= position < end for position in positions if position > (node.lineno, 0))


def _write(definition: _Definition, value: object, walk: Walk) -> list[object]:
    source = ast.unparse(definition)
    name = "function" if isinstance(definition, ast.Lambda) else definition.name
    if isinstance(definition, ast.Lambda):
        source = f"{name} = {source}"
    return [source, name, {used: walk(known) for used, known in _used(definition, value).items()}]


def _changes_surroundings(definition: _Definition) -> bool:
    """Return whether a function may change objects of the tests, which would not see that."""
    own = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    own |= _names_in(definition, ast.Store)
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


def _names_in(definition: _Definition, context: type[ast.expr_context]) -> set[str]:
    names = (node for node in ast.walk(definition) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, context)}


def _used(definition: _Definition, value: object) -> dict[str, object]:
    """Return the values of the names that a definition uses, except its own name and built-ins."""
    if isinstance(value, types.FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        values = value.__globals__ | {name: cell.cell_contents for name, cell in cells}
    else:
        values = getattr(sys.modules.get(value.__module__), "__dict__", {})
    return {
        name: values[name]
        for name in sorted(_names_in(definition, ast.Load) & values.keys())
        if values[name] is not value and not name.startswith("__")
    }


def _importable(value: object) -> list[str] | None:
    """Return the module and name of a value of the standard library; None for other values."""
    if value is Ellipsis:
        return ["builtins", "Ellipsis"]
    if isinstance(value, types.ModuleType):
        return [value.__name__] if _is_standard(value.__name__) else None
    owner = getattr(value, "__objclass__", None)
    module = getattr(owner or value, "__module__", None)
    qualified = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualified, str) or not _is_standard(module):
        return None
    found: Tree = sys.modules.get(module)
    for name in qualified.split("."):
        found = getattr(found, name, None)
    return [module, *qualified.split(".")] if found is value else None


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names and module != "__main__"
