"""Find tests that evaluate text which may be the candidate's: they need its process.

In: test code. Out: the line of the first `eval`, `exec`, `compile` or `dictConfig` whose argument is
not certain to come from the tests themselves.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence

from nova_code_verifier.verifier.test_code.harness.trees import walk

_EVALUATING = frozenset({"compile", "eval", "exec"})
_HEIGHT_MAX = 9
_TEXTS = (ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.operator, ast.Load)


def find_evaluation(tree: ast.Module) -> int:
    """Return the line of the first evaluation of a text that may be a candidate's; 0 if none."""
    own = {node.name for node in walk(tree) if isinstance(node, ast.FunctionDef)}
    evaluating = _EVALUATING - own
    names = {node.id for node in walk(tree) if isinstance(node, ast.Name)}
    configs = [*_configurations(tree)]
    clean = _clean_names(tree) if configs or names & evaluating else frozenset()
    for config in configs:
        if not _is_literal(config, clean):
            return config.lineno
    called: set[int] = set()
    for node in walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) as function, args=[text, *_]) if (
                name in evaluating
            ):
                called.add(id(function))
                if not _is_clean(text, clean):
                    return node.lineno
    for node in walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in evaluating and id(node) not in called:
                return node.lineno
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if name in _EVALUATING:
                return node.lineno
    return 0


def _configurations(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what the tests configure `logging` with: it may name functions, which are called."""
    for node in walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="dictConfig") | ast.Name(id="dictConfig"),
                args=[config, *_],
            ):
                yield config


def _is_clean(text: ast.expr, clean: frozenset[str]) -> bool:
    return all(
        isinstance(part, _TEXTS) or (isinstance(part, ast.Name) and part.id in clean)
        for part in walk(text)
    )


def _clean_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that are bound, wherever they are, to constants or to items of them.

    Not those of containers that anyone could change: `f(texts)` may put another text into them.
    """
    bound: dict[str, list[ast.expr | None]] = {}
    for node in walk(tree):
        for name, value in _bindings(node):
            bound.setdefault(name, []).append(value)
    heights = _heights(bound)
    handed = _handed_names(tree, heights)
    clean: frozenset[str] = frozenset()
    while True:
        more = frozenset(
            name
            for name, values in bound.items()
            if not (heights[name] and name in handed)
            and all(value is not None and _is_literal(value, clean) for value in values)
        )
        if more == clean:
            return clean
        clean = more


def _heights(bound: Mapping[str, Sequence[ast.expr | None]]) -> dict[str, int]:
    """Return how many levels each name has, down to the last container that can change."""
    heights = dict.fromkeys(bound, 0)
    while True:
        higher = {
            name: max((_height(value, heights) for value in values if value), default=0)
            for name, values in bound.items()
        }
        if higher == heights:
            return heights
        heights = higher


def _height(value: ast.AST, heights: Mapping[str, int]) -> int:
    if isinstance(value, ast.Name):
        return heights.get(value.id, 0)
    inside = max((_height(part, heights) for part in ast.iter_child_nodes(value)), default=0)
    if isinstance(value, ast.Starred):  # an item of this
        return inside - (0 < inside < _HEIGHT_MAX)
    if isinstance(value, (ast.List, ast.Dict, ast.Set)):
        return min(inside + 1, _HEIGHT_MAX)
    return min(inside + (inside > 0), _HEIGHT_MAX)


def _handed_names(tree: ast.Module, heights: Mapping[str, int]) -> frozenset[str]:
    """Return the names that are used for more than to iterate over their items, or to read one."""
    read = {id(config) for config in _configurations(tree)}
    for node in walk(tree):
        match node:
            case ast.For(iter=value) | ast.comprehension(iter=value):
                read.add(id(_iterated(value)))
            case ast.Subscript(value=ast.Name(id=name) as value, ctx=ast.Load()):
                if heights.get(name, 0) <= 1:
                    read.add(id(value))
            case ast.Call(func=ast.Name(id="len"), args=[value]):
                read.add(id(value))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                read.update(id(value) for _, value in _parametrized(node))
    names = (node for node in walk(tree) if isinstance(node, ast.Name))
    return frozenset(
        node.id for node in names if isinstance(node.ctx, ast.Load) and id(node) not in read
    )


def _iterated(value: ast.expr) -> ast.expr:
    match value:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "keys" | "values"), args=[]):
            return owner
    return value


def _is_literal(value: ast.expr, clean: frozenset[str]) -> bool:
    kinds = (ast.Starred, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.unaryop, *_TEXTS)
    return all(
        isinstance(part, kinds) or (isinstance(part, ast.Name) and part.id in clean)
        for part in walk(value)
    )


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that a node binds, each with what its values come from; None if unknown.

    `*items` stands for an item of a container.
    """
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from ((name, value) for name in _names(target))
        case ast.For(target=target, iter=ast.Call(func=ast.Attribute(value=value, attr="items"))):
            yield from ((name, ast.Starred(value)) for name in _names(target))
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield from ((name, ast.Starred(value)) for name in _names(target))
        case ast.FunctionDef(args=arguments) | ast.AsyncFunctionDef(args=arguments):
            given = {name: ast.Starred(values) for name, values in _parametrized(node)}
            names = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            yield from ((argument.arg, given.get(argument.arg)) for argument in names)
        case (
            ast.AugAssign(target=target)
            | ast.AnnAssign(target=target)
            | ast.NamedExpr(target=target)
        ):
            yield from ((name, None) for name in _names(target))
        case ast.Lambda(args=arguments):
            yield from ((argument.arg, None) for argument in arguments.args)
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from ((name, None) for name in _names(target))


def _parametrized(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    for mark in node.decorator_list:
        match mark:
            case ast.Call(
                func=ast.Attribute(attr="parametrize"),
                args=[ast.Constant(value=str(names)), values],
            ):
                yield from ((name.strip(), values) for name in names.split(","))


def _names(target: ast.expr) -> Iterator[str]:
    for part in walk(target):
        if isinstance(part, ast.Name):
            yield part.id
