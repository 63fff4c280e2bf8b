"""Functions that plain tests may use: built-in ones, ones of libraries, and helpers of their own.

In: the syntax tree of a function of the tests. Out: a `Helper`, which does the same to plain data
and cannot do anything else; or NotPlainError. Functions of numpy are replaced by ours, which have
the same result for plain numbers, and raise NotPlainError for all else.
"""

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from nova_code_verifier.sandbox.protocol.hashing import Room, hashed
from nova_code_verifier.verifier.test_code.harness.script import FILE_NAME
from nova_code_verifier.verifier.test_code.plain.values import (
    ARITHMETIC,
    Helper,
    Names,
    NotPlainError,
    compute,
    depends_on_order,
)

# What a condition may do with an answer: it takes no longer than the answer is long.
FUNCTIONS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        abs, all, any, bool, float, frozenset, isinstance, len, list, max, min, round, set, sorted,
        tuple,
    )
}  # fmt: skip
# The results of these do not depend on the order in which a set iterates.
WITHOUT_ORDER = frozenset({
    "abs", "all", "any", "bool", "float", "frozenset", "isinstance", "len", "round", "set",
    "sorted",
})  # fmt: skip
TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}
_ARRAY = "numpy.ndarray"
_EXACT_MAX = 2**53
_DIGITS_BITS_MAX = 4096
_SHOWN, _COMPUTE = "__shown__", "__compute__"


def _set(items: Any) -> Any:  # noqa: ANN401  (plain data)
    """Return the set of these items, which a candidate may have chosen. Raises CollisionError."""
    keys = list(items)
    return hashed(set(), keys, Room(keys.__len__))


def _frozenset(items: Any) -> object:  # noqa: ANN401  (plain data)
    return frozenset(_set(items))


FUNCTIONS |= {"frozenset": _frozenset, "set": _set}


# -- functions of libraries ------------------------------------------------------------


def _all_close(first: object, second: object, rtol: object = 1e-5, atol: object = 1e-8) -> bool:
    """Return what `numpy.allclose` returns for two numbers, or two sequences of equally many."""
    pairs = list(_pairs(first, second))
    if not all(map(_is_exact, (rtol, atol, *(number for pair in pairs for number in pair)))):
        raise NotPlainError
    return all(_is_close(*pair, rtol, atol) for pair in pairs)


