"""Tests that are a script: asserts at the top level or in a function `check`.

In: a script. Out: the same script, in which every assert (with the loop or the `if` around it) is a
test item, and every statement a step. `harness/runner.py` defines what items and steps do.
"""

import ast
import itertools
import symtable
from collections.abc import Iterator

_NEVER_WRAPPED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global,
    ast.Nonlocal, ast.Pass, ast.Break, ast.Continue,
)  # fmt: skip
# Modules without state that a call could change.
_STATELESS_MODULES = frozenset({
    "__future__", "abc", "base64", "bisect", "cmath", "collections", "copy", "dataclasses",
    "datetime", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math",
    "numbers", "operator", "re", "solution", "statistics", "string", "textwrap", "typing",
})  # fmt: skip
_POWERFUL_NAMES = frozenset({
    "__import__", "breakpoint", "delattr", "eval", "exec", "globals", "input", "open", "setattr",
    "vars",
})  # fmt: skip
CANDIDATE = "__candidate_{}__"
"""A second name for a name of the candidate's, where the tests have given the first to a module."""
FILE_NAME = "<tests>"
"""The name of the script's file, in code objects and tracebacks."""
STEP, SHOULD_RUN, ITEM = "__step__", "__should_run__", "__item__"
"""The names in a divided script: a step, whether to run an item, and an item."""
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
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler(type=ast.Name(id=name)):
                found.add(name)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id=name)]):
                found.add(name)
    return frozenset(found & names)


def called_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that are called as functions."""
    return frozenset(
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def names_of_objects(tree: ast.Module) -> frozenset[str]:
    """Return the names that are used in another way than to look up an attribute: no modules."""
    owners = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
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
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in found:
                node.func = ast.copy_location(
                    ast.Name(CANDIDATE.format(name), ast.Load()), node.func
                )
    return frozenset(found)


def _names_bound_otherwise(tree: ast.Module) -> set[str]:
    """Return the names that anything but `import name` binds, anywhere in a script."""
    names: set[str] = set()
    for node in ast.walk(tree):
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
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if alias.name != "*"
    )


def imported_modules(tree: ast.Module) -> frozenset[str]:
    """Return the modules that a script imports, or imports names from."""
    return frozenset(name for node in ast.walk(tree) for name in _imported(node))


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module):
            return [str(module)]
    return []


def leaves_no_trace(*trees: ast.Module) -> bool:
    """Return whether scripts can run again in the same process, as if for the first time.

    This looks at the source only: False wherever there is a doubt.
    """
    for node in itertools.chain.from_iterable(map(ast.walk, trees)):
        match node:
            case ast.Name(id=name) if name in _POWERFUL_NAMES:
                return False
            case ast.Attribute(value=ast.Name(id="self")):
                continue
            case ast.Attribute(attr=attr, ctx=context) if attr.startswith("__") or not isinstance(
                context, ast.Load
            ):
                return False
        if not _STATELESS_MODULES.issuperset(name.partition(".")[0] for name in _imported(node)):
            return False
    return True


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
        for node in ast.walk(tree)
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


def divide_into_items(tree: ast.Module) -> list[str]:
    """Make a test item of every statement of *tree* that asserts. Return their names, in order."""
    functions = {node.name: node for node in tree.body if isinstance(node, _Function)}
    asserting = _names_that_assert(tree)
    names: list[str] = []
    called = (_called_once(node, tree, asserting) for node in tree.body)
    divided = {name for name in called if name in functions}
    for name in divided:
        functions[name].body = _with_items(functions[name].body, asserting, names)
    tree.body = _with_items(tree.body, asserting - divided, names)
    return names


def _names_that_assert(tree: ast.Module) -> frozenset[str]:
    """Return the names of functions that assert, or call one that does."""
    functions = [node for node in ast.walk(tree) if isinstance(node, _Function)]
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
            names = [other.id for other in ast.walk(tree) if isinstance(other, ast.Name)]
            return name if names.count(name) == 1 else ""
    return ""


def _asserts(node: ast.AST, asserting: frozenset[str]) -> bool:
    """Return whether a statement contains an assert, or calls a function that asserts."""
    for part in ast.walk(node):
        match part:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in asserting:
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("assert"):
                return True
    return False


def _with_items(
    body: list[ast.stmt], asserting: frozenset[str], names: list[str]
) -> list[ast.stmt]:
    divided: list[ast.stmt] = []
    for node in body:
        if isinstance(node, _NEVER_WRAPPED) or not _asserts(node, asserting):
            divided.append(node)
            continue
        name = str(len(names) + 1)
        names.append(name)
        should_run = _call(SHOULD_RUN, name)
        item = ast.With([ast.withitem(_call(ITEM, name))], [node])
        divided.append(ast.If(should_run, [item], []))
    return divided


def _call(function: str, name: str) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), [ast.Constant(name)], [])


def divide_into_steps(tree: ast.Module) -> None:
    """Make a step of every statement: of a module, of its functions, and inside of statements."""
    first = 1 if ast.get_docstring(tree) is not None else 0
    tree.body[first:] = map(_as_step, tree.body[first:])
    ast.fix_missing_locations(tree)


def _as_step(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.ClassDef):
        node.body = [_as_step(part) if isinstance(part, _Function) else part for part in node.body]
        return node
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list) and statements:
            setattr(node, name, [*map(_as_step, statements)])
    for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        branch.body = [*map(_as_step, branch.body)]
    if isinstance(node, _NEVER_WRAPPED) or getattr(node, "module", None) == "__future__":
        return node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node  # a docstring
    step = ast.With([ast.withitem(ast.Name(STEP, ast.Load()))], [node])
    return ast.copy_location(step, node)
