"""A condition on answers: an expression of the tests, with names in place of calls and values.

In: an expression that calls the candidate. Out: the calls, the values that it states, and the
expression over the names of both; or NotPlainError.
"""

import ast
import builtins
import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nova_code_verifier.sandbox.types import ExactCall
from nova_code_verifier.verifier.test_code.harness.trees import walk
from nova_code_verifier.verifier.test_code.plain.functions import (
    APPROXIMATION,
    FUNCTIONS,
    LIBRARY,
    WITHOUT_ORDER,
    approximates,
    read_type,
    require_singleton,
)
from nova_code_verifier.verifier.test_code.plain.values import (
    ARITHMETIC,
    ITERATIONS_MAX,
    Names,
    NotPlainError,
    compute,
    depends_on_order,
)

_METHODS = frozenset(
    name
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
    for name in dir(kind)
)
_VALUE = "__value_{}__"
_ANSWER_START = "__answer_"
_ANSWER = _ANSWER_START + "{}__"


def answer_name(index: int) -> str:
    """Return the name, in a condition, of the answer to the call with this index."""
    return _ANSWER.format(index)


def truths_of(conditions: Sequence[ast.expr]) -> frozenset[int]:
    """Return the indexes of the answers of which the conditions use nothing but the truth."""
    used = Counter(
        part.id
        for condition in conditions
        for part in ast.walk(condition)
        if isinstance(part, ast.Name) and part.id.startswith(_ANSWER_START)
    )
    used.subtract(name for condition in conditions for name in _names_of_truths(condition))
    return frozenset(
        int(name.removeprefix(_ANSWER_START).removesuffix("__"))
        for name, others in used.items()
        if not others
    )


def _names_of_truths(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name) if name.startswith(_ANSWER_START):
            yield name
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _names_of_truths(operand)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _names_of_truths(value)
        case ast.Call(func=ast.Name(id="assertTrue" | "assertFalse"), args=[operand]):
            yield from _names_of_truths(operand)


