"""The modules that tests and their prompt import.

In: parsed scripts. Out: the first module that cannot be imported here; and the names that imports
bind, for a candidate in the same file. An import that a script can do without is not missing: one
that it tries and catches, that an `if` guards, or that belongs to a test with a mark to skip it.
What a candidate imports does not matter here: it must not be able to leave a sample ungraded.
"""

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import chain

_OF_EXTRA = frozenset({"matplotlib", "numpy", "pandas", "scipy", "seaborn", "sklearn"})
# A program has nothing of these, wherever its tests are.
_OF_TESTS = frozenset({"__future__", "_pytest", "pytest"})
_STARRED_MAX = 1000
_CATCHING = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
_SUPPRESSING = ("suppress", "raises", "assertRaises")


def find_missing(*trees: ast.Module, own: frozenset[str]) -> str:
    """Return the first module that a script needs and that is not installed; "" if none is missing.

    *own* are modules that the tests find elsewhere, such as that of the candidate.
    """
    names = (name.partition(".")[0] for tree in trees for name in _needed(tree))
    return next((name for name in names if name not in own and not is_installed(name)), "")


def is_installed(module: str) -> bool:
    """Return whether a module can be imported. *module* has no dots."""
    if module in sys.modules or module in sys.stdlib_module_names:
        return True
    if module in _OF_EXTRA:
        # Where only an audit hook protects files, it refuses the native code of these.
        with suppress(ImportError):
            __import__(module)
        return module in sys.modules
    return _is_found(module)


def missing_problem(user: str, module: str) -> str:
    """Return the problem with a *user* that needs a module which cannot be imported."""
    if module not in _OF_EXTRA:
        problem = "is not installed; install it, or if it is the candidate, list it in"
        return f"{user} {module}, which {problem} tests.modules"
    if _is_found(module):
        return f"{user} {module}, which needs isolation level kernel, with Landlock"
    return f"{user} {module}, which is not installed; pip install nova-code-verifier[scientific]"


def names_imported(body: list[ast.stmt], *, own: frozenset[str]) -> Iterator[list[str]]:
    """Yield the name and the origin (`os.path`, `os.path:join`) of each import in statements.

    Leave out what comes from *own* modules, and from test tools.
    """
    for node in body:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    if not _is_of(alias.name, own):
                        first = alias.name.partition(".")[0]
                        yield [alias.asname or first, alias.name if alias.asname else first]
                        if "." in alias.name and not alias.asname:
                            yield [alias.name, alias.name]  # so that it is loaded
            case ast.ImportFrom(module=str(module), level=0, names=aliases):
                if not _is_of(module, own):
                    yield from _names_from(module, aliases)
            case ast.Try() | ast.TryStar() | ast.If() | ast.With():
                yield from names_imported(node.body, own=own)


def _is_of(module: str, modules: frozenset[str]) -> bool:
    return module in modules or module.partition(".")[0] in _OF_TESTS


def _names_from(module: str, aliases: list[ast.alias]) -> Iterator[list[str]]:
    for alias in aliases:
        if alias.name != "*":
            yield [alias.asname or alias.name, f"{module}:{alias.name}"]
        elif is_installed(module.partition(".")[0]):
            names = vars(import_module(module))
            public = names.get("__all__") or [name for name in names if not name.startswith("_")]
            yield from ([name, f"{module}:{name}"] for name in public[:_STARRED_MAX])


def _is_found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _needed(node: ast.AST) -> Iterator[str]:
    """Find the modules that a script needs, in order, without recursion."""
    pending = [node]
    while pending:
        node = pending.pop()
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Try() | ast.TryStar() if any(map(_catches, node.handlers)):
                # The other branches run or not, depending on what is installed.
                pending += reversed(node.finalbody)
            case ast.If():
                continue
            case ast.With() | ast.AsyncWith() if any(map(_suppresses, node.items)):
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if _may_skip(node):
                continue
            case ast.expr():
                continue
            case _:
                pending += reversed([*ast.iter_child_nodes(node)])


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(name in ast.unparse(handler.type) for name in _CATCHING)


def _suppresses(item: ast.withitem) -> bool:
    match item.context_expr:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _SUPPRESSING
    return False


def _may_skip(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Return whether a test may skip itself before it imports anything."""
    marks = map(ast.unparse, node.decorator_list)
    first = (statement for statement in node.body if isinstance(statement, ast.Expr | ast.Assign))
    return any("skip" in text for text in chain(marks, map(ast.unparse, first)))
