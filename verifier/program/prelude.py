"""Write what judge sites run before a program: a recursion limit, and imports that it lacks.

In: a program. Out: import statements for the names in `site_names.py` that the program reads and
neither binds nor imports; "" for most programs. Nothing else is imported: so an import can replace
no name of the program's, none of its star imports and no builtin.

A name counts as bound if any statement of the module binds it, also one that is never reached: a
program that provides for a missing name (`try: inf` … `except NameError: inf = …`) keeps its own.
"""

import ast
import datetime
import re
import symtable
from collections import defaultdict

from nova_code_verifier.verifier.program.site_names import DUAL, MODULES, SOURCES
from nova_code_verifier.verifier.syntax import Nodes, read_python, read_scopes, scopes_in

MAX_SCOPED_CHARS = 50_000
"""The scopes of a longer program are not read: every known name in its text is imported."""

DEEP_RECURSION = "__import__('sys').setrecursionlimit(50_000)\n"
"""The limit of LiveCodeBench. With Python's own, a cached function recurses 330 calls deep."""

_KNOWN = MODULES | SOURCES.keys()
_WORD = re.compile(r"[^\W\d]\w*")
# With these, words in strings may be read as names, too.
_EVALUATING = frozenset({"eval", "exec", "get_type_hints"})
_METHODS_OF_DATETIME = frozenset(dir(datetime.datetime)) - frozenset(dir(datetime))


def imports_for(program: str, *, entry_point: str = "") -> str:
    """Return the imports for *program*, a line for each statement, in a fixed order.

    The function of the *entry_point* is never imported, unless a class `Solution` has it as a
    method: a program that lacks it must not be graded on a function of the library.
    """
    words = set(_WORD.findall(program))
    known = words & _KNOWN
    if not known:
        return ""
    if len(program) > MAX_SCOPED_CHARS:
        return _write(known - {_function(entry_point)}, program="")
    module = read_scopes(program)
    if module is None:
        return ""  # it cannot be compiled
    unbound = _unbound(module, known | (words & _EVALUATING))
    if unbound & _EVALUATING:
        unbound = known - _bound(module, known)
    if not _has_method(module, _function(entry_point)):
        unbound -= {_function(entry_point)}
    return _write(unbound & known, program)


def _function(entry_point: str) -> str:
    return entry_point.rpartition(".")[2]


def _unbound(module: symtable.SymbolTable, known: set[str]) -> set[str]:
    """Return the names of *known* that some scope takes from the module, which does not bind them.

    Scopes without any of them are most, and are passed over quickly.
    """
    read: set[str] = set()
    for scope in scopes_in(module):
        for name in known.intersection(scope.get_identifiers()):
            symbol = scope.lookup(name)
            if symbol.is_referenced() and (scope is module or symbol.is_global()):
                read.add(name)
    return read - _bound(module, read)


def _bound(module: symtable.SymbolTable, names: set[str]) -> set[str]:
    """Return those of *names* that the module binds, or a function that declares them global."""
    bound: set[str] = set()
    for scope in scopes_in(module) if names else ():
        for name in names.intersection(scope.get_identifiers()):
            symbol = scope.lookup(name)
            if symbol.is_local() if scope is module else _binds_globally(symbol):
                bound.add(name)
    return bound


def _binds_globally(symbol: symtable.Symbol) -> bool:
    return symbol.is_declared_global() and (symbol.is_assigned() or symbol.is_imported())


def _has_method(module: symtable.SymbolTable, name: str) -> bool:
    return any(
        scope.get_name() == "Solution" and name in scope.get_identifiers()
        for scope in module.get_children()
        if isinstance(scope, symtable.Class)
    )


def _write(names: set[str], program: str) -> str:
    modules = (names & MODULES) - _meant_as_content(names & DUAL, program)
    taken = defaultdict(list)
    for name in sorted(names - modules):
        taken[SOURCES.get(name, name)].append(name)
    lines = [f"import {name}\n" for name in sorted(modules)]
    lines += [f"from {module} import {', '.join(taken[module])}\n" for module in sorted(taken)]
    return "".join(lines)


def _meant_as_content(names: set[str], program: str) -> set[str]:
    """Return those of *names* by which *program* does not mean a module, but what it holds.

    A program means the module if it only takes attributes from it: `bisect.insort(a, x)`, not
    `bisect(a, x)`.
    """
    tree = read_python(program) if names else None
    if tree is None:
        return set()
    nodes = Nodes(tree)
    attributes = {id(node.value): node.attr for node in nodes.of(ast.Attribute)}
    return {
        node.id
        for node in nodes.of(ast.Name)
        if node.id in names and _is_of_content(node.id, attributes.get(id(node)))
    }


def _is_of_content(name: str, attribute: str | None) -> bool:
    return attribute is None or (name == "datetime" and attribute in _METHODS_OF_DATETIME)