@dataclass(slots=True, kw_only=True)
class ConditionReader:
    """Reads conditions that are judged together.

    `calls` are those of the candidate so far, on the `lines` of the tests; `values` are what the
    conditions need by name. `answers` are expressions that have a name in the tests. The answer of
    a call was used last when `last_uses` calls had taken place. A condition is_of_order if its
    value may depend on the order in which a set iterates.
    """

    names: Names
    is_recorded: bool
    calls: list[ExactCall] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    answers: dict[str, ast.expr] = field(default_factory=dict)
    last_uses: dict[int, int] = field(default_factory=dict)
    is_of_order: bool = False

    def plain(self, node: ast.expr) -> ast.expr:
        """Return the expression with names in place of calls and values."""
        match node:
            case ast.Name(id=name) if name in self.answers:
                made = copy.deepcopy(self.answers[name])
                self._note_uses(made)
                return made
            case ast.Call(func=function, args=args, keywords=keywords) if (
                entry_point := self._entry_point_of(function)
            ):
                self.lines.append(node.lineno)
                return self._asked(entry_point, args, keywords)
            case ast.Compare(
                left=left,
                ops=[ast.Eq()],
                comparators=[ast.Call(func=function, args=[expected]) as call],
            ) if self.names.library(function) == APPROXIMATION:
                return self._library(approximates, [left, expected], call.keywords)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                    require_singleton(others)
                made = ast.Compare(self.plain(left), ops, [self.plain(side) for side in others])
                self._note_uses(made)
                return made
        if not self.mentions_candidate(node):
            return self.named(self.names.value_of(node))
        made = self._computed(node)
        self._note_uses(made)
        return made

    def _note_uses(self, made: ast.expr) -> None:
        for part in ast.walk(made):
            if isinstance(part, ast.Name) and part.id.startswith(_ANSWER_START):
                index = int(part.id.removeprefix(_ANSWER_START).removesuffix("__"))
                self.last_uses[index] = len(self.calls)

    def _computed(self, node: ast.expr) -> ast.expr:
        """Return an expression that computes something from an answer."""
        match node:
            case ast.UnaryOp(op=ast.Not() as op, operand=operand):
                made: ast.expr = ast.UnaryOp(op, self.plain(operand))
            case ast.BoolOp(op=op, values=[first, *others]):
                start = self.plain(first)
                count = len(self.calls)
                rest = [self.plain(other) for other in others]
                if len(self.calls) > count:
                    raise NotPlainError  # a call that may not take place
                made = ast.BoolOp(op, [start, *rest])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                made = self._arithmetic(left, op, right)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
                name in FUNCTIONS and self.names.is_builtin(name)
            ):
                made = self._function(name, args)
            case ast.Call(func=function, args=args, keywords=keywords) if (
                self.names.library(function) in LIBRARY
            ):
                made = self._library(LIBRARY[self.names.library(function)], args, keywords)
            case ast.Subscript(value=value, slice=ast.Constant() as key):
                made = ast.Subscript(self.plain(value), key, ast.Load())
            case _:
                raise NotPlainError
        return made

    def mentions_candidate(self, node: ast.expr) -> bool:
        """Return whether an expression calls the candidate, or uses one of its answers."""
        return self._mentions_call(node) or any(
            isinstance(part, ast.Name) and part.id in self.answers
            for part in (walk(node) if self.answers else ())
        )

    def _mentions_call(self, node: ast.expr) -> bool:
        return any(
            isinstance(part, ast.Call) and self._entry_point_of(part.func) for part in walk(node)
        )

    def named(self, value: object) -> ast.expr:
        """Return the name, in conditions, of a value."""
        name = _VALUE.format(len(self.values))
        self.values[name] = value
        return ast.Name(name, ast.Load())

    def _entry_point_of(self, function: ast.expr) -> tuple[str, bool] | None:
        """Return what a call of *function* asks of the candidate, and whether it keeps its object.

        None if it asks the candidate nothing.
        """
        names = self.names
        match function:
            case ast.Name(id=name) if _is_leaking(names.entry_points.get(name, name)):
                return None
            case ast.Name(id=name) if name in names.entry_points:
                return names.entry_points[name], True
            case ast.Name(id=name) if name in names.candidates:
                return name, False
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="Solution"), args=[], keywords=[]), attr=method
            ) if "Solution" in names.candidates and not _is_leaking(f"Solution().{method}"):
                return f"Solution().{method}", False
        return None

    def _asked(
        self, entry_point: tuple[str, bool], args: list[ast.expr], keywords: list[ast.keyword]
    ) -> ast.expr:
        values = [value for argument in args for value in self._arguments(argument)]
        named = {
            str(keyword.arg): self.names.value_of(keyword.value)
            for keyword in keywords
            if keyword.arg is not None
        }
        if len(named) < len(keywords) or any(map(depends_on_order, (*values, *named.values()))):
            raise NotPlainError
        if len(self.calls) >= ITERATIONS_MAX:
            raise NotPlainError
        name, keeps_object = entry_point
        self.calls.append(
            ExactCall(
                entry_point=name,
                arguments=tuple(values),
                keywords=tuple(named.items()),
                keeps_object=keeps_object,
            )
        )
        index = len(self.calls) - 1
        self.last_uses[index] = len(self.calls)
        return ast.Name(answer_name(index), ast.Load())

    def _arguments(self, argument: ast.expr) -> Iterator[object]:
        if not isinstance(argument, ast.Starred):
            yield self.names.value_of(argument)
            return
        values = self.names.value_of(argument.value)
        if type(values) not in (list, tuple):
            raise NotPlainError
        yield from values

    def _arithmetic(self, left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
        if self.is_recorded:
            return ast.BinOp(self.plain(left), op, self.plain(right))
        function = ARITHMETIC[type(op)]
        self.values |= {"compute": compute, function.__name__: function}
        args = [ast.Name(function.__name__, ast.Load()), self.plain(left), self.plain(right)]
        return ast.Call(ast.Name("compute", ast.Load()), args, [])

    def _library(
        self,
        function: Callable[..., object],
        args: Sequence[ast.expr],
        keywords: Sequence[ast.keyword],
    ) -> ast.expr:
        if self.is_recorded or any(keyword.arg is None for keyword in keywords):
            raise NotPlainError
        self.values[function.__name__] = function
        plain = [self.plain(argument) for argument in args]
        named = [ast.keyword(keyword.arg, self.plain(keyword.value)) for keyword in keywords]
        return ast.Call(ast.Name(function.__name__, ast.Load()), plain, named)

    def _function(self, name: str, args: list[ast.expr]) -> ast.expr:
        function = FUNCTIONS[name]
        # The recorder knows the builtins, and not what takes the place of one.
        self.values[name] = getattr(builtins, name, function) if self.is_recorded else function
        self.is_of_order |= name not in WITHOUT_ORDER
        match name, args:
            case "isinstance", [value, ast.Tuple(elts=[_, *_] as kinds)] if not self.is_recorded:
                types = tuple(read_type(kind, self.names) for kind in kinds)
                args = [self.plain(value), self.named(types)]
            case "isinstance", [value, kind]:
                args = [self.plain(value), self.named(read_type(kind, self.names))]
            case "round", [value, ast.Constant(value=int())]:
                args = [self.plain(value), args[1]]
            case _, [value] if name != "isinstance":
                args = [self.plain(value)]
            case _:
                raise NotPlainError
        return ast.Call(ast.Name(name, ast.Load()), args, [])


def _is_leaking(entry_point: str) -> bool:
    """Return whether an entry point is a method that plain data has, too: see `harness/proxies.py`.

    A session has its own rules for these, because tests may pass to them what they expect.
    """
    class_name, _, method = entry_point.rpartition("().")
    return bool(class_name) and method in _METHODS
