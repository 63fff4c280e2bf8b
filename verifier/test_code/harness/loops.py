"""Loops that assert: each iteration is a part of the test item, and a failure ends only its part.

In: a statement of a script that is an item. Out: the same statement, in which the body of a loop is
wrapped as `with __part__(failures_max):`. `harness/run.py` defines what a part does.

A loop stays as it is if the candidate could choose how many iterations there are: a long list with
one mistake would pass most of them. It also stays if it can be left early, because the iterations
that are not tried would not count.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

from nova_code_verifier.verifier.test_code.harness.trees import walk

PART = "__part__"
"""The name of a part in a divided script."""
_FAILURES_MAX = 10_000
# A failure may have left out the statement that lets such a loop end.
_FAILURES_OF_WHILE_MAX = 100
_Loop = ast.For | ast.While
Binding = tuple[frozenset[str], frozenset[str]]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bindings_in(body: Iterable[ast.stmt]) -> list[Binding]:
    """Return what statements bind: the names that they use to do so, and the names that they bind.

    This is for `names_of_candidate`: it walks through tests only once, because they may be long.
    """
    found = (
        (frozenset(_names_in(*used)), frozenset(_bound(node)))
        for node in walk(*body)
        if (used := _used_to_bind(node))
    )
    return [(used, bound) for used, bound in found if used and bound]


def names_of_candidate(bindings: Iterable[Binding], names: Iterable[str]) -> frozenset[str]:
    """Return those names whose values come from one of *names*, which are the candidate's."""
    found = frozenset(names)
    while True:
        more = found.union(*(bound for used, bound in bindings if not found.isdisjoint(used)))
        if more == found:
            return found
        found = more


def _used_to_bind(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node that binds names which the values come from."""
    match node:
        case ast.Assign(value=used) | ast.NamedExpr(value=used) | ast.For(iter=used):
            return [used]
        case ast.AnnAssign(value=ast.expr() as used) | ast.AugAssign(value=used):
            return [used]
        case ast.withitem(context_expr=used) | ast.comprehension(iter=used):
            return [used]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node]
        case ast.Call(func=ast.Attribute(value=ast.Name())):  # results.append(f(x))
            return [*node.args, *node.keywords]
    return []


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets):
            yield from _names_in(*targets)
        case ast.NamedExpr(target=target) | ast.For(target=target):
            yield from _names_in(target)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from _names_in(target)
        case ast.comprehension(target=target) | ast.withitem(optional_vars=ast.expr() as target):
            yield from _names_in(target)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            yield name


def _names_in(*nodes: ast.AST) -> Iterator[str]:
    yield from (part.id for part in walk(*nodes) if isinstance(part, ast.Name))


def mentions(node: ast.AST, names: frozenset[str]) -> bool:
    """Return whether a node uses one of *names*."""
    return not names.isdisjoint(_names_in(node))


def divide_loop(
    statement: ast.stmt, asserts: Callable[[ast.stmt], bool], names: frozenset[str]
) -> None:
    """Make each iteration of a loop a part, if the *statement* is a loop, or an `if` around one.

    Of loops in loops, the iterations of the outer one are parts, unless it contains nothing else.
    *asserts* says whether a statement asserts; *names* are the names of the candidate's values.
    """
    loop = _loop_in(statement)
    while loop is not None and can_divide(loop, names):
        inner = _loop_in(*loop.body)
        if inner is not None and can_divide(inner, names):
            loop = inner
            continue
        if any(map(asserts, loop.body)):
            loop.body = [_as_part(loop)]
        return


def _loop_in(*body: ast.stmt) -> _Loop | None:
    """Return the loop that is the only statement, perhaps in an `if`."""
    match body:
        case [ast.For() | ast.While() as loop]:
            return loop
        case [ast.If(body=[inner], orelse=[])]:
            return _loop_in(inner)
    return None


def can_divide(loop: _Loop, names: frozenset[str]) -> bool:
    """Return whether the iterations of a loop are parts; *names* are the candidate's."""
    if _may_leave(loop.body):
        return False
    if isinstance(loop, ast.While):
        return not mentions(loop.test, names)
    if isinstance(loop.iter, ast.Tuple | ast.List):
        return not any(isinstance(part, ast.Starred) for part in loop.iter.elts)
    return not mentions(loop.iter, names)


def _may_leave(body: Iterable[ast.stmt], *, is_inner: bool = False) -> bool:
    """Return whether statements may leave the loop that they are in."""
    for node in body:
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not is_inner):
            return True
        if isinstance(node, _FUNCTIONS):
            continue
        is_loop = isinstance(node, ast.For | ast.AsyncFor | ast.While)
        if _may_leave(getattr(node, "body", ()), is_inner=is_inner or is_loop):
            return True
        others = [*getattr(node, "orelse", ()), *getattr(node, "finalbody", ())]
        for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            others += branch.body
        if _may_leave(others, is_inner=is_inner):
            return True
    return False


def _as_part(loop: _Loop) -> ast.stmt:
    most = _FAILURES_OF_WHILE_MAX if isinstance(loop, ast.While) else _FAILURES_MAX
    part = ast.Call(ast.Name(PART, ast.Load()), [ast.Constant(most)], [])
    return ast.copy_location(ast.With([ast.withitem(part)], loop.body), loop.body[0])
