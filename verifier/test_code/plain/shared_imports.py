"""What tests in one file with a program import for it, too: a session provides these names.

In: a program, and the imports of `CompiledTests`. Out: whether the program may need one of them.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from nova_code_verifier.verifier.syntax import read_python, read_scopes, scopes_in

_WORD = re.compile(r"[^\W\d]\w*")
# With these, a program may see names that it does not mention.
_REFLECTING = frozenset({
    "__dict__", "__main__", "dir", "eval", "exec", "get_type_hints", "getattr", "globals",
    "inspect", "locals", "modules", "vars",
})  # fmt: skip


def may_need_imports(program: str, imports: Sequence[Sequence[str]]) -> bool:
    """Return whether a program may use a name that only *imports* of its tests bind."""
    # As `sandbox/guest/surroundings.py` looks for them.
    names = {name.partition(".")[0] for name, _ in imports if name in program}
    if not names:
        return False
    words = frozenset(_WORD.findall(program))
    if not words.isdisjoint(_REFLECTING):
        return True
    names &= words
    return bool(names and names & _read(program) - _bound(program))


def import_statements(imports: Sequence[Sequence[str]]) -> str:
    """Write *imports* for a program that has to do without a session."""
    return "".join(map(_statement, imports))


def _statement(item: Sequence[str]) -> str:
    name, target = item
    module, _, attribute = target.partition(":")
    if "." in name:
        statement = f"import {module}"
    else:
        statement = f"from {module} import {attribute}" if attribute else f"import {module}"
        statement += f" as {name}"
    return f"try:\n    {statement}\nexcept Exception:\n    pass\n"


def _read(program: str) -> frozenset[str]:
    """Return the global names that a program reads; none if it cannot be compiled."""
    module = read_scopes(program)
    return frozenset(
        symbol.get_name()
        for scope in (scopes_in(module) if module else ())
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (scope is module or symbol.is_global())
    )


def _bound(program: str) -> frozenset[str]:
    """Return the names that a program certainly binds: on its top level, and deletes nowhere."""
    tree = read_python(program)
    if tree is None:
        return frozenset()
    deleted = {
        part.id
        for part in ast.walk(tree)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del)
    }
    return frozenset(name for node in tree.body for name in _names(node)) - deleted


def _names(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
