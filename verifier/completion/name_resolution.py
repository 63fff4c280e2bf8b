"""What the names of a program stand for, as far as its text tells.

In: the nodes of a program. Out: of an expression, the dotted name that it goes by at home:
`os.system` for `o.system`, where `o` is `os`. Must not know: which names matter.

Scopes are not told apart: what a name stands for anywhere, it stands for everywhere.
"""

import ast

from nova_code_verifier.verifier.syntax import Nodes

_PARTS_MAX = 3
_CHARACTERS_MAX = 100
_BUILTINS = frozenset({"eval", "exec", "compile", "getattr", "__import__"})
_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module", "importlib.__import__"})


class NameResolver:
    """The names of one program that stand for modules, or for what is in them."""

    def __init__(self, nodes: Nodes) -> None:
        """Read all imports and assignments of a program."""
        own = _own_names(nodes)
        self._of = {name: f"builtins.{name}" for name in _BUILTINS if name not in own}
        self._of["__builtins__"] = "builtins"
        for imported in nodes.of(ast.Import):
            for alias in imported.names:
                self._of[_bound_by(alias)] = alias.name if alias.asname else _bound_by(alias)
        for taken in nodes.of(ast.ImportFrom):
            for alias in taken.names:
                self._of[_bound_by(alias)] = f"{taken.module}.{alias.name}"
        for assigned in nodes.of(ast.Assign):
            for target in assigned.targets:
                self._alias(target, assigned.value)
        for annotated in nodes.of(ast.AnnAssign):
            if annotated.value is not None:
                self._alias(annotated.target, annotated.value)
        for named in nodes.of(ast.NamedExpr):
            self._alias(named.target, named.value)

    def knows(self, module: str) -> bool:
        """Tell whether anything of *module* has a name here."""
        return any(name.partition(".")[0] == module for name in self._of.values())

    def of(self, node: ast.AST) -> str:
        """Name what an expression stands for; "" if that is nothing that was imported."""
        parts: list[str] = []
        # No further than any name goes that matters: this is asked at every link of a chain.
        while isinstance(node, ast.Attribute) and len(parts) < _PARTS_MAX:
            parts.append(node.attr)
            node = node.value
        root = self._of.get(node.id, "") if isinstance(node, ast.Name) else self._of_detour(node)
        # Nothing that matters is long, and what is assigned to itself could grow with every line.
        return ".".join([root, *reversed(parts)]) if 0 < len(root) <= _CHARACTERS_MAX else ""

    def _of_detour(self, node: ast.AST) -> str:
        """See through `(o := os)`, `getattr(os, "x")`, `__import__("os")`, `sys.modules["os"]`."""
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
                home = self._of_plain(value)
                return f"{home}.{name}" if home else ""
        return ""

    def _of_plain(self, node: ast.AST) -> str:
        """Name what `o` or `o.x` stands for: one step, however deep a program goes."""
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
        for one, other in pairs:
            if isinstance(one, ast.Name) and (meaning := self.of(other)):
                self._of[one.id] = meaning


def _own_names(nodes: Nodes) -> set[str]:
    """List the builtins in whose place a program puts something of its own; no method does."""
    own = {node.id for node in nodes.of(ast.Name) if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes.of(ast.arg)}
    own |= {_bound_by(node) for node in nodes.of(ast.alias)}
    methods = {id(one) for node in nodes.of(ast.ClassDef) for one in node.body}
    functions = {one.name for one in nodes.of(ast.FunctionDef) if id(one) not in methods}
    return (own | functions) & _BUILTINS


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
