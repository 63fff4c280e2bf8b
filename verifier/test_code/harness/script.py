"""Tests that are a script: asserts at the top level or in a function `check`.

In: a script. Out: the same script, in which every assert (with the loop or the `if` around it) is a
test item. `harness/run.py` defines what an item does.
"""

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from functools import partial

from nova_code_verifier.verifier.test_code.harness import loops
from nova_code_verifier.verifier.test_code.harness.trees import walk

_NEVER_WRAPPED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global,
    ast.Nonlocal, ast.Pass, ast.Break, ast.Continue,
)  # fmt: skip
CANDIDATE = "__candidate_{}__"
"""A second name for a name of the candidate's, where the tests have given the first to a module."""
FILE_NAME = "<tests>"
"""The name of the script's file, in code objects and tracebacks."""
SHOULD_RUN, ITEM = "__should_run__", "__item__"
"""The names in a divided script: whether to run an item, and an item."""
_PATCHING = re.compile(r"mock|patch|(?:set|del)attr|__dict__|\b(?:vars|globals|exec|eval)\b")
_OWN_OBJECTS = ("self", "cls")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def free_names(source: str, bound: frozenset[str]) -> frozenset[str]:
    """Return the names that a script uses, but neither defines nor finds in *bound*."""
    top = symtable.symtable(source, "tests", "exec")
    defined = _defined(top)
    used = {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is top or symbol.is_global())
    }
    return frozenset(used - defined - bound)


def defined_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module defines."""
    return frozenset(_defined(symtable.symtable(ast.unparse(tree), "prompt", "exec")))


def is_defined(name: str, tree: ast.Module) -> bool:
    """Return whether a statement of a script, on its top level, defines or imports *name*."""
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names = [node.name]
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name for alias in node.names]
            case ast.Assign():
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            case _:
                continue
        if name in names:
            return True
    return False


def _defined(top: symtable.SymbolTable) -> set[str]:
    return {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


def names_of_classes(tree: ast.Module, names: frozenset[str]) -> frozenset[str]:
    """Return those of *names* that a script treats as classes, or that are written like one."""
    found = {name for name in names if name[:1].isupper() and "_" not in name}
    found.discard("Solution")  # it only contains the function
    for node in walk(tree):
        match node:
            case ast.ExceptHandler(type=ast.Name(id=name)):
                found.add(name)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id=name)]):
                found.add(name)
    return frozenset(found & names)


def may_patch(tree: ast.Module, source: str) -> bool:
    """Return whether tests may assign to an attribute of a module or a class of the library."""
    return _PATCHING.search(source) is not None or any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id in _OWN_OBJECTS)
        for node in walk(tree)
    )


def called_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that are called as functions."""
    return frozenset(
        node.func.id
        for node in walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def names_of_objects(tree: ast.Module) -> frozenset[str]:
    """Return the names that are used in another way than to look up an attribute: no modules."""
    owners = {id(node.value) for node in walk(tree) if isinstance(node, ast.Attribute)}
    names = (node for node in walk(tree) if isinstance(node, ast.Name))
    return frozenset(node.id for node in names if id(node) not in owners)


def name_called_modules(tree: ast.Module) -> frozenset[str]:
    """Return the modules that a script imports and calls as functions, and rename these calls.

    A module cannot be called, so `random(3)` means a function of the candidate's.
    """
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname is None
    }
    found = (imported & called_names(tree)) - _names_bound_otherwise(tree)
    for node in walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in found:
                node.func = ast.copy_location(
                    ast.Name(CANDIDATE.format(name), ast.Load()), node.func
                )
    return frozenset(found)


def _names_bound_otherwise(tree: ast.Module) -> set[str]:
    """Return the names that anything but `import name` binds, anywhere in a script."""
    names: set[str] = set()
    for node in walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Import(names=aliases):
                names |= {alias.asname for alias in aliases if alias.asname}
            case ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
    return names


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def names_imported_from(tree: ast.Module, modules: frozenset[str]) -> frozenset[str]:
    """Return the names that a script imports from one of *modules*."""
    return frozenset(
        alias.name
        for node in walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if alias.name != "*"
    )


def imported_modules(tree: ast.Module) -> frozenset[str]:
    """Return the modules that a script imports, or imports names from."""
    return frozenset(name for node in walk(tree) for name in _imported(node))


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module):
            return [str(module)]
    return []


