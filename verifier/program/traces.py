"""Decide by its text whether a program leaves a trace in the process in which it runs.

In: a program. Out: whether it may run several times in one process, each time as a new `__main__`
with new streams, and behave each time as in a process of its own. In doubt, it may not.

The program is hostile: it may want to carry something from one run to the next. So this is a list
of what is allowed, of syntax and of names. The argument for it:

- All objects of the program's own (functions, classes, instances, globals) end with its `__main__`.
  None has code that runs when it is freed: no finalisers, no suspended `try` or `with`, no `close`
  that a stream or a generator would call. No cache of the library holds one.
- It meets no other object that can be changed: modules are only used for their listed names, and
  listed objects that can be changed are only called, so that no variable ever holds one
  (`known_names.py`). What remains is renewed for each run (`sandbox/guest/company.py`): streams,
  the recursion limit, `random`, the decimal context.
- It has no clock, no statistics of the library, and no random numbers but those that are the same
  in every process. It can see addresses, in `str` of an object, so it may guess how much memory was
  used before. But the order of the runs is random.
"""

import ast
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nova_code_verifier.verifier.program import known_names
from nova_code_verifier.verifier.syntax import Nodes, read_python

MAX_CHARS = 20_000
"""A longer program counts as one that leaves traces: to read it would take too long."""

_ALLOWED = frozenset(
    {
        ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.If,
        ast.With, ast.withitem, ast.Raise, ast.Try, ast.ExceptHandler, ast.Assert, ast.Import,
        ast.ImportFrom, ast.alias, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue,
        ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Return, ast.Delete, ast.arguments, ast.arg,
        ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Dict, ast.Set,
        ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Yield,
        ast.YieldFrom, ast.Compare, ast.Call, ast.keyword, ast.FormattedValue, ast.JoinedStr,
        ast.Constant, ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List, ast.Tuple,
        ast.Slice, ast.Match, ast.match_case, ast.MatchValue, ast.MatchSingleton,
        ast.MatchSequence, ast.MatchStar, ast.MatchAs, ast.MatchOr,
        *ast.expr_context.__subclasses__(), *ast.boolop.__subclasses__(),
        *ast.operator.__subclasses__(), *ast.unaryop.__subclasses__(),
        *ast.cmpop.__subclasses__(),
    }
)  # fmt: skip
_IN_ANNOTATIONS = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp,
    ast.BitOr, ast.Load,
)  # fmt: skip
_DISPLAYS = (ast.Tuple, ast.List, ast.Set)
_KEEPS_SAFELY = {"map": 0, "defaultdict": 0, "isinstance": 1}
"""Functions, and the argument of theirs that a program cannot get back from them."""
_SETS = frozenset({"set", "frozenset"})

_Imported = tuple[str, str]
"""A module and a name in it, which is empty for the module itself."""


def leaves_no_trace(*texts: str) -> bool:
    """Return whether a program leaves no trace. Its *texts* run one after the other."""
    if sum(map(len, texts)) > MAX_CHARS:
        return False
    trees = [tree for text in texts if (tree := read_python(text))]
    nodes = Nodes(*trees)
    if len(trees) < len(texts) or not nodes.kinds <= _ALLOWED:
        return False
    try:
        _Program(nodes).check()
    except _LeavesTraceError:
        return False
    return True


class _LeavesTraceError(Exception):
    """The program may leave a trace."""


def _require(condition: object) -> None:
    if not condition:
        raise _LeavesTraceError