def _pairs(first: Any, second: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  (plain data)
    if type(first) not in (list, tuple) and type(second) not in (list, tuple):
        yield first, second
    elif {type(first), type(second)} <= {list, tuple} and len(first) == len(second):
        yield from zip(first, second, strict=True)
    else:
        raise NotPlainError  # numpy would raise an exception, or extend the shorter one


def _is_exact(value: object) -> bool:
    """Return whether numpy computes with a number as Python does."""
    return type(value) is float or (type(value) is int and abs(value) <= _EXACT_MAX)


def _is_close(first: Any, second: Any, rtol: Any, atol: Any) -> bool:  # noqa: ANN401  (numbers)
    near = math.isfinite(second) and abs(first - second) <= atol + rtol * abs(second)
    return bool(near or first == second)


def _assert_all_close(first: object, second: object, rtol: object = 1e-7, atol: object = 0) -> None:
    """Return if `numpy.testing.assert_allclose` does. It would raise a long message otherwise."""
    if not _all_close(first, second, rtol, atol):
        raise NotPlainError


def approximates(actual: object, expected: object, rel: object = None, abs: object = None) -> bool:  # noqa: A002  (pytest's name)
    """Return whether a number equals `pytest.approx` of another."""
    given = [value for value in (rel, abs) if value is not None]
    if not all(map(_is_exact, (actual, expected, *given))):
        raise NotPlainError
    return _is_near(actual, expected, rel, abs)


def _is_near(actual: Any, expected: Any, rel: Any, most: Any) -> bool:  # noqa: ANN401  (numbers)
    if math.isinf(expected) or actual == expected:
        return bool(actual == expected)
    tolerance = 1e-12 if most is None else most
    if rel is not None or most is None:
        tolerance = max(tolerance, (1e-6 if rel is None else rel) * abs(expected))
    return bool(abs(expected - actual) <= tolerance)


LIBRARY: dict[str, Callable[..., object]] = {
    "math.isclose": math.isclose,
    "numpy.allclose": _all_close,
    "numpy.testing.assert_allclose": _assert_all_close,
}
"""The functions of libraries that conditions and helpers may call."""
APPROXIMATION = "pytest.approx"


# -- helpers ---------------------------------------------------------------------------


def read_helper(function: ast.FunctionDef, names: Names) -> Helper:
    """Read a function that compares its arguments. Raises NotPlainError."""
    match function:
        case ast.FunctionDef(
            args=ast.arguments(
                posonlyargs=[], args=parameters, vararg=None, kwonlyargs=[], kwarg=None, defaults=[]
            )
        ):
            return _HelperReader(names.inside(function), parameters).read(function)
    raise NotPlainError


class _HelperReader:
    """Reads one helper: every name, call and operator in it is one of a short list."""

    def __init__(self, names: Names, parameters: Sequence[ast.arg]) -> None:
        self._names = names
        self._parameters = [parameter.arg for parameter in parameters]
        self._locals = names.local_names
        self._namespace: dict[str, object] = {
            "__builtins__": {}, _SHOWN: _shown, _COMPUTE: compute,
        }  # fmt: skip
        self._asserts = False

    def read(self, function: ast.FunctionDef) -> Helper:
        """Make a function of our own that does the same."""
        body = [*self._statements(function.body)] or [ast.copy_location(ast.Pass(), function)]
        parameters = [ast.arg(name) for name in self._parameters]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        made = ast.copy_location(ast.FunctionDef(function.name, arguments, body, []), function)
        vars(made)["type_params"] = []  # since Python 3.12
        module = ast.fix_missing_locations(ast.Module([made], []))
        exec(compile(module, FILE_NAME, "exec", dont_inherit=True), self._namespace)  # noqa: S102  (made here, of names and operators)
        found: Any = self._namespace[function.name]
        return Helper(function=found, asserts=self._asserts)

    def _statements(self, body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            for made in self._statement(node):
                yield ast.copy_location(made, node)

    def _statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if (
                name in self._locals
            ):
                yield ast.Assign([target], self._expression(value))
            case ast.Return(value=value):
                yield ast.Return(self._expression(value) if value else None)
            case ast.Assert(test=test, msg=message):
                self._asserts = True
                yield ast.Assert(self._expression(test), message and self._message(message))
            case ast.Expr(value=ast.Call() as call):
                self._asserts |= self._library(call.func).startswith("numpy.testing.assert")
                yield ast.Expr(self._expression(call))
            case ast.If(test=test, body=body, orelse=orelse):
                made = self._expression(test)
                if isinstance(made, ast.Constant) and made.value is False:
                    yield from self._statements(orelse)
                else:
                    then = [*self._statements(body)] or [ast.copy_location(ast.Pass(), node)]
                    yield ast.If(made, then, [*self._statements(orelse)])
            case _:
                raise NotPlainError

    def _message(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=str()):
                return node
            case ast.JoinedStr(values=parts):
                return ast.copy_location(ast.JoinedStr([*map(self._shown_part, parts)]), node)
        raise NotPlainError

    def _shown_part(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant():
                return node
            case ast.FormattedValue(value=ast.Name() as name, conversion=-1, format_spec=None):
                call = self._called(_SHOWN, [self._expression(name)], node)
                return ast.copy_location(ast.FormattedValue(call, -1, None), node)
        raise NotPlainError

    def _expression(self, node: ast.expr) -> ast.expr:
        return ast.copy_location(self._new_expression(node), node)

    def _new_expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=constant) if constant is not Ellipsis:
                made: ast.expr = ast.Constant(constant)
            case ast.Name(id=name, ctx=ast.Load()) if name in self._locals:
                made = ast.Name(name, ast.Load())
            case ast.BoolOp(op=op, values=values):
                made = ast.BoolOp(op, [*map(self._expression, values)])
            case ast.UnaryOp(op=ast.Not() as op, operand=operand):
                made = ast.UnaryOp(op, self._expression(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                function = ARITHMETIC[type(op)]
                self._namespace[f"__{function.__name__}__"] = function
                operator = ast.Name(f"__{function.__name__}__", ast.Load())
                operands = [operator, self._expression(left), self._expression(right)]
                made = self._called(_COMPUTE, operands, node)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                    require_singleton(others)
                sides = [self._expression(side) for side in (left, *others)]
                made = ast.Compare(sides[0], ops, sides[1:])
            case ast.Call(func=function, args=args, keywords=keywords):
                made = self._call(function, args, keywords, node)
            case _:
                raise NotPlainError
        return made

    def _call(
        self,
        function: ast.expr,
        args: Sequence[ast.expr],
        keywords: Sequence[ast.keyword],
        node: ast.expr,
    ) -> ast.expr:
        if library := LIBRARY.get(self._library(function)):
            self._namespace[library.__name__] = library
            named = [self._keyword(keyword) for keyword in keywords]
            return self._called(library.__name__, [*map(self._expression, args)], node, named)
        match function, args, keywords:
            case ast.Name(id="isinstance"), [value, kinds], [] if self._is_builtin("isinstance"):
                return self._isinstance(value, kinds, node)
            case ast.Name(id="all" | "any" as name), [ast.GeneratorExp() as items], [] if (
                self._is_builtin(name)
            ):
                self._namespace[name] = FUNCTIONS[name]
                return self._called(name, [self._generator(items)], node)
            case ast.Name(id=name), [value], [] if name in FUNCTIONS and self._is_builtin(name):
                self._namespace[name] = _ordered(name)
                return self._called(name, [self._expression(value)], node)
            case ast.Name(id=name), _, [] if name not in self._locals:
                helper = self._names.meaning_of(name)
                if isinstance(helper, Helper):
                    self._namespace[name] = helper.function
                    self._asserts |= helper.asserts
                    return self._called(name, [*map(self._expression, args)], node)
        raise NotPlainError

    def _library(self, function: ast.expr) -> str:
        names = (part.id for part in ast.walk(function) if isinstance(part, ast.Name))
        return "" if any(name in self._locals for name in names) else self._names.library(function)

    def _keyword(self, keyword: ast.keyword) -> ast.keyword:
        if keyword.arg is None:
            raise NotPlainError
        return ast.keyword(keyword.arg, self._expression(keyword.value))

    def _is_builtin(self, name: str) -> bool:
        return self._names.is_builtin(name)

    def _isinstance(self, value: ast.expr, kinds: ast.expr, node: ast.expr) -> ast.expr:
        """Return a check of the type. No plain data is an array."""
        parts = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
        known = [part for part in parts if self._library(part) != _ARRAY]
        types = [read_type(part, self._names) for part in known]
        made = self._expression(value)
        if not types:
            return ast.Constant(value=False)
        self._namespace |= {"isinstance": isinstance} | {kind.__name__: kind for kind in types}
        loaded = [ast.copy_location(ast.Name(kind.__name__, ast.Load()), node) for kind in types]
        kind_of = ast.copy_location(ast.Tuple([*loaded], ast.Load()), node)
        return self._called("isinstance", [made, kind_of], node)

    def _generator(self, node: ast.GeneratorExp) -> ast.expr:
        match node.generators:
            case [ast.comprehension(
                target=ast.Name(id=name) as target, iter=ast.Name() as items, ifs=[], is_async=0
            )] if name in self._locals:  # fmt: skip
                made = ast.comprehension(target, self._expression(items), [], 0)
                return ast.copy_location(ast.GeneratorExp(self._expression(node.elt), [made]), node)
        raise NotPlainError

    def _called(
        self,
        name: str,
        args: Sequence[ast.expr],
        node: ast.expr,
        keywords: Sequence[ast.keyword] = (),
    ) -> ast.expr:
        function = ast.copy_location(ast.Name(name, ast.Load()), node)
        return ast.copy_location(ast.Call(function, [*args], [*keywords]), node)


def read_type(node: ast.expr, names: Names) -> type:
    """Return the type that an expression names. Raises NotPlainError."""
    match node:
        case ast.Name(id=name) if name in TYPES and names.is_builtin(name):
            return TYPES[name]
    raise NotPlainError


def require_singleton(others: Sequence[ast.expr]) -> None:
    """Raise NotPlainError unless an expression is None, True or False."""
    match others:
        case [ast.Constant(value=None | True | False)]:
            return
    raise NotPlainError


def _ordered(name: str) -> Callable[[Any], object]:
    """Return a function that refuses a value if its result depends on the order of a set."""
    if name in WITHOUT_ORDER:
        return FUNCTIONS[name]

    def call(value: object) -> object:
        return _refuse() if depends_on_order(value) else FUNCTIONS[name](value)

    return call


def _shown(value: object) -> str:
    """Write plain data as an f-string does, if every process writes it in the same way."""
    if depends_on_order(value) or _has_long_number(value):
        _refuse()
    return str(value)


def _has_long_number(value: Any) -> bool:  # noqa: ANN401  (plain data)
    match value:
        case int():
            return value.bit_length() > _DIGITS_BITS_MAX
        case list() | tuple() | set() | frozenset():
            return any(map(_has_long_number, value))
        case dict():
            return any(map(_has_long_number, (*value, *value.values())))
    return False


def _refuse() -> NoReturn:
    raise NotPlainError