def only_builtin_called(tree: ast.Module) -> frozenset[str]:
    """Return the only built-in function that a script calls: it tests the candidate's own `sum`.

    Where the tests use another name of the candidate's, built-in functions are Python's: otherwise
    a candidate could replace the `abs` of the tests.
    """
    called = called_names(tree)
    return called if len(called) == 1 else frozenset()


def listed_tests(tree: ast.Module, style: str) -> list[str]:
    """Return the tests that a test tool is bound to find in a module, by the names of their items.

    Leave out whatever the tool may not run: what is renamed, deleted, or made in another way.
    """
    if any(isinstance(node, _Function) and node.name == "load_tests" for node in tree.body):
        return []
    rebound = {
        node.id
        for node in walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    }
    names: list[str] = []
    cases: set[str] = set()
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                bases = " ".join(map(ast.unparse, node.bases))
                if "TestCase" in bases or cases.intersection(bases.split()):
                    cases.add(name)
                elif style == "unittest" or not name.startswith("Test") or _has_constructor(node):
                    continue
                if name not in rebound and "__test__" not in rebound:
                    separator = "." if style == "unittest" else "::"
                    names += [f"{name}{separator}{method}" for method in _tests_in(node.body)]
            case ast.FunctionDef() | ast.AsyncFunctionDef() if style == "pytest":
                names += [name for name in _tests_in([node]) if name not in rebound]
    return list(dict.fromkeys(names))


def _tests_in(body: list[ast.stmt]) -> list[str]:
    return [
        node.name
        for node in body
        if isinstance(node, _Function) and node.name.startswith("test")
        if not any("fixture" in ast.unparse(mark) for mark in node.decorator_list)
    ]


def _has_constructor(node: ast.ClassDef) -> bool:
    return any(
        isinstance(part, _Function) and part.name in ("__init__", "__new__") for part in node.body
    )


def divide_into_items(tree: ast.Module, names: Iterable[str] = ()) -> list[str]:
    """Make a test item of every statement of *tree* that asserts. Return the items, in order.

    *names* are the candidate's.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, _Function)}
    asserting = _names_that_assert(tree)
    bindings = loops.bindings_in(tree.body)
    items: list[str] = []
    called = (_called_once(node, tree, asserting) for node in tree.body)
    divided = {name for name in called if name in functions}
    for name in divided:
        function = functions[name]
        parameters = [node.arg for node in walk(function.args) if isinstance(node, ast.arg)]
        of_candidate = loops.names_of_candidate(bindings, [*names, *parameters])
        function.body = _with_items(function.body, asserting, of_candidate, items)
    of_candidate = loops.names_of_candidate(bindings, names)
    tree.body = _with_items(tree.body, asserting - divided, of_candidate, items)
    ast.fix_missing_locations(tree)
    return items


def _names_that_assert(tree: ast.Module) -> frozenset[str]:
    """Return the names of functions that assert, or call one that does."""
    functions = [node for node in walk(tree) if isinstance(node, _Function)]
    asserting: frozenset[str] = frozenset()
    while True:
        more = frozenset(node.name for node in functions if _asserts(node, asserting))
        if more == asserting:
            return asserting
        asserting = more


def _called_once(node: ast.stmt, tree: ast.Module, asserting: frozenset[str]) -> str:
    """Return the name of the asserting function whose only use is this statement; "" if none."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in asserting:
            names = [other.id for other in walk(tree) if isinstance(other, ast.Name)]
            return name if names.count(name) == 1 else ""
    return ""


def _asserts(node: ast.AST, asserting: frozenset[str]) -> bool:
    """Return whether a statement contains an assert, or calls a function that asserts."""
    for part in walk(node):
        match part:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in asserting:
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("assert"):
                return True
    return False


def _with_items(
    body: list[ast.stmt],
    asserting: frozenset[str],
    of_candidate: frozenset[str],
    items: list[str],
) -> list[ast.stmt]:
    divided: list[ast.stmt] = []
    for node in body:
        if isinstance(node, _NEVER_WRAPPED) or not _asserts(node, asserting):
            divided.append(node)
            continue
        name = str(len(items) + 1)
        items.append(name)
        loops.divide_loop(node, partial(_asserts, asserting=asserting), of_candidate)
        should_run = _call(SHOULD_RUN, name)
        item = ast.copy_location(ast.With([ast.withitem(_call(ITEM, name))], [node]), node)
        divided.append(ast.copy_location(ast.If(should_run, [item], []), node))
    return divided


def _call(function: str, name: str) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), [ast.Constant(name)], [])
