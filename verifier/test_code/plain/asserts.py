"""One plain assert, or several that are judged together: the calls, and a condition on the answers.

In: statements of a test. Out: a `PlainAssert`, or NotPlainError.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CodeType

from nova_code_verifier.sandbox.types import ExactCall
from nova_code_verifier.verifier.test_code.harness import recording
from nova_code_verifier.verifier.test_code.harness.script import FILE_NAME
from nova_code_verifier.verifier.test_code.harness.trees import walk
from nova_code_verifier.verifier.test_code.plain import unittest_methods
from nova_code_verifier.verifier.test_code.plain.conditions import ConditionReader, truths_of
from nova_code_verifier.verifier.test_code.plain.functions import read_type
from nova_code_verifier.verifier.test_code.plain.values import (
    ITERATIONS_MAX,
    Helper,
    Names,
    NotPlainError,
    Unknown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAssert:
    """One assert of the test item *item*, on the *line* of the tests, with its calls in order.

    `condition` is an expression over `names` and the names of the answers, `answer_name(index)`.
    `is_of_order` says whether its value may depend on the order in which a set iterates. The call
    with an index is on the line `call_lines[index]`. The `message` is "" if there is none, and None
    if it is computed. If it *is a part*, it is an iteration of a loop, and others of the same item
    follow. If it *only accepts*, the report of a condition that does not hold is not known: of
    several asserts, or of a method of unittest.
    `shared` are the indexes of the answers that are used after a later call. Of those in `truths`,
    only the truth matters.
    """

    item: str
    line: int
    calls: tuple[ExactCall, ...]
    call_lines: tuple[int, ...]
    condition: CodeType
    names: dict[str, object]
    is_of_order: bool
    message: str | None
    is_part: bool = False
    only_accepts: bool = False
    shared: frozenset[int] = frozenset()
    truths: frozenset[int] = frozenset()


@dataclass(slots=True, kw_only=True)
class AssertReader:
    """Reads asserts of one item. `codes` are conditions by the first of the statements they are of.

    If it *has methods*, `self` is a `unittest.TestCase`.
    """

    names: Names
    item: str
    is_recorded: bool = False
    is_part: bool = False
    has_methods: bool = False
    codes: dict[int, CodeType] = field(default_factory=dict)
    _reader: ConditionReader = field(init=False)
    _conditions: list[ast.expr] = field(default_factory=list)
    _first: ast.stmt | None = None
    _iterations: int = 0

    def __post_init__(self) -> None:
        """Begin without a call."""
        self._reader = ConditionReader(names=self.names, is_recorded=self.is_recorded)

    def read(self, body: Sequence[ast.stmt], *, is_function: bool = False) -> PlainAssert:
        """Read statements that are judged together. Only a function may do without an assert.

        Raises NotPlainError.
        """
        self._read_all(body)
        if self._first is None and not is_function:
            raise NotPlainError
        line, message = _line_and_message(self._first or body[0])
        found = self._reader
        return PlainAssert(
            item=self.item,
            line=line,
            calls=tuple(found.calls),
            call_lines=tuple(found.lines),
            condition=self._compiled(body),
            names=found.values,
            is_of_order=found.is_of_order,
            message=message,
            is_part=self.is_part,
            only_accepts=self.has_methods or len(self._conditions) != 1,
            shared=frozenset(
                index for index, count in found.last_uses.items() if count > index + 1
            ),
            truths=truths_of(self._conditions),
        )

    def _compiled(self, body: Sequence[ast.stmt]) -> CodeType:
        """Compile all conditions; those of an iteration are those of the others."""
        known = self.codes.get(id(body[0])) if self.is_part else None
        if known is not None:
            return known
        match self._conditions:
            case []:
                expression: ast.expr = ast.Constant(value=True)
            case [expression]:
                pass
            case _:
                expression = ast.BoolOp(ast.And(), self._conditions)
        self.codes[id(body[0])] = code = self._compile(expression)
        return code

    def _compile(self, expression: ast.expr) -> CodeType:
        if not self.is_recorded:
            whole = ast.fix_missing_locations(ast.Expression(expression))
            return compile(whole, FILE_NAME, "eval", dont_inherit=True)
        statement = ast.fix_missing_locations(ast.Module([ast.Assert(expression)], []))
        recording.rewrite(statement)
        return compile(statement, FILE_NAME, "exec", dont_inherit=True)

    def _read_all(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            if not (self._read_assert(node) or self._read_block(node)):
                raise NotPlainError

    def _read_assert(self, node: ast.stmt) -> bool:
        """Read a statement that asserts; return False for any other."""
        match node:
            case ast.Assert(test=test):
                condition = self._reader.plain(test)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=args, keywords=[])):
                condition = self._helped(name, args)
            case ast.Expr(value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="self"), attr=method),
                args=args, keywords=keywords,
            )) if self.has_methods:  # fmt: skip
                condition = self._method(method, args, keywords)
            case _:
                return False
        self._first = self._first or node
        self._conditions.append(condition)
        return True

    def _read_block(self, node: ast.stmt) -> bool:
        """Read a statement that does not assert by itself; return False for any other."""
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Assign(targets=[ast.Name() as target], value=value):
                self._assign(target, value)
            case ast.For(target=target, iter=items, body=body, orelse=[]) if not self.is_part:
                for item in self.names.iterated(items):
                    self._iterations += 1
                    if self._iterations > ITERATIONS_MAX:
                        raise NotPlainError
                    self._bind(target, item)
                    self._read_all(body)
            case ast.With(items=[ast.withitem(
                context_expr=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="self"), attr="subTest"),
                    args=args, keywords=keywords,
                ),
                optional_vars=None,
            )], body=body) if self.has_methods:  # fmt: skip
                for value in (*args, *(keyword.value for keyword in keywords)):
                    self._require_harmless(value)
                self._read_all(body)
            case _:
                return False
        return True

    def _helped(self, name: str, args: Sequence[ast.expr]) -> ast.expr:
        """Return the call of a function of the tests, which raises AssertionError itself."""
        helper = self.names.meaning_of(name)
        if not isinstance(helper, Helper) or not helper.asserts or self.is_recorded:
            raise NotPlainError
        self._reader.values[name] = helper.function
        call = ast.Call(ast.Name(name, ast.Load()), [*map(self._reader.plain, args)], [])
        return ast.Tuple([call], ast.Load())  # which is true

    def _method(
        self, method: str, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]
    ) -> ast.expr:
        """Return the condition of a method of unittest, without its message."""
        function, count, options = unittest_methods.find(method)
        named = {str(keyword.arg): keyword.value for keyword in keywords}
        named |= zip([*options, "msg"], args[count:], strict=False)
        if not count <= len(args) <= count + len(options) + 1 or named.keys() - {*options, "msg"}:
            raise NotPlainError
        if "msg" in named:
            self._require_harmless(named.pop("msg"))
        self._reader.values[method] = function
        operands = [self._operand(argument) for argument in args[:count]]
        given = [ast.keyword(name, self._reader.plain(value)) for name, value in named.items()]
        return ast.Call(ast.Name(method, ast.Load()), operands, given)

    def _operand(self, node: ast.expr) -> ast.expr:
        """Return an operand of a method of unittest: it may be a type, or several."""
        kinds = node.elts if isinstance(node, ast.Tuple) and node.elts else [node]
        try:
            types = tuple(read_type(kind, self.names) for kind in kinds)
        except NotPlainError:
            return self._reader.plain(node)
        return self._reader.named(types if isinstance(node, ast.Tuple) else types[0])

    def _require_harmless(self, node: ast.expr) -> None:
        """Raise NotPlainError unless to evaluate an expression changes and raises nothing."""
        for part in walk(node):
            match part:
                case ast.Constant() | ast.JoinedStr() | ast.FormattedValue(format_spec=None):
                    pass
                case ast.Name(id=name) if (
                    name in self._reader.answers or self.names.meaning_of(name) is not None
                ):
                    pass
                case _:
                    raise NotPlainError

    def _assign(self, target: ast.Name, value: ast.expr) -> None:
        if self._reader.mentions_candidate(value):
            made = self._reader.plain(value)
            self.names.bind_name(target.id, Unknown.UNKNOWN)
            self._reader.answers[target.id] = made
        else:
            self._bind(target, self.names.value_of(value))

    def _bind(self, target: ast.expr, value: object) -> None:
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                self._reader.answers.pop(part.id, None)
        self.names.bind(target, value)


def _line_and_message(node: ast.stmt) -> tuple[int, str | None]:
    """Return the line and the message of a failure, unless a function of the tests fails."""
    match node:
        case ast.Assert(test=test, msg=message):
            return test.lineno, _message(message)
    return node.lineno, ""


def _message(node: ast.expr | None) -> str | None:
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            return text
    return None
