"""The answers and exceptions that tests expect of a candidate.

In: test code; or, while it runs with a recorder, the values that an answer is compared with. Out:
how often each answer is expected, and which exceptions are.

Neither way finds everything: a library function may refuse the recorder's answers before it
compares; the source shows literals alone, and not the rows that a loop goes through.
"""

import ast
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, cast

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, dump, from_tree, to_tree
from nova_code_verifier.verifier.test_code.harness.trees import walk

_CHARACTERS_MAX = 10_000
_PARTS_MAX, _LENGTH_MAX, _AMONG_MAX = 64, 1000, 8
_HOUR = 3600
_EMPTY = (bool, bytes, dict, float, frozenset, int, list, set, str, tuple, type(None))
_NOT_OF_ORDER = frozenset({"eq", "ne", "truth", "type", "among", "contains"})
_SETS = frozenset({"s", "fs"})
_CLOSE = frozenset({"allclose", "approx", "isclose"})
_RAISES = frozenset({"assertRaises", "assertRaisesRegex", "raises"})
_EVALUATION_ERRORS = (MemoryError, RecursionError, TypeError, ValueError)
# `math.isnan`, `np.nan`, "NaN", `nan_ok`, `assertIsNaN`; but not `nanosecond` or `finance`.
_NAN = re.compile(r"(?i:\bnan\b|isnan|nan_|_nan|\bnan(?:mean|median|sum|min|max|std))|NaN")


def may_expect_nan(test_code: str) -> bool:
    """Return whether tests speak of nan. If not, a candidate's nan is not what they expect."""
    return "nan" in test_code.lower() and _NAN.search(test_code) is not None


def may_expect_stop(test_code: str) -> bool:
    """Return whether tests speak of `StopIteration` or `StopAsyncIteration`."""
    return "StopIteration" in test_code or "StopAsyncIteration" in test_code


class ExpectedValues:
    """The values that a run of the tests compares the answers of a recorder with.

    `awaited` are the functions whose answers the tests await.
    """

    def __init__(self) -> None:
        """Start with none."""
        self.answers: Counter[str] = Counter()
        self.bounds: set[float] = set()
        self.has_attributes = False
        self.awaited: set[str] = set()
        self._parts: dict[str, tuple[object, Counter[str]]] = {}
        self._of_clock = _pattern_of_clock(time.time())

    def note(self, operation: str, value: object, *, made_by: str = "", key: object = None) -> None:
        """Note that the tests compare *value* with an answer, or with what they made of one.

        *made_by* is the function that they made it with, or `key` for an item with that *key*. The
        *operation* is the name of an operator, or `truth`, `type`, `among` (the answer is in
        *value*) or `contains`. A subtraction counts as a comparison: `abs(f(1) - 2.5) < 1e-6`.
        """
        kind = type(value)
        if kind.__name__.startswith("Approx"):
            value = getattr(value, "expected", None)  # pytest's
        if hasattr(kind, "__next__") or (hasattr(kind, "__len__") and _is_long(value)):
            return  # to write it would exhaust it, or take long
        if made_by == "key":
            self._note_part(key, value)
            return
        found = list(self._texts(_answers(operation, value, made_by)))
        self.answers.update(found)
        is_number = type(value) in (int, float) and found
        if is_number and made_by != "len" and operation not in _NOT_OF_ORDER:
            self.bounds.add(cast("float", value))

    def _note_part(self, key: object, value: object) -> None:
        if type(key) not in (int, str):
            return
        for written in texts([key]):
            if len(self._parts) < _PARTS_MAX or written in self._parts:
                self._parts.setdefault(written, (key, Counter()))[1].update(self._texts([value]))

    def _texts(self, values: Iterable[object]) -> Iterator[str]:
        return (text for text in texts(values) if not self._of_clock.search(text))

    def composed(self) -> Iterator[str]:
        """Yield the answer that has the most frequent value for each key, if tests look at keys."""
        values = {
            key: from_tree(json.loads(found.most_common(1)[0][0])["is"])
            for key, found in self._parts.values()
            if found
        }
        indexes = [key for key in values if isinstance(key, int)]
        if indexes and len(indexes) == len(values):
            length = max(0, -min(indexes)) + max(0, max(indexes) + 1)
            if length <= _PARTS_MAX:
                items = [values.get(index, values.get(index - length)) for index in range(length)]
                yield from texts([items, tuple(items)])
        elif values:
            yield from texts([values])


def _answers(operation: str, value: Any, made_by: str) -> list[object]:  # noqa: ANN401  (any value)
    """Return the answers that would pass a comparison with *value*."""
    if made_by == "len" and type(value) is int:
        length = value + {"gt": 1, "lt": -1}.get(operation, 0)
        return [[0] * length, "a" * length] if 0 <= length <= _LENGTH_MAX else []
    if made_by == "type" or operation == "type":
        return [kind() for kind in _EMPTY if kind is value]
    if made_by in ("sum", "max", "min"):
        return [[value]]
    if operation == "among" and type(value) in (set, frozenset):
        value = sorted(value, key=repr)  # always in the same order
    if operation == "among" and type(value) in (list, tuple, dict, range):
        return list(islice(value, _AMONG_MAX))
    if operation == "contains":
        return [value] if type(value) is str else [[value]]
    return [value]