class _Program:
    """A program that is checked. The sets of `int` hold ids of nodes."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._imported: defaultdict[str, set[_Imported]] = defaultdict(set)
        self._bound: set[str] = set()
        self._relied_on: set[str] = set()
        self._kept_by_typing: set[str] = set()
        self._called: set[int] = set()
        self._with_constant: set[int] = set()
        self._annotating: set[int] = set()
        self._with_attribute: set[int] = set()
        self._compared_types: set[int] = set()

    def check(self) -> None:
        """Raise _LeavesTraceError if the program may leave a trace."""
        notes: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Import: self._note_import,
            ast.ImportFrom: self._note_import_from,
            ast.Call: self._note_call,
            ast.Compare: self._note_comparison,
            ast.Name: self._note_name,
            ast.arg: self._note_argument,
            ast.AnnAssign: self._note_annotation,
            ast.FunctionDef: self._note_function,
            ast.ClassDef: self._note_class,
            ast.ExceptHandler: self._note_handler,
            ast.Raise: lambda node: self._called.add(id(node.exc)),
            ast.MatchAs: lambda node: self._bound.add(node.name or ""),
            ast.MatchStar: lambda node: self._bound.add(node.name or ""),
            ast.Attribute: lambda node: self._with_attribute.add(id(node.value)),
        }
        for kind, note in notes.items():
            for node in self._nodes.of(kind):
                note(node)
        self._check_bindings()
        self._check_classes()
        self._check_generators()
        for node in self._nodes.of(ast.Name):
            if type(node.ctx) is ast.Load:
                self._check_name(node, node.id)
        for node in self._nodes.of(ast.Attribute):
            self._check_attribute(node)

    # -- what is where -----------------------------------------------------------------

    def _note_import(self, node: ast.Import) -> None:
        for alias in node.names:
            _require(alias.name in known_names.MODULES or alias.name == "typing")
            self._imported[alias.asname or alias.name].add((alias.name, ""))

    def _note_import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        _require(not node.level)
        for alias in node.names if module != "__future__" else ():
            if alias.name == "*":
                _require(module in known_names.MODULES)
                for exported in known_names.exports(module):
                    self._imported[exported].add((module, exported))
            else:
                is_known = known_names.is_known(module, alias.name)
                _require(is_known or module in known_names.ANNOTATIONS)
                self._imported[alias.asname or alias.name].add((module, alias.name))

    def _note_call(self, node: ast.Call) -> None:
        function = node.func
        self._called.add(id(function))
        if len(node.args) == 1 and not node.keywords and _is_seed(node.args[0]):
            self._with_constant.add(id(function))
        if isinstance(function, ast.Name):
            name = function.id
        elif isinstance(function, ast.Attribute) and function.attr == "defaultdict":
            name = function.attr if self._modules_of(function.value) else ""
        else:
            return
        index = _KEEPS_SAFELY.get(name)
        if index is not None and not any(isinstance(arg, ast.Starred) for arg in node.args):
            self._relied_on.add(name)
            for argument in node.args[index : index + 1]:
                self._called.update(map(id, _items(argument)))
        if name == "open":
            first = node.args[0] if node.args else None
            _require(isinstance(first, ast.Constant) and repr(first.value) == "0")

    def _note_comparison(self, node: ast.Compare) -> None:
        """Note `type(x) is int` and the like, where nothing else learns what the type is."""
        operands = [node.left, *node.comparators]
        is_by_identity = all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
        if is_by_identity or all(map(self._is_type, operands)):
            for operand in operands:
                if _is_type_call(operand):
                    self._compared_types.add(id(operand.func))  # type: ignore[attr-defined]

    def _is_type(self, node: ast.expr) -> bool:
        if isinstance(node, _DISPLAYS):
            return all(map(self._is_type, node.elts))
        if isinstance(node, ast.Name) and known_names.is_known_builtin(node.id):
            self._relied_on.add(node.id)
            return True
        return _is_type_call(node)

    def _note_name(self, node: ast.Name) -> None:
        if type(node.ctx) is not ast.Load:
            self._bound.add(node.id)

    def _note_argument(self, node: ast.arg) -> None:
        self._bound.add(node.arg)
        if node.annotation:
            self._annotate(node.annotation)

    def _note_annotation(self, node: ast.AnnAssign) -> None:
        self._annotate(node.annotation)

    def _note_function(self, node: ast.FunctionDef) -> None:
        if not _is_special(node.name) or node.name not in known_names.SPECIAL_METHODS:
            self._bound.add(node.name)
        self._called.update(map(id, node.decorator_list))
        if node.returns:
            self._annotate(node.returns)

    def _note_class(self, node: ast.ClassDef) -> None:
        self._bound.add(node.name)
        self._called.update(map(id, node.decorator_list))
        _require(not node.keywords)
        # A module, as an attribute of the class, would be out of sight.
        _require(not any(isinstance(s, ast.Import | ast.ImportFrom) for s in _scope(node.body)))

    def _note_handler(self, node: ast.ExceptHandler) -> None:
        self._bound.add(node.name or "")
        self._called.update(map(id, _items(node.type)))

    def _annotate(self, annotation: ast.expr) -> None:
        for node in ast.walk(annotation):
            _require(isinstance(node, _IN_ANNOTATIONS))
            self._annotating.add(id(node))
            if isinstance(node, ast.Subscript):
                parts = ast.walk(node.slice)
                self._kept_by_typing |= {part.id for part in parts if isinstance(part, ast.Name)}

    # -- what is allowed ---------------------------------------------------------------

    def _check_bindings(self) -> None:
        """Refuse names of the interpreter's that would mean something else."""
        for name in (*self._bound, *self._imported):
            _require(not _is_special(name) or name in known_names.OBJECTS)
        _require(self._bound.isdisjoint(self._relied_on | self._kept_by_typing))
        for name in self._relied_on:
            _require(self._imported.get(name, set()) <= {("collections", name)})

    def _check_classes(self) -> None:
        """Refuse classes whose objects could outlive a run, or are ordered by their addresses."""
        classes: list[ast.ClassDef] = self._nodes.of(ast.ClassDef)
        modules = {module for targets in self._imported.values() for module, _ in targets}
        _require(not classes or not modules & known_names.REMEMBERING)
        if any(map(_is_compared_by_identity, classes)):
            _require(not self._nodes.of(ast.Set) and not self._nodes.of(ast.SetComp))
            _require(not any(node.id in _SETS for node in self._nodes.of(ast.Name)))

    def _check_generators(self) -> None:
        """Refuse generators that would run code when they are freed."""
        for function in self._nodes.of(ast.FunctionDef):
            kinds = set(map(type, _scope(function.body)))
            if kinds & {ast.Yield, ast.YieldFrom}:
                _require(not kinds & {ast.Try, ast.With})
        if self._nodes.of(ast.YieldFrom):
            _require("close" not in self._bound)

    def _check_name(self, node: ast.Name, name: str) -> None:
        if name in self._imported:
            for module, attribute in self._imported[name]:
                if attribute:
                    self._check_use(node, module, attribute)
                else:
                    _require(id(node) in self._with_attribute)
        elif not known_names.is_builtin(name):
            pass
        elif name in ("open", "super"):
            _require(id(node) in self._called)
        elif name == "type":
            _require(id(node) in self._compared_types)
        else:
            _require(known_names.is_known_builtin(name))
            _require(known_names.is_free_builtin(name) or id(node) in self._called)

    def _check_use(self, node: ast.expr, module: str, name: str) -> None:
        """Check a use of what a module calls *name*."""
        if module in known_names.ANNOTATIONS:
            _require(id(node) in self._annotating)
            return
        _require(known_names.is_known(module, name))
        # Without a seed, it takes one from the system, and each run of a case is another try.
        _require((module, name) != ("random", "seed") or id(node) in self._with_constant)
        is_kept_out = id(node) in self._called or id(node) in self._annotating
        _require(is_kept_out or known_names.is_free(module, name))

    def _check_attribute(self, node: ast.Attribute) -> None:
        modules = self._modules_of(node.value)
        is_load = isinstance(node.ctx, ast.Load)
        _require(is_load or known_names.may_be_set(node.attr))
        for module in modules:
            is_stream = module == "sys" and node.attr in ("stdin", "stdout")
            _require(is_load or (is_stream and isinstance(node.ctx, ast.Store)))
            self._check_use(node, module, node.attr)
        if modules:
            return
        match node:
            case ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))):
                _require(is_load and id(node) in self._called)
            case ast.Attribute(attr="format"):
                _require(is_load and id(node) in self._called and _is_plain_format(node.value))
            case _:
                _require(known_names.is_usable_attribute(node.attr))

    def _modules_of(self, base: ast.expr) -> list[str]:
        """Return the modules that an expression may be."""
        targets = self._imported.get(base.id, ()) if isinstance(base, ast.Name) else ()
        return [module for module, name in targets if not name]


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_seed(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float | str)


def _is_type_call(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[_], keywords=[]):
            return True
    return False


def _scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield what is in the scope of a class or function with this body."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)


def _items(node: ast.expr | None) -> list[ast.expr]:
    if node is None:
        return []
    return [*node.elts, node] if isinstance(node, ast.Tuple) else [node]


def _is_plain_format(node: ast.expr) -> bool:
    """Return whether a format string uses its arguments alone, not their attributes or items."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    pending = [node.value]
    try:
        while pending:
            for _, field, specification, _ in string.Formatter().parse(pending.pop()):
                if field and not (field.isalnum() or field.isidentifier()):
                    return False
                pending += [specification] if specification else []
    except ValueError:
        return False
    return True


def _is_compared_by_identity(node: ast.ClassDef) -> bool:
    defined = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    return not defined & {"__eq__", "__hash__"}
