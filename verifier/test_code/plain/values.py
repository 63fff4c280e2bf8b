"""Values that tests state, and the names that they give to them.

In: expressions without calls of the candidate. Out: their values, in bounded time and memory, or
NotPlainError.
"""

import ast
import builtins
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Self, cast

ITERATIONS_MAX = 10_000
_LENGTH_MAX = 100_000
_BITS_MAX = 4096
BUILTINS = frozenset(vars(builtins))
_EMPTY: dict[str, Callable[[], object]] = {"dict": dict, "list": list, "set": set, "tuple": tuple}
_COLLECTIONS: dict[str, type] = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
_INFINITE = frozenset({"inf", "-inf"})
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_DISPLAYS: dict[type[ast.expr], type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
_UNARY: dict[type[ast.unaryop], Callable[[Any], object]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_NUMBERS = (bool, int, float, complex)
MATH = {name: getattr(math, name) for name in ("e", "inf", "pi", "tau")}


class NotPlainError(Exception):
    """The tests, or an answer, are not plain."""


class Unknown(Enum):
    """A name of the tests whose value is not plain data; no plain assert may use it."""

    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Library:
    """A module that tests import, or a function from one: `math`, `math.isclose`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A function of the tests that compares values. If it *asserts*, a loop that calls it does."""

    function: Callable[..., object]
    asserts: bool


@dataclass(frozen=True, slots=True)
class _Value:
    value: object


_Meaning = _Value | Library | Helper | Unknown


@dataclass(slots=True, kw_only=True)
class Names:
    """The names in one scope of tests. `local_names` are those that a function binds."""

    candidates: frozenset[str]
    entry_points: dict[str, str] = field(default_factory=dict)  # by parameter of `check`
    local_names: frozenset[str] = frozenset()
    outer: Self | None = None
    _meanings: dict[str, _Meaning] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)  # values that can change, and were used once

    def inside(self, function: ast.FunctionDef) -> "Names":
        """Return the names inside a function, whose parameters have no meaning yet."""
        parts = (part for statement in function.body for part in ast.walk(statement))
        stored = (part for part in parts if isinstance(part, ast.Name | ast.alias))
        parameters = (part.arg for part in ast.walk(function.args) if isinstance(part, ast.arg))
        return Names(
            candidates=self.candidates,
            entry_points=self.entry_points,
            local_names=frozenset(name for part in stored for name in _bound_by(part)).union(
                parameters
            ),
            outer=self,
        )

    def bind(self, target: ast.expr, value: object) -> None:
        """Assign *value*, plain data, to a name or to several. Raises NotPlainError."""
        match target:
            case ast.Name(id=name):
                self.bind_name(name, _Value(value))
            case ast.Tuple(elts=targets) | ast.List(elts=targets) if type(value) in (
                list,
                tuple,
            ) and len(cast("list[object]", value)) == len(targets):
                for part, item in zip(targets, cast("list[object]", value), strict=True):
                    self.bind(part, item)
            case _:
                raise NotPlainError

    def bind_name(self, name: str, meaning: _Meaning) -> None:
        """Bind a name. Raises NotPlainError for one that has a meaning of its own."""
        has_meaning = name in self.candidates or name in self.entry_points or name in BUILTINS
        known = self._meanings.get(name, meaning)
        is_other = isinstance(known, Library | Helper) and known != meaning
        if has_meaning or is_other or name.startswith("__"):
            raise NotPlainError
        self._meanings[name] = meaning
        self._spent.discard(name)

    def meaning_of(self, name: str) -> _Meaning | None:
        """Return what a name means; None if the tests do not bind it. Raises NotPlainError."""
        if name in self._meanings:
            return self._meanings[name]
        if name in self.local_names:
            raise NotPlainError  # it is used before it has a value
        return self.outer.meaning_of(name) if self.outer else None

    def is_builtin(self, name: str) -> bool:
        """Return whether a name has its usual meaning: nothing that is plain binds another one."""
        return name in BUILTINS and name not in self.local_names

    def library(self, function: ast.expr) -> str:
        """Return the full name of a module, or a function of one; "" for anything else."""
        match function:
            case ast.Name(id=name):
                meaning = self.meaning_of(name)
                return meaning.name if isinstance(meaning, Library) else ""
            case ast.Attribute(value=owner, attr=attribute) if module := self.library(owner):
                return f"{module}.{attribute}"
        return ""

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
            case ast.Attribute():
                value = self._of_library(node)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                value = _number(_UNARY[type(op)], self.value_of(operand))
            case ast.BinOp(left=left, op=op, right=right):
                value = _binary(op, self.value_of(left), self.value_of(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if self.is_builtin(name):
                value = self._constructed(name, args)
            case _:
                raise NotPlainError
        return value

    def _constant(self, name: str) -> object:
        """Return the value of a name. One that can change has one use: it may be changed there."""
        meaning = self.meaning_of(name)
        if not isinstance(meaning, _Value):
            return self._of_library(ast.Name(name))
        owner = self
        while name not in owner._meanings and owner.outer:
            owner = owner.outer
        if name in owner._spent:  # noqa: SLF001
            raise NotPlainError
        if can_change(meaning.value):
            owner._spent.add(name)  # noqa: SLF001
        return meaning.value

    def _of_library(self, node: ast.expr) -> object:
        module, _, name = self.library(node).rpartition(".")
        if module != "math" or name not in MATH:
            raise NotPlainError
        return MATH[name]

    def iterated(self, node: ast.expr) -> list[Any]:
        """Return the items that a loop goes through. Raises NotPlainError."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if self.is_builtin(name):
                items = self._iterated(name, args)
            case ast.Call(func=ast.Attribute(value=owner, attr="items"), args=[], keywords=[]):
                value = self.value_of(owner)
                items = list(value.items()) if type(value) is dict else None
            case _:
                items = self.value_of(node)
        if type(items) not in (list, tuple) or len(items) > ITERATIONS_MAX:
            raise NotPlainError
        return list(items)

    def _iterated(self, name: str, args: Sequence[ast.expr]) -> Any:  # noqa: ANN401
        match name, args:
            case "enumerate", [items]:
                return list(enumerate(self.iterated(items)))
            case "enumerate", [items, ast.Constant(value=int(start))]:
                return list(enumerate(self.iterated(items), start))
            case "zip", [_, *_]:
                return list(zip(*map(self.iterated, args), strict=False))
            case "range", [_, *_]:
                return _in_range([self.value_of(argument) for argument in args])
        return self._constructed(name, args)

    def _constructed(self, name: str, args: Sequence[ast.expr]) -> object:
        match args:
            case [ast.Call(func=ast.Name(id="range"), args=[_, *_] as bounds, keywords=[])] if (
                name in _COLLECTIONS and self.is_builtin("range")
            ):
                return _COLLECTIONS[name](_in_range([self.value_of(part) for part in bounds]))
        match [self.value_of(argument) for argument in args]:
            case [] if name in _EMPTY:
                return _EMPTY[name]()
            case [str(text)] if name == "float" and text in _INFINITE:
                return float(text)
            case [list() | tuple() as items] if name in _COLLECTIONS:
                return _hashed(_COLLECTIONS[name], items)
        raise NotPlainError


def _bound_by(part: ast.Name | ast.alias) -> list[str]:
    if isinstance(part, ast.alias):
        return [part.asname or part.name.partition(".")[0]]
    return [] if isinstance(part.ctx, ast.Load) else [part.id]


def _in_range(bounds: Sequence[object]) -> list[int]:
    if not all(type(bound) is int for bound in bounds):
        raise NotPlainError
    try:
        found = range(*cast("list[int]", bounds))
        if len(found) > _LENGTH_MAX:
            raise NotPlainError
    except (TypeError, ValueError, OverflowError):
        raise NotPlainError from None
    return list(found)


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
    return compute(ARITHMETIC.get(type(op)), left, right)


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


def depends_on_order(value: object) -> bool:
    """Return whether a value contains a set, whose order is not sent with a call."""
    match value:
        case set() | frozenset():
            return len(value) > 1
        case list() | tuple():
            return any(map(depends_on_order, value))
        case dict():
            return any(map(depends_on_order, (*value, *value.values())))
    return False
