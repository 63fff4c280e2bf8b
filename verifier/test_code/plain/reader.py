"""Read plain tests: every assert compares what calls return with values that the tests state.

In: test code. Out: for each assert, its calls, and its condition on their answers; or None if
anything in the tests is not plain.

Plain tests need no harness: a candidate is asked the calls one by one, and our process evaluates
the conditions (`run.py`). What is left out here is judged in a session, which costs time, but
changes no verdict.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nova_code_verifier.verifier.test_code.harness import loops
from nova_code_verifier.verifier.test_code.harness.expectations import may_expect_nan
from nova_code_verifier.verifier.test_code.harness.script import FILE_NAME
from nova_code_verifier.verifier.test_code.harness.trees import walk
from nova_code_verifier.verifier.test_code.plain.asserts import AssertReader, PlainAssert
from nova_code_verifier.verifier.test_code.plain.functions import LIBRARY, read_helper
from nova_code_verifier.verifier.test_code.plain.values import (
    BUILTINS,
    ITERATIONS_MAX,
    MATH,
    Helper,
    Library,
    Names,
    NotPlainError,
    Unknown,
)
from nova_code_verifier.verifier.types import TestCode

if TYPE_CHECKING:
    from types import CodeType

# To parse more would hold up the other samples for longer than the fast path saves.
_CHARACTERS_MAX = 300_000
_IMPORTED = frozenset({"math", "numpy", "pytest", "unittest"})
_KNOWN = LIBRARY.keys() | _IMPORTED | {"pytest.approx", "unittest.TestCase"}
# To test tools, these names have a meaning.
_SET_UP = ("setup", "setUp", "teardown", "tearDown", "pytest", "load_tests", "collect_ignore")


def plain_tests(
    test_code: TestCode,
    candidates: Iterable[str],
    *,
    tree: ast.Module | None = None,
    style: str = "script",
    modules: Sequence[str] = (),
    is_recorded: bool = False,
) -> Sequence[PlainAssert] | None:
    """Return the asserts of plain tests; None for other tests.

    Those of a script are in the order in which they run. *candidates* are the names that the tests
    use of a candidate, and *modules* those from which they import it. The *tree* is that of the
    tests, if it is known. If it *is recorded*, a condition is no expression but the statement of
    `harness/recording.py`.
    """
    source = test_code.source
    if test_code.shared_process or test_code.libraries or len(source) > _CHARACTERS_MAX:
        return None
    if may_expect_nan(source):
        return None
    try:
        body = (tree or ast.parse(source, FILE_NAME)).body
        names = frozenset(candidates)
        if not names.isdisjoint(BUILTINS):
            return None
        if style == "script":
            reader = _ScriptReader(names, modules, is_recorded=is_recorded)
            return reader.read(body, test_code.entry_point)
        return [*_SuiteReader(names, modules, style).read(body)]
    except (NotPlainError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    """Reads what tests of all styles may have on their top level."""

    def __init__(self, candidates: frozenset[str], modules: Sequence[str]) -> None:
        self._candidates = candidates
        self._modules = modules
        self._names = Names(candidates=candidates)

    def _read_other(self, node: ast.stmt, names: Names) -> None:
        """Read a statement that neither asserts nor is a test. Raises NotPlainError."""
        match node:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                names.bind(target, names.value_of(value))
            case ast.Import() | ast.ImportFrom():
                self._read_import(node, names)
            case ast.FunctionDef() if names is self._names:
                self._read_helper(node)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise NotPlainError

    def _read_import(self, node: ast.stmt, names: Names) -> None:
        """Note what an import binds. Raises NotPlainError."""
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    self._import(alias.name, alias, names)
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for alias in aliases:
                    if module in self._modules:
                        # A star binds the names that the tests use of the candidate.
                        if alias.asname or alias.name not in {*self._candidates, "*"}:
                            raise NotPlainError
                    elif alias.name == "*":
                        self._import_all(module, names)
                    else:
                        self._import(f"{module}.{alias.name}", alias, names)
            case _:
                raise NotPlainError

    def _import(self, name: str, alias: ast.alias, names: Names) -> None:
        first = name.partition(".")[0]
        bound = alias.asname or (first if alias.name == name else alias.name)
        if first not in sys.stdlib_module_names and first not in _IMPORTED:
            raise NotPlainError
        if name in _KNOWN:
            names.bind_name(bound, Library(name))
        elif first == "math" and name.partition(".")[2] in MATH:
            names.bind(ast.Name(bound), MATH[name.partition(".")[2]])
        elif bound == first in _IMPORTED:
            names.bind_name(bound, Library(first))
        else:
            names.bind_name(bound, Unknown.UNKNOWN)

    def _import_all(self, module: str, names: Names) -> None:
        found = getattr(sys.modules.get(module), "__all__", None) if module == "typing" else None
        for name in found or self._refuse():
            names.bind_name(name, Unknown.UNKNOWN)

    def _refuse(self) -> list[str]:
        raise NotPlainError

    def _read_helper(self, node: ast.FunctionDef) -> None:
        """Note a function of the tests. If it is not plain, no assert may use it."""
        _require_definition(node)
        try:
            helper: Helper | Unknown = read_helper(node, self._names)
        except NotPlainError:
            helper = Unknown.UNKNOWN
        self._names.bind_name(node.name, helper)


class _ScriptReader(_Reader):
    """Reads a script, whose function `check` may contain the asserts."""

    def __init__(
        self, candidates: frozenset[str], modules: Sequence[str], *, is_recorded: bool
    ) -> None:
        super().__init__(candidates, modules)
        self._is_recorded = is_recorded
        self._count = 0
        self._loops: list[ast.For] = []
        self._with_names: list[ast.stmt] = []
        self._codes: dict[int, CodeType] = {}

    def read(self, body: Sequence[ast.stmt], entry_point: str) -> Sequence[PlainAssert]:
        """Read all statements. Raises NotPlainError."""
        checks = [
            node for node in body if isinstance(node, ast.FunctionDef) and node.name == "check"
        ]
        if not checks:
            asserts = self._read_body(body, self._names)
            self._require_divided_loops([])
            return asserts
        match [node for node in body if node is not checks[0]]:
            case [*before, ast.Expr(value=ast.Call(
                func=ast.Name(id="check"), args=[ast.Name(id=entry_point)], keywords=[]
            ))]:  # fmt: skip
                pass
            case before if entry_point:
                pass
            case _:
                raise NotPlainError
        if len(checks) > 1 or entry_point.partition("(")[0] not in self._candidates:
            raise NotPlainError
        if self._read_body(before, self._names):
            raise NotPlainError  # the items of `check` have the first numbers
        asserts = self._read_check(checks[0], entry_point)
        self._require_divided_loops([argument.arg for argument in checks[0].args.args])
        return asserts

    def _read_check(self, check: ast.FunctionDef, entry_point: str) -> Sequence[PlainAssert]:
        _require_definition(check)
        match check:
            case ast.FunctionDef(
                args=ast.arguments(
                    posonlyargs=[], args=[parameter], vararg=None, kwonlyargs=[], kwarg=None
                )
            ) if parameter.arg not in BUILTINS:
                names = self._names.inside(check)
                names.entry_points = {parameter.arg: entry_point}
                return self._read_body(check.body, names)
        raise NotPlainError

    def _read_body(self, body: Sequence[ast.stmt], names: Names) -> Sequence[PlainAssert]:
        asserts: list[PlainAssert] = []
        for node in body:
            match node:
                case ast.Assert():
                    asserts.append(self._reader(names).read([node]))
                case ast.For():
                    asserts += self._read_loop(node, names)
                case _:
                    self._read_other(node, names)
                    self._with_names.append(node)
            if len(asserts) > ITERATIONS_MAX:
                raise NotPlainError
        return asserts

    def _reader(self, names: Names, *, is_part: bool = False) -> AssertReader:
        if not is_part:
            self._count += 1
        return AssertReader(
            names=names,
            item=str(self._count),
            is_recorded=self._is_recorded,
            is_part=is_part,
            codes=self._codes,
        )

    def _read_loop(self, node: ast.For, names: Names) -> Iterator[PlainAssert]:
        """Read a loop that asserts: each iteration is a part of one item."""
        if node.orelse:
            raise NotPlainError
        self._count += 1
        self._loops.append(node)
        for value in names.iterated(node.iter):
            names.bind(node.target, value)
            yield self._reader(names, is_part=True).read(node.body)

    def _require_divided_loops(self, parameters: Sequence[str]) -> None:
        """Raise NotPlainError unless the harness divides all loops: see `harness/loops.py`."""
        if not self._loops:
            return
        bindings = loops.bindings_in([*self._with_names, *self._loops])
        of_candidate = loops.names_of_candidate(bindings, [*self._candidates, *parameters])
        if not all(loops.can_divide(loop, of_candidate) for loop in self._loops):
            raise NotPlainError


class _SuiteReader(_Reader):
    """Reads tests for pytest, which runs them with plain asserts, too, or for unittest."""

    def __init__(self, candidates: frozenset[str], modules: Sequence[str], style: str) -> None:
        super().__init__(candidates, modules)
        self._style = style

    def read(self, body: Sequence[ast.stmt]) -> Iterator[PlainAssert]:
        """Read all statements. Raises NotPlainError."""
        tests: list[tuple[str, ast.FunctionDef, bool]] = []
        is_pytest = self._style == "pytest"
        for node in body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.FunctionDef(name=name) if (
                    name.startswith(_SET_UP)
                ):
                    raise NotPlainError
                case ast.FunctionDef(name=name) if is_pytest and name.startswith("test"):
                    tests.append((name, node, False))
                case ast.ClassDef():
                    tests += self._read_class(node)
                case ast.If(test=test, orelse=[]) if ast.unparse(test) == "__name__ == '__main__'":
                    pass  # a test tool imports the module
                case _:
                    self._read_other(node, self._names)
        for name, function, is_method in tests:
            yield self._read_test(name, function, is_method=is_method)

    def _read_class(self, node: ast.ClassDef) -> Iterator[tuple[str, ast.FunctionDef, bool]]:
        """Read a class that contains nothing but tests."""
        if node.decorator_list or node.keywords:
            raise NotPlainError
        match [self._names.library(base) or ast.unparse(base) for base in node.bases]:
            case ["unittest.TestCase"]:
                is_unittest = True
            case [] if self._style == "pytest" and node.name.startswith("Test"):
                is_unittest = False
            case _:
                raise NotPlainError
        self._names.bind_name(node.name, Unknown.UNKNOWN)
        separator = "." if self._style == "unittest" else "::"
        for part in node.body:
            match part:
                case ast.FunctionDef(name=name) if name.startswith("test"):
                    yield f"{node.name}{separator}{name}", part, is_unittest
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise NotPlainError

    def _read_test(self, name: str, function: ast.FunctionDef, *, is_method: bool) -> PlainAssert:
        _require_definition(function)
        is_in_class = "." in name or "::" in name
        match function:
            case ast.FunctionDef(
                args=ast.arguments(
                    posonlyargs=[], args=args, vararg=None, kwonlyargs=[], kwarg=None, defaults=[]
                )
            ) if [argument.arg for argument in args] == ["self"] * is_in_class:
                names = self._names.inside(function)
                reader = AssertReader(names=names, item=name, has_methods=is_method)
                return reader.read(function.body, is_function=True)
        raise NotPlainError


def _require_definition(function: ast.FunctionDef) -> None:
    """Raise NotPlainError if to define a function may do more than that."""
    parts = [function.args, *([function.returns] if function.returns else [])]
    has_call = any(isinstance(part, ast.Call) for part in walk(*parts))
    if function.decorator_list or has_call:
        raise NotPlainError