def _pattern_of_clock(now: float) -> re.Pattern[str]:
    """Match answers that tests have read from a clock: no constant agrees with the next reading.

    A guess of that kind would pass if it is tried soon enough, and fail otherwise.
    """
    seconds = {str(int(moment))[:5] + r"\d{5}" for moment in (now - _HOUR, now + _HOUR)}
    # From the earliest to the latest place on earth.
    days = [time.gmtime(now + hours * _HOUR) for hours in (-13, 0, 15)]
    dates = {
        re.escape(time.strftime(form, day))
        for day in days
        for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
    }
    return re.compile("|".join([*(rf"\b{digits}" for digits in sorted(seconds)), *sorted(dates)]))


def _is_long(value: Any) -> bool:  # noqa: ANN401  (whatever has a length)
    try:
        return len(value) > _CHARACTERS_MAX
    except Exception:  # noqa: BLE001  (the length is the tests' own method)
        return True


def texts(values: Iterable[object]) -> Iterator[str]:
    """Write values in the typed encoding; leave out long ones, and those not plain data."""
    for value in values:
        try:
            text = dump({"is": _ordered(to_tree(value))}).decode("ascii")
        except (EncodingError, RecursionError):
            continue
        if len(text) <= _CHARACTERS_MAX:
            yield text


def _ordered(tree: Any) -> Any:  # noqa: ANN401  (a tree of JSON)
    """Order the items of sets: equal sets may iterate in different orders."""
    if type(tree) is list:
        return [_ordered(part) for part in tree]
    if type(tree) is not dict:
        return tree
    ordered = {tag: _ordered(content) for tag, content in tree.items()}
    for tag in _SETS & ordered.keys():
        ordered[tag] = sorted(ordered[tag], key=json.dumps)
    return ordered


def read_answers(tree: ast.Module) -> dict[str, int]:
    """Count the answers that tests expect, as far as their source shows them."""
    names = _constants_by_name(tree)
    sides = (side for node in walk(tree) for side in _compared(node))
    return dict(Counter(texts(value for side in sides for value in _constants(side, names))))


def read_exceptions(tree: ast.Module) -> list[list[str]]:
    """List the exceptions that tests expect, most frequent first: the name, and the message.

    An exception with a message is also right where tests do not look at the message.
    """
    expected = Counter(_expected_exceptions(walk(tree)))
    expected.update(_messages(tree))
    unspecific = {name: count for (name, message), count in expected.items() if not message}
    for name, message in expected:
        if message:
            expected[name, message] += unspecific.get(name, 0)
    return [[name, message] for (name, message), _ in expected.most_common()]


def called_methods(tree: ast.Module) -> list[str]:
    """Return the names that tests call as a method of any object."""
    return sorted({
        node.func.attr
        for node in walk(tree)
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


def _constants(node: ast.expr, names: dict[str, list[object]]) -> Iterator[object]:
    """Find the values of a name, or of a literal."""
    if isinstance(node, ast.Name):
        yield from names.get(node.id, ())
    with suppress(*_EVALUATION_ERRORS):
        yield ast.literal_eval(node)


def _constants_by_name(tree: ast.Module) -> dict[str, list[object]]:
    names: dict[str, list[object]] = {}
    for node in walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                names.setdefault(name, []).extend(_constants(value, {}))
    return names


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
    """Yield the names of exceptions, with their modules: `json.JSONDecodeError`."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    yield from (ast.unparse(name) for name in kinds if isinstance(name, ast.Name | ast.Attribute))


def _message(patterns: list[ast.expr]) -> str:
    match patterns:
        case [ast.Constant(value=str() as text), *_]:
            return text
    return ""


def _messages(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Find the texts that tests compare with an exception that they have caught by a name."""
    for scope in walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        caught: dict[str, list[str]] = {}
        for node in walk(scope):
            match node:
                case ast.withitem(
                    context_expr=ast.Call(
                        func=ast.Attribute(attr=name) | ast.Name(id=name), args=[kind, *_]
                    ),
                    optional_vars=ast.Name(id=alias),
                ) if name in _RAISES:
                    caught[alias] = list(_names(kind))
                case ast.ExceptHandler(type=ast.expr() as kind, name=str() as alias):
                    caught[alias] = list(_names(kind))
        for node in walk(scope) if caught else ():
            sides = _compared(node)
            used = {part.id for side in sides for part in walk(side) if isinstance(part, ast.Name)}
            texts_compared = [
                side.value
                for side in sides
                if isinstance(side, ast.Constant) and isinstance(side.value, str)
            ]
            for alias in used & caught.keys():
                yield from ((name, text) for name in caught[alias] for text in texts_compared)
