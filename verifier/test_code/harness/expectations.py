"""The answers and exceptions that tests expect of a candidate.

In: test code; or, while it runs with no answers known, the values that an answer is compared with.
Out: how often each answer is expected, and which exceptions are.

Neither way finds everything: at run time, `sorted(f(1)) == [1]` stops before it compares; the
source does not show the rows that a loop goes through, or values that are computed.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, dump, to_tree

_CHARACTERS_MAX = 10_000
_CLOSE = frozenset({"allclose", "approx", "isclose"})
_RAISES = frozenset({"assertRaises", "assertRaisesRegex", "raises"})
# In addition to literals and operators, a constant may be made with these.
_CONSTRUCTORS = {
    kind.__name__: kind for kind in (complex, dict, float, frozenset, list, range, set, tuple)
} | {"math": math, "sorted": sorted}
_NODES_OF_CONSTANTS = (
    ast.BinOp, ast.Call, ast.Constant, ast.Dict, ast.List, ast.Load, ast.Set, ast.Tuple,
    ast.UnaryOp, ast.operator, ast.unaryop,
)  # fmt: skip
_EVALUATION_ERRORS = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
_POWER_MAX = 1000
# `math.isnan`, `np.nan`, "NaN", `nan_ok`, `assertIsNaN`; but not `nanosecond` or `finance`.
_NAN = re.compile(r"(?i:\bnan\b|isnan|nan_|_nan|\bnan(?:mean|median|sum|min|max|std))|NaN")


def may_expect_nan(test_code: str) -> bool:
    """Return whether tests speak of nan. If not, a candidate's nan is not what they expect."""
    return "nan" in test_code.lower() and _NAN.search(test_code) is not None


def may_expect_stop(test_code: str) -> bool:
    """Return whether tests speak of `StopIteration` or `StopAsyncIteration`."""
    return "StopIteration" in test_code or "StopAsyncIteration" in test_code


class ExpectedValues:
    """The values that a run of the tests compares unknown answers with."""

    def __init__(self) -> None:
        """Start with none."""
        self.answers: Counter[str] = Counter()
        self.bounds: set[float] = set()
        self.has_attributes = False

    def note(self, operation: str, value: object, *, is_attribute: bool) -> None:
        """Note that the tests compare *value* with an answer or with an attribute of one.

        A subtraction counts as a comparison: `abs(f(1) - 2.5) < 1e-6`.
        """
        self.has_attributes |= is_attribute
        kind = type(value)
        if kind.__name__.startswith("Approx"):
            value = getattr(value, "expected", None)  # pytest's
        if hasattr(kind, "__next__"):
            return  # to write it would exhaust it
        self.answers.update(texts([value]))
        is_comparison_of_order = operation not in ("eq", "ne")
        if is_comparison_of_order and kind in (int, float) and isinstance(value, int | float):
            self.bounds.add(value)


def texts(values: Iterable[object]) -> Iterator[str]:
    """Write values as a candidate's guest does; leave out long ones, and those not plain data."""
    for value in values:
        try:
            text = dump({"is": to_tree(value)}).decode("ascii")
        except EncodingError:
            continue
        if len(text) <= _CHARACTERS_MAX:
            yield text


def read_answers(tree: ast.Module) -> dict[str, int]:
    """Count the answers that tests expect, as far as their source shows them."""
    names = _constants_by_name(tree)
    nodes = list(ast.walk(tree))
    sides = (side for node in nodes for side in _compared(node))
    answers = [value for side in sides for value in _constants(side, names)]
    truths = [truth for node in nodes for truth in _truths(node)]
    return dict(Counter(texts([*answers, *truths])))


def read_exceptions(tree: ast.Module) -> list[list[str]]:
    """List the exceptions that tests expect, most frequent first: the name, and the message."""
    expected = Counter(_expected_exceptions(ast.walk(tree)))
    return [[name, message] for (name, message), _ in expected.most_common()]


def called_methods(tree: ast.Module) -> list[str]:
    """Return the names that tests call as a method of any object."""
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
    """Yield the truth value that a node asserts of a call."""
    match node:
        case ast.Assert(test=ast.Call()):
            yield True
        case ast.Assert(test=ast.UnaryOp(op=ast.Not())):
            yield False
        case ast.Call(func=ast.Attribute(attr="assertTrue" | "assertFalse" as name)):
            yield name == "assertTrue"


def _constants(node: ast.expr, names: dict[str, list[object]]) -> Iterator[object]:
    """Find the values of a name, or of a constant: `set((4, 5))`, `10**3`, `float("inf")`."""
    if isinstance(node, ast.Name):
        yield from names.get(node.id, ())
    elif all(map(_is_of_constant, ast.walk(node))):
        code = compile(ast.Expression(node), "<constant>", "eval", dont_inherit=True)
        with suppress(*_EVALUATION_ERRORS):
            yield eval(code, {"__builtins__": _CONSTRUCTORS})  # noqa: S307  (the dataset's, and only what is listed)


def _constants_by_name(tree: ast.Module) -> dict[str, list[object]]:
    names: dict[str, list[object]] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                names.setdefault(name, []).extend(_constants(value, {}))
    return names


def _is_of_constant(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _CONSTRUCTORS
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            return isinstance(getattr(math, name, None), float)
        case ast.BinOp(op=ast.Mult() | ast.LShift() | ast.Pow(), right=right):
            return isinstance(right, ast.Constant) and _is_small(right.value)
    return isinstance(node, _NODES_OF_CONSTANTS)


def _is_small(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and value <= _POWER_MAX)


def _expected_exceptions(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Find the exceptions that tests wait for, each with the message that it should have."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[kind, *args]):
                if name in _RAISES:
                    patterns = [key.value for key in node.keywords if key.arg == "match"] + args
                    yield from ((raised, _message(patterns)) for raised in _names(kind))
            case ast.ExceptHandler(type=ast.expr() as kind):
                yield from ((raised, "") for raised in _names(kind))


def _names(kind: ast.expr) -> Iterator[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    yield from (name.id for name in kinds if isinstance(name, ast.Name))


def _message(patterns: list[ast.expr]) -> str:
    match patterns:
        case [ast.Constant(value=str() as text), *_]:
            return text
    return ""
