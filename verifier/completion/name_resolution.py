"""Resolve the names of a program to modules and functions, as far as its text tells.

In: the nodes of a program. Out: the qualified name of an expression, such as `os.system` for
`o.system` after `import os as o`. Scopes are ignored: a name that means a module anywhere means it
everywhere.
"""

import ast

from nova_code_verifier.verifier.syntax import Nodes

_PARTS_MAX = 3
_CHARACTERS_MAX = 100
_BUILTINS = frozenset({"eval", "exec", "compile", "getattr", "__import__"})
_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module", "importlib.__import__"})


class NameResolver:
    """The names of one program that mean modules or their functions."""

    def __init__(self, nodes: Nodes, prelude: Nodes | None = None) -> None:
        """Read all imports and assignments of a program, after the imports of its *prelude*."""
        own = _own_names(nodes)
        self._of = {name: f"builtins.{name}" for name in _BUILTINS if name not in own}
        self._of["__builtins__"] = "builtins"
        if prelude is not None:
            self._read_imports(prelude)
        self._read_imports(nodes)
        for assigned in nodes.of(ast.Assign):
            for target in assigned.targets:
                self._alias(target, assigned.value)
        for annotated in nodes.of(ast.AnnAssign):
            if annotated.value is not None:
                self._alias(annotated.target, annotated.value)
        for named in nodes.of(ast.NamedExpr):
            self._alias(named.target, named.value)

    def _read_imports(self, nodes: Nodes) -> None:
        for imported in nodes.of(ast.Import):
            for alias in imported.names:
                self._of[_bound_by(alias)] = alias.name if alias.asname else _bound_by(alias)
        for taken in nodes.of(ast.ImportFrom):
            for alias in taken.names:
                self._of[_bound_by(alias)] = f"{taken.module}.{alias.name}"

    def knows(self, module: str) -> bool:
        """Return whether any name means *module* or something in it."""
        return any(name.partition(".")[0] == module for name in self._of.values())

    def of(self, node: ast.AST) -> str:
        """Return the qualified name of an expression; "" if it is nothing that was imported."""
        parts: list[str] = []
        # Bounded, because this runs for every link of a chain of attributes.
        while isinstance(node, ast.Attribute) and len(parts) < _PARTS_MAX:
            parts.append(node.attr)
            node = node.value
        root = self._of.get(node.id, "") if isinstance(node, ast.Name) else self._of_indirect(node)
        # Bounded, because a name that is assigned to itself could grow with every line.
        return ".".join([root, *reversed(parts)]) if 0 < len(root) <= _CHARACTERS_MAX else ""

    def _of_indirect(self, node: ast.AST) -> str:
        """Resolve `(o := os)`, `getattr(os, "x")`, `__import__("os")`, `sys.modules["os"]`."""
        match node:
            case ast.NamedExpr(value=value):
                return self._of_plain(value)
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)):
                return name if self._of_plain(value) == "sys.modules" else ""
            case ast.Call(func=called, args=[ast.Constant(value=str() as name), *_]):
                return name if self._of_plain(called) in _IMPORTERS else ""
            case ast.Call(
                func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str() as name), *_]
            ) if "getattr" in self._of:
                owner = self._of_plain(value)
                return f"{owner}.{name}" if owner else ""
        return ""

    def _of_plain(self, node: ast.AST) -> str:
        """Resolve `o` or `o.x`: one step, however deep the expression is."""
        match node:
            case ast.Name(id=name):
                return self._of.get(name, "")
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self._of:
                return f"{self._of[name]}.{attr}"
        return ""

    def _alias(self, target: ast.expr, value: ast.expr) -> None:
        pairs = [(target, value)]
        match target, value:
            case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                pairs = list(zip(targets, values, strict=False))
        for name, meaning in pairs:
            if isinstance(name, ast.Name) and (qualified := self.of(meaning)):
                self._of[name.id] = qualified


def _own_names(nodes: Nodes) -> set[str]:
    """Return the builtins that a program replaces by its own; a method does not replace one."""
    own = {node.id for node in nodes.of(ast.Name) if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes.of(ast.arg)}
    own |= {_bound_by(node) for node in nodes.of(ast.alias)}
    methods = {id(item) for node in nodes.of(ast.ClassDef) for item in node.body}
    functions = {node.name for node in nodes.of(ast.FunctionDef) if id(node) not in methods}
    return (own | functions) & _BUILTINS


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
