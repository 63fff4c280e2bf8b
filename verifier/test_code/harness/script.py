"""Tests that are a script: asserts, one after the other, or in a function `check`.

In: a script. Out: the same, in which every assert (with the loop or the `if` around it) is a
unit of its own, and every statement a step. What a step or a unit does is said in
`verifier.test_code.harness.runner`. Must not know: stand-ins, answers.
"""

import ast
import symtable
from collections.abc import Iterator

_UNWRAPPED = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Global,
    ast.Nonlocal,
    ast.Pass,
    ast.Break,
    ast.Continue,
)
# Modules without a state that a script could change by calling something in them.
_STATELESS_MODULES = frozenset({
    "__future__", "abc", "base64", "bisect", "cmath", "collections", "copy", "dataclasses",
    "datetime", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math",
    "numbers", "operator", "re", "solution", "statistics", "string", "textwrap", "typing",
})  # fmt: skip
_REACHING_FAR = frozenset({
    "__import__", "breakpoint", "delattr", "eval", "exec", "globals", "input", "open", "setattr",
    "vars",
})  # fmt: skip
STEP, BEGINS, UNIT = "__step__", "__begins__", "__unit__"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def free_names(source: str, bound: frozenset[str]) -> frozenset[str]:
    """Find the names that a script uses and does not define, nor are in *bound*."""
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
    """Find the names that a module defines."""
    return frozenset(_defined(symtable.symtable(ast.unparse(tree), "prompt", "exec")))


def _defined(top: symtable.SymbolTable) -> set[str]:
    return {symbol.get_name() for symbol in top.get_symbols() if _is_defined(symbol)}


def names_of_classes(tree: ast.Module, names: frozenset[str]) -> frozenset[str]:
    """Find those of *names* that a script treats as classes, or that are written like one."""
    found = {name for name in names if name[:1].isupper() and "_" not in name}
    found.discard("Solution")  # it only holds the function
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler(type=ast.Name(id=name)):
                found.add(name)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id=name)]):
                found.add(name)
    return frozenset(found & names)


def called_names(tree: ast.Module) -> frozenset[str]:
    """Find the names that are called as functions."""
    return frozenset(
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def _is_defined(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def names_imported_from(tree: ast.Module, modules: frozenset[str]) -> frozenset[str]:
    """Find the names that a script imports from one of *modules*."""
    return frozenset(
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if alias.name != "*"
    )


def imported_modules(tree: ast.Module) -> frozenset[str]:
    """Find the modules that a script imports as a whole, or everything from."""
    whole = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return frozenset(
        whole | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    )


def leaves_no_trace(*trees: ast.Module) -> bool:
    """Tell whether scripts can be run again in the same process, as if for the first time.

    Told by what is written: False wherever there is a doubt.
    """
    for node in (one for tree in trees for one in ast.walk(tree)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=module):
                modules = [str(module)]
            case ast.Name(id=name) if name in _REACHING_FAR:
                return False
            case ast.Attribute(value=ast.Name(id="self")):
                continue
            case ast.Attribute(attr=attr, ctx=context) if attr.startswith("__") or not isinstance(
                context, ast.Load
            ):
                return False
            case _:
                continue
        if not _STATELESS_MODULES.issuperset(name.partition(".")[0] for name in modules):
            return False
    return True


def only_builtin_called(tree: ast.Module) -> frozenset[str]:
    """Name the one built-in function that a script calls: the candidate has its own `sum`.

    With any other name of the candidate's about, built-in functions are Python's: else a
    candidate could bring an `abs` of its own into the tests.
    """
    called = called_names(tree)
    return called if len(called) == 1 else frozenset()


def divide_into_units(tree: ast.Module) -> list[str]:
    """Make a unit of every statement of *tree* that asserts. Return their names, in order."""
    functions = {node.name: node for node in tree.body if isinstance(node, _Function)}
    asserting = _names_that_assert(tree)
    names: list[str] = []
    called = (_called_alone(node, tree, asserting) for node in tree.body)
    opened = {name for name in called if name is not None and name in functions}
    for name in opened:
        functions[name].body = _with_units(functions[name].body, asserting, names)
    tree.body = _with_units(tree.body, asserting - opened, names)
    return names


def _names_that_assert(tree: ast.Module) -> frozenset[str]:
    """Name the functions that assert, or call one that does."""
    functions = [node for node in ast.walk(tree) if isinstance(node, _Function)]
    asserting: frozenset[str] = frozenset()
    while True:
        more = frozenset(node.name for node in functions if _asserts(node, asserting))
        if more == asserting:
            return asserting
        asserting = more


def _called_alone(node: ast.stmt, tree: ast.Module, asserting: frozenset[str]) -> str | None:
    """Name the function whose only call is this statement, and that asserts by itself."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in asserting:
            calls = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and one.id == name]
            return name if len(calls) == 1 else None
    return None


def _asserts(node: ast.AST, asserting: frozenset[str]) -> bool:
    """Tell whether a statement holds an assert, or calls a function that asserts."""
    for one in ast.walk(node):
        match one:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in asserting:
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("assert"):
                return True
    return False


def _with_units(
    body: list[ast.stmt], asserting: frozenset[str], names: list[str]
) -> list[ast.stmt]:
    divided: list[ast.stmt] = []
    for node in body:
        if isinstance(node, _UNWRAPPED) or not _asserts(node, asserting):
            divided.append(node)
            continue
        name = str(len(names) + 1)
        names.append(name)
        text = ast.Constant(name)
        begins = ast.Call(ast.Name(BEGINS, ast.Load()), [text], [])
        unit = _within(ast.Call(ast.Name(UNIT, ast.Load()), [text], []), node)
        divided.append(ast.If(begins, [unit], []))
    return divided


def _within(context: ast.expr, node: ast.stmt) -> ast.stmt:
    return ast.With([ast.withitem(context)], [node])


def divide_into_steps(tree: ast.Module) -> None:
    """Make a step of every statement: of a module, of its functions, and of what is in them."""
    first = 1 if ast.get_docstring(tree) is not None else 0
    tree.body[first:] = _with_steps(tree.body[first:])
    ast.fix_missing_locations(tree)


def _with_steps(body: list[ast.stmt]) -> list[ast.stmt]:
    return [_as_step(node) for node in body]


def _as_step(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.ClassDef):
        node.body = [_as_step(one) if isinstance(one, _Function) else one for one in node.body]
        return node
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list) and statements:
            setattr(node, name, _with_steps(statements))
    for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        branch.body = _with_steps(branch.body)
    if isinstance(node, _UNWRAPPED) or getattr(node, "module", None) == "__future__":
        return node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node  # a docstring
    return ast.copy_location(_within(ast.Name(STEP, ast.Load()), node), node)
