"""Plain tests: every assert compares what calls return with values that the tests state.

In: test code. Out: for each assert, its calls, and its condition on their answers; or None if
anything in the tests is not plain.

Plain tests need no harness: a candidate is asked the calls one by one, and our process evaluates
the conditions (`run.py`). What is left out here is judged in a session, which costs time, but
changes no verdict.
"""

import ast
import builtins
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, cast

from nova_code_verifier.sandbox.types import ExactCall
from nova_code_verifier.verifier.test_code.harness import recording
from nova_code_verifier.verifier.test_code.harness.expectations import may_expect_nan
from nova_code_verifier.verifier.test_code.harness.script import FILE_NAME
from nova_code_verifier.verifier.test_code.harness.trees import walk
from nova_code_verifier.verifier.types import TestCode

_ASSERTS_MAX = 10_000
_LENGTH_MAX = 100_000
_BITS_MAX = 4096
_BUILTINS = frozenset(vars(builtins))
_EMPTY: dict[str, Callable[[], object]] = {"dict": dict, "list": list, "set": set, "tuple": tuple}
_COLLECTIONS: dict[str, type] = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
_INFINITE = frozenset({"inf", "-inf"})
# What a condition may do with an answer: it takes no longer than the answer is long.
_FUNCTIONS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        abs, all, any, bool, float, frozenset, isinstance, len, list, max, min, round, set, sorted,
        tuple,
    )
}  # fmt: skip
# The results of these do not depend on the order in which a set iterates.
_WITHOUT_ORDER = frozenset({
    "abs", "all", "any", "bool", "float", "frozenset", "isinstance", "len", "round", "set",
    "sorted",
})  # fmt: skip
_TYPES: dict[str, object] = {
    kind.__name__: kind
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_METHODS = frozenset(name for kind in _TYPES.values() for name in dir(kind))
_DISPLAYS: dict[type[ast.expr], type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
_UNARY: dict[type[ast.unaryop], Callable[[Any], object]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_NUMBERS = (bool, int, float, complex)
_VALUE = "__value_{}__"


class NotPlainError(Exception):
    """The tests, or an answer, are not plain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAssert:
    """One assert of the test item *item*, on the *line* of the tests, with its calls in order.

    `condition` is an expression over `names` and the names of the answers, `answer_name(index)`.
    `is_of_order` says whether its value may depend on the order in which a set iterates. The call
    with an index is on the line `call_lines[index]`. The `message` is "" if there is none, and None
    if it is computed.
    """

    item: str
    line: int
    calls: tuple[ExactCall, ...]
    call_lines: tuple[int, ...]
    condition: CodeType
    names: dict[str, object]
    is_of_order: bool
    message: str | None


def answer_name(index: int) -> str:
    """Return the name, in a condition, of the answer to the call with this index."""
    return f"__answer_{index}__"


def plain_tests(
    test_code: TestCode, candidates: Iterable[str], *, is_recorded: bool = False
) -> Sequence[PlainAssert] | None:
    """Return the asserts of plain tests, in the order in which they run; None for other tests.

    *candidates* are the names that the tests use of a candidate. If it *is recorded*, a condition
    is no expression but the statement of `harness/recording.py`.
    """
    if test_code.shared_process or test_code.libraries or may_expect_nan(test_code.source):
        return None
    try:
        body = ast.parse(test_code.source, FILE_NAME).body
        reader = _Reader(frozenset(candidates) - _BUILTINS, is_recorded=is_recorded)
        return reader.read(body, test_code.entry_point)
    except (NotPlainError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    """Reads a script whose only function may be `check`."""

    def __init__(self, candidates: frozenset[str], *, is_recorded: bool) -> None:
        self._candidates, self.is_recorded = candidates, is_recorded
        self._entry_points: dict[str, str] = {}  # by parameter of `check`
        self._constants: dict[str, object] = {}
        self._spent: set[str] = set()  # constants that can change, and were used once
        self._count = 0

    def read(self, body: Sequence[ast.stmt], entry_point: str) -> Sequence[PlainAssert]:
        """Read all statements. Raises NotPlainError."""
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        others = [node for node in body if not isinstance(node, ast.FunctionDef)]
        if not functions:
            return self._read_body(others)
        match functions, others:
            case [ast.FunctionDef(name="check") as check], [*before, ast.Expr(value=ast.Call(
                func=ast.Name(id="check"), args=[ast.Name(id=entry_point)], keywords=[]
            ))]:  # fmt: skip
                pass
            case [ast.FunctionDef(name="check") as check], before if entry_point:
                pass
            case _:
                raise NotPlainError
        match check:
            case ast.FunctionDef(
                args=ast.arguments(
                    posonlyargs=[], args=[parameter], vararg=None, kwonlyargs=[], kwarg=None
                ),
                decorator_list=[],
            ) if entry_point.partition("(")[0] in self._candidates:
                if self._read_body(before):
                    raise NotPlainError  # the items of `check` have the first numbers
                self._entry_points[parameter.arg] = entry_point
                self._constants.pop(parameter.arg, None)
                return self._read_body(check.body)
        raise NotPlainError

    def _read_body(self, body: Sequence[ast.stmt]) -> Sequence[PlainAssert]:
        asserts: list[PlainAssert] = []
        for node in body:
            match node:
                case ast.Assert():
                    self._count += 1
                    asserts.append(_Condition(self, str(self._count)).read(node))
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._assign(name, value)
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise NotPlainError
            if len(asserts) > _ASSERTS_MAX:
                raise NotPlainError
        return asserts

    def _assign(self, name: str, value: ast.expr) -> None:
        if name in self._candidates or name in self._entry_points or name in _BUILTINS:
            raise NotPlainError
        self._constants[name] = self.value_of(value)
        self._spent.discard(name)

    # -- names -------------------------------------------------------------------------

    def entry_point_of(self, function: ast.expr) -> tuple[str, bool] | None:
        """Return what a call of *function* asks of the candidate, and whether it keeps its object.

        None if it asks the candidate nothing.
        """
        match function:
            case ast.Name(id=name) if _is_leaking(self._entry_points.get(name, name)):
                return None
            case ast.Name(id=name) if name in self._entry_points:
                return self._entry_points[name], True
            case ast.Name(id=name) if name in self._candidates and name not in self._constants:
                return name, False
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="Solution"), args=[], keywords=[]), attr=method
            ) if (
                "Solution" in self._candidates
                and "Solution" not in self._constants
                and not _is_leaking(f"Solution().{method}")
            ):
                return f"Solution().{method}", False
        return None

    def is_builtin(self, name: str) -> bool:
        """Return whether a name has its usual meaning."""
        return not (name in self._candidates or name in self._entry_points)

    # -- values ------------------------------------------------------------------------

    def value_of(self, node: ast.expr) -> Any:  # noqa: ANN401  (plain data)
        """Return the value of an expression without candidates. Raises NotPlainError."""
        match node:
            case ast.Constant(value=constant) if constant is not Ellipsis:
                value: Any = constant
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                value = _hashed(_DISPLAYS[type(node)], [self.value_of(item) for item in items])
            case ast.Dict(keys=keys, values=values) if None not in keys:
                pairs = zip(cast("list[ast.expr]", keys), values, strict=True)
                value = _hashed(dict, [tuple(map(self.value_of, pair)) for pair in pairs])
            case ast.Name(id=name, ctx=ast.Load()):
                value = self._constant(name)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                value = _number(_UNARY[type(op)], self.value_of(operand))
            case ast.BinOp(left=left, op=op, right=right):
                value = _binary(op, self.value_of(left), self.value_of(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if self.is_builtin(name):
                value = _constructed(name, [self.value_of(argument) for argument in args])
            case _:
                raise NotPlainError
        return value

    def _constant(self, name: str) -> object:
        """Return the value of a name. One that can change has one use: it may be changed there."""
        if name not in self._constants or name in self._spent:
            raise NotPlainError
        if can_change(self._constants[name]):
            self._spent.add(name)
        return self._constants[name]


def _constructed(name: str, args: Sequence[Any]) -> object:
    match args:
        case [] if name in _EMPTY:
            return _EMPTY[name]()
        case [str(text)] if name == "float" and text in _INFINITE:
            return float(text)
        case [list() | tuple() as items] if name in _COLLECTIONS:
            return _hashed(_COLLECTIONS[name], items)
    raise NotPlainError


def _hashed(kind: Callable[[Any], object], items: Iterable[Any]) -> object:
    """Make a container. Raises NotPlainError for items that have no hash and need one."""
    try:
        return kind(items)
    except TypeError:
        raise NotPlainError from None


def _number(function: Callable[[Any], object], value: object) -> object:
    if type(value) not in _NUMBERS:
        raise NotPlainError
    return function(value)


def _binary(op: ast.operator, left: Any, right: Any) -> object:  # noqa: ANN401  (plain data)
    """Compute with literals, in bounded time and memory."""
    match op, left, right:
        case ast.Pow(), int() | float(), int() if right >= 0 and (
            isinstance(left, float) or left.bit_length() * right <= _BITS_MAX
        ):
            return _of_numbers(operator.pow, left, right)
        case ast.Mult(), str() | list() | tuple(), int() if len(left) * right <= _LENGTH_MAX:
            return _repeated(left, right)
        case ast.Mult(), int(), str() | list() | tuple() if len(right) * left <= _LENGTH_MAX:
            return _repeated(right, left)
        case ast.Add(), str() | list() | tuple(), _ if type(left) is type(right):
            return operator.add(left, right)
    return compute(_ARITHMETIC.get(type(op)), left, right)


def _repeated(items: Any, count: int) -> object:  # noqa: ANN401  (a sequence)
    """Repeat a sequence. Raises NotPlainError if one object would be in it more than once."""
    if type(items) is not str and any(map(can_change, items)):
        raise NotPlainError
    return items * count


def compute(function: Callable[[Any, Any], object] | None, left: Any, right: Any) -> object:  # noqa: ANN401  (plain data)
    """Compute with numbers. Raises NotPlainError for anything else, and for big numbers."""
    if function is None or not {type(left), type(right)} <= set(_NUMBERS):
        raise NotPlainError
    if any(type(value) is int and value.bit_length() > _BITS_MAX for value in (left, right)):
        raise NotPlainError
    return _of_numbers(function, left, right)


def _of_numbers(function: Callable[[Any, Any], object], left: Any, right: Any) -> object:  # noqa: ANN401  (plain data)
    try:
        return function(left, right)
    except (ArithmeticError, TypeError):
        raise NotPlainError from None


def can_change(value: object) -> bool:
    """Return whether plain data is, or contains, an object that can change."""
    if type(value) in (tuple, frozenset):
        return any(map(can_change, value))  # type: ignore[call-overload]
    return type(value) in (list, dict, set)


class _Condition:
    """Reads the condition of one assert."""

    def __init__(self, reader: _Reader, item: str) -> None:
        self._reader, self._item = reader, item
        self._calls: list[ExactCall] = []
        self._lines: list[int] = []
        self._names: dict[str, object] = {}
        self._is_of_order = False

    def read(self, node: ast.Assert) -> PlainAssert:
        """Read an assert. Raises NotPlainError."""
        expression = self._plain(node.test)
        return PlainAssert(
            item=self._item,
            line=node.test.lineno,
            calls=tuple(self._calls),
            call_lines=tuple(self._lines),
            condition=self._compiled(expression),
            names=self._names,
            is_of_order=self._is_of_order,
            message=_message(node.msg),
        )

    def _compiled(self, expression: ast.expr) -> CodeType:
        if not self._reader.is_recorded:
            whole = ast.fix_missing_locations(ast.Expression(expression))
            return compile(whole, FILE_NAME, "eval", dont_inherit=True)
        statement = ast.fix_missing_locations(ast.Module([ast.Assert(expression)], []))
        recording.rewrite(statement)
        return compile(statement, FILE_NAME, "exec", dont_inherit=True)

    def _plain(self, node: ast.expr) -> ast.expr:
        """Return the expression with names in place of calls and values."""
        match node:
            case ast.Call(func=function, args=args, keywords=keywords) if (
                entry_point := self._reader.entry_point_of(function)
            ):
                self._lines.append(node.lineno)
                return self._asked(entry_point, args, keywords)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                    _require_singleton(others)
                return ast.Compare(self._plain(left), ops, [self._plain(other) for other in others])
        if not self._mentions_candidate(node):
            return self._named(self._reader.value_of(node))
        return self._computed(node)

    def _computed(self, node: ast.expr) -> ast.expr:
        """Return an expression that computes something from an answer."""
        match node:
            case ast.UnaryOp(op=ast.Not() as op, operand=operand):
                return ast.UnaryOp(op, self._plain(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                if self._reader.is_recorded:
                    return ast.BinOp(self._plain(left), op, self._plain(right))
                return self._arithmetic(_ARITHMETIC[type(op)], left, right)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
                name in _FUNCTIONS and self._reader.is_builtin(name)
            ):
                return self._function(name, args)
            case ast.Subscript(value=value, slice=ast.Constant() as key):
                return ast.Subscript(self._plain(value), key, ast.Load())
        raise NotPlainError

    def _mentions_candidate(self, node: ast.expr) -> bool:
        return any(
            isinstance(part, ast.Call) and self._reader.entry_point_of(part.func)
            for part in walk(node)
        )

    def _named(self, value: object) -> ast.expr:
        name = _VALUE.format(len(self._names))
        self._names[name] = value
        return ast.Name(name, ast.Load())

    def _asked(
        self, entry_point: tuple[str, bool], args: list[ast.expr], keywords: list[ast.keyword]
    ) -> ast.expr:
        values = [self._reader.value_of(argument) for argument in args]
        named = {
            str(keyword.arg): self._reader.value_of(keyword.value)
            for keyword in keywords
            if keyword.arg is not None
        }
        if len(named) < len(keywords) or any(map(_depends_on_order, (*values, *named.values()))):
            raise NotPlainError
        name, keeps_object = entry_point
        self._calls.append(
            ExactCall(
                entry_point=name,
                arguments=tuple(values),
                keywords=tuple(named.items()),
                keeps_object=keeps_object,
            )
        )
        return ast.Name(answer_name(len(self._calls) - 1), ast.Load())

    def _arithmetic(
        self, function: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr
    ) -> ast.expr:
        self._names |= {"compute": compute, function.__name__: function}
        args = [ast.Name(function.__name__, ast.Load()), self._plain(left), self._plain(right)]
        return ast.Call(ast.Name("compute", ast.Load()), args, [])

    def _function(self, name: str, args: list[ast.expr]) -> ast.expr:
        self._names[name] = _FUNCTIONS[name]
        self._is_of_order |= name not in _WITHOUT_ORDER
        match name, args:
            case "isinstance", [value, ast.Name(id=kind)] if (
                kind in _TYPES and self._reader.is_builtin(kind)
            ):
                args = [self._plain(value), self._named(_TYPES[kind])]
            case "round", [value, ast.Constant(value=int())]:
                args = [self._plain(value), args[1]]
            case _, [value] if name != "isinstance":
                args = [self._plain(value)]
            case _:
                raise NotPlainError
        return ast.Call(ast.Name(name, ast.Load()), args, [])


def _is_leaking(entry_point: str) -> bool:
    """Return whether an entry point is a method that plain data has, too: see `harness/proxies.py`.

    A session has its own rules for these, because tests may pass to them what they expect.
    """
    class_name, _, method = entry_point.rpartition("().")
    return bool(class_name) and method in _METHODS


def _message(node: ast.expr | None) -> str | None:
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            return text
    return None


def _require_singleton(others: Sequence[ast.expr]) -> None:
    match others:
        case [ast.Constant(value=None | True | False)]:
            return
    raise NotPlainError


def _depends_on_order(value: object) -> bool:
    """Return whether a value contains a set, whose order is not sent with a call."""
    match value:
        case set() | frozenset():
            return len(value) > 1
        case list() | tuple():
            return any(map(_depends_on_order, value))
        case dict():
            return any(map(_depends_on_order, (*value, *value.values())))
    return False
