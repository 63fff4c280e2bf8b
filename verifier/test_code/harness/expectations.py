"""What tests want of a candidate: the answers that they compare with, and exceptions.

In: test code; or, while it is run with no answers known, what an answer is compared with. Out: how
often each answer is wanted, and which exceptions are. Must not know: what is made of it.

Neither way finds everything: run, `sorted(f(1)) == [1]` stops before it compares; read, the rows
that a loop goes through, or what is computed, are not seen.
"""

import ast
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, dump, to_tree

_CHARACTERS_MAX = 10_000
_CLOSE = frozenset({"allclose", "approx", "isclose"})
_RAISES = frozenset({"assertRaises", "assertRaisesRegex", "raises"})
# What a constant may be made of, beside literals and operators.
_MAKERS = {
    kind.__name__: kind for kind in (complex, dict, float, frozenset, list, range, set, tuple)
} | {"math": math, "sorted": sorted}
_MADE_OF = (
    ast.BinOp, ast.Call, ast.Constant, ast.Dict, ast.List, ast.Load, ast.Set, ast.Tuple,
    ast.UnaryOp, ast.operator, ast.unaryop,
)  # fmt: skip
_UNREASONABLE = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
_POWER_MAX = 1000


class ExpectedValues:
    """What a run of the tests compares answers with that are not known yet."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.answers: Counter[str] = Counter()
        self.bounds: set[float] = set()
        self.has_parts = False

    def note(self, operation: str, value: Any, *, is_part: bool) -> None:
        """Note that an answer is put beside *value*: equals it, is less, is subtracted from it.

        Or it *is_part* of an answer, an attribute.
        """
        self.has_parts |= is_part
        kind = type(value)
        if kind.__name__.startswith("Approx"):
            value = getattr(value, "expected", None)  # pytest's
        if hasattr(kind, "__next__"):
            return  # to write it would use it up
        self.answers.update(texts([value]))
        if operation not in ("eq", "ne") and kind in (int, float):
            self.bounds.add(value)


def texts(values: Iterable[Any]) -> Iterator[str]:
    """Write answers as a candidate's guest would; leave out what it could not, or is long."""
    for value in values:
        try:
            text = dump({"is": to_tree(value)}).decode("ascii")
        except EncodingError:
            continue
        if len(text) <= _CHARACTERS_MAX:
            yield text


def read_expectations(tree: ast.Module) -> dict[str, Any]:
    """Find what tests want, by reading them: a count of each answer, and of each exception."""
    names = _constants_by_name(tree)
    nodes = list(ast.walk(tree))
    sides = (side for node in nodes for side in _compared(node))
    answers = [value for side in sides for value in _constants(side, names)]
    truths = [truth for node in nodes for truth in _truths(node)]
    return {
        "answers": dict(Counter(texts([*answers, *truths]))),
        "raised": [list(one) for one, _ in Counter(_raised(nodes)).most_common()],
    }


def called_methods(tree: ast.Module) -> list[str]:
    """Name all that tests call as a method of anything."""
    return sorted({
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    })  # fmt: skip


def _compared(node: ast.AST) -> list[ast.expr]:
    """Find the parts of a node that it compares with one another."""
    match node:
        case ast.Compare(left=left, comparators=comparators):
            return [left, *comparators]
        case ast.BinOp(op=ast.Sub(), right=right):
            return [right]  # abs(f(1) - 2.5) < 1e-6
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args):
            is_attribute = isinstance(node.func, ast.Attribute)
            if name in _CLOSE or (is_attribute and name.startswith("assert")):
                return args[:2]
    return []


def _truths(node: ast.AST) -> Iterator[bool]:
    """Tell whether a node wants something to be true, or not to be."""
    match node:
        case ast.Assert(test=ast.Call()):
            yield True
        case ast.Assert(test=ast.UnaryOp(op=ast.Not())):
            yield False
        case ast.Call(func=ast.Attribute(attr="assertTrue" | "assertFalse" as name)):
            yield name == "assertTrue"


def _constants(node: ast.expr, names: dict[str, list[Any]]) -> Iterator[Any]:
    """Find what a node is, or may be, where it names a constant."""
    if isinstance(node, ast.Name):
        yield from names.get(node.id, ())
    else:
        yield from _values(node)


def _constants_by_name(tree: ast.Module) -> dict[str, list[Any]]:
    names: dict[str, list[Any]] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                names.setdefault(name, []).extend(_values(value))
    return names


def _values(node: ast.expr) -> Iterator[Any]:
    """Work out a constant, if a node is one: `set((4, 5))`, `10**3`, `float("inf")`."""
    if not all(map(_is_of_constant, ast.walk(node))):
        return
    code = compile(ast.Expression(node), "<constant>", "eval", dont_inherit=True)
    with suppress(*_UNREASONABLE):
        yield eval(code, {"__builtins__": _MAKERS})  # noqa: S307  (of the tests, and of what is listed)


def _is_of_constant(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _MAKERS
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            return isinstance(getattr(math, name, None), float)
        case ast.BinOp(op=ast.Mult() | ast.LShift() | ast.Pow(), right=right):
            return isinstance(right, ast.Constant) and _is_small(right.value)
    return isinstance(node, _MADE_OF)


def _is_small(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and value <= _POWER_MAX)


def _raised(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Find the exceptions that tests wait for, each by its name, and what it should say."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[kind, *args]):
                if name in _RAISES:
                    said = [one.value for one in node.keywords if one.arg == "match"] + args
                    yield from ((one, _text(said)) for one in _names(kind))
            case ast.ExceptHandler(type=ast.expr() as kind):
                yield from ((one, "") for one in _names(kind))


def _names(kind: ast.expr) -> Iterator[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    yield from (one.id for one in kinds if isinstance(one, ast.Name))


def _text(said: list[ast.expr]) -> str:
    match said:
        case [ast.Constant(value=str() as text), *_]:
            return text
    return ""
