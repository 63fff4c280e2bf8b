"""What a hostile candidate may ask of the tests' objects, and what may not be passed at all."""

import code
import io
import logging
import operator
import pickle
import sqlite3
import string
import sys
import types
import unittest
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any
from unittest import mock

import pytest

from nova_code_verifier.sandbox.protocol.exports import Kind
from nova_code_verifier.verifier.test_code.harness import exports as exports_module
from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
from nova_code_verifier.verifier.test_code.harness.exports import Exports
from nova_code_verifier.verifier.test_code.harness.operations import OPERATIONS

SECRET = "expected"


class Helper:
    """A class of the tests."""

    answer = 42

    def __init__(self) -> None:
        """Make one."""
        self.size = 1
        self.checker = mock.Mock()
        self._hidden = SECRET

    def check(self, value: object) -> bool:
        """Judge the candidate."""
        return value == self.answer


class Text(str):
    """Text of the tests' own class."""


class Suite(unittest.TestCase):
    """A test case that passes itself to the candidate."""

    limit = 5

    def setUp(self) -> None:
        """Prepare."""
        self.data = [1]

    def helper(self) -> int:
        """Help."""
        return self.limit

    def test_one(self) -> None:
        """Test."""


def function() -> str:
    """Return text."""
    return SECRET


@pytest.fixture
def exports() -> Exports:
    """Return exports without objects."""
    return Exports()


REFUSED: dict[str, Callable[[], Any]] = {
    "frame": sys._getframe,
    "code": lambda: function.__code__,
    "module": lambda: sys.modules[__name__],
    "globals of a class": lambda: vars(Helper),
    "pytest": pytest.MonkeyPatch,
    "test result": unittest.TestResult,
    "test case class": lambda: Suite,
    "cell": lambda: types.CellType(1),
    "formatter": string.Formatter,
    "getter": lambda: operator.attrgetter("__globals__"),
    "unpickler": lambda: pickle.Unpickler(io.BytesIO()),
    "interpreter": code.InteractiveInterpreter,
    "metaclass": lambda: type("Meta", (type,), {}),
    "class of formatters": lambda: type("Own", (logging.Formatter,), {}),
    "own unpickler": lambda: type("Own", (pickle.Unpickler,), {})(io.BytesIO()),
}


def test_our_own_objects_are_opaque(exports: Exports) -> None:
    """The tests get them from the candidate, which must not choose that its sample is ungraded."""
    assert exports.describe(Exports()) == {"kind": Kind.OPAQUE}


@pytest.mark.parametrize("name", REFUSED)
def test_some_objects_never_travel(exports: Exports, name: str) -> None:
    """Passed by the tests, they leave the sample ungraded; otherwise they are opaque."""
    value = REFUSED[name]()
    with pytest.raises(UncarriedError):
        exports.number_of(value)
    number = exports.number_of(value, is_answer=True)
    assert exports.describe(value) == {"kind": Kind.OPAQUE}
    for operation in OPERATIONS:
        for operands in ((), ("size",), ("__class__",), ("size", 1)):
            with pytest.raises(TypeError):
                exports.perform(operation, number, operands, {})


@pytest.mark.parametrize(
    "make", [Exports, lambda: Exports, property, lambda: staticmethod(len), lambda: super(Helper)]
)
def test_what_a_candidate_can_bring_about_is_opaque(
    exports: Exports, make: Callable[[], object]
) -> None:
    """Classes in place of their objects lead tests to such values: they are no tests' fault."""
    value = make()
    exports.number_of(value)

    assert exports.describe(value) == {"kind": Kind.OPAQUE}


ATTRIBUTES = """
    __class__ __dict__ __globals__ __code__ __closure__ __init__ __module__ __func__ __self__
    __getattribute__ __subclasses__ __reduce__ __traceback__ __wrapped__ _hidden
"""


@pytest.mark.parametrize(
    "value", [Helper(), Helper, function, Helper().check, mock.Mock(), Suite()]
)
@pytest.mark.parametrize("operation", ["getattr", "method", "setattr", "delattr", "special"])
def test_private_names_are_refused(exports: Exports, value: object, operation: str) -> None:
    """No operation reads, calls or sets a name that begins with an underscore."""
    number = exports.number_of(value)
    for name in ATTRIBUTES.split():
        with pytest.raises((AttributeError, TypeError)):
            exports.perform(operation, number, [name, 1][: 2 if operation == "setattr" else 1], {})


OPERANDS: list[tuple[str, list[Any]]] = [
    ("getattr", []),
    ("getattr", [3]),
    ("getattr", [["size"]]),
    ("getattr", ["size", "size"]),
    ("method", []),
    ("special", [None]),
    ("special", ["__reduce_ex__", 4]),
    ("special", ["__init_subclass__"]),
    ("special", ["__getattr__", "x"]),
    ("nothing", []),
    ("", []),
]


@pytest.mark.parametrize(("operation", "operands"), OPERANDS)
def test_senseless_operations_raise(exports: Exports, operation: str, operands: list[Any]) -> None:
    """Whatever the candidate sends, it gets an exception that it may see."""
    number = exports.number_of(Helper())
    with pytest.raises((AttributeError, TypeError, ValueError)):
        exports.perform(operation, number, operands, {})


@pytest.mark.parametrize("number", [0, -1, 2, 10**30, True, "1", None, 1.0])
def test_numbers_that_were_not_issued_are_refused(exports: Exports, number: Any) -> None:
    """There is no other object than those that were passed."""
    exports.number_of(function)
    with pytest.raises(TypeError, match="no such object"):
        exports.perform("call", number, (), {})


@pytest.mark.parametrize("name", ["check", "checker", "answer_of"])
def test_what_judges_the_candidate_is_not_replaced(exports: Exports, name: str) -> None:
    """Methods and mocks stay as the tests made them; a new name may be set."""
    value = Helper()
    for owner in (value, Helper):
        number = exports.number_of(owner)
        if name == "answer_of" or (owner is Helper and name == "checker"):
            continue
        with pytest.raises(AttributeError):
            exports.perform("setattr", number, (name, lambda *_: True), {})
    assert value.check(42)
    assert not value.check(1)


OF_MOCK = (
    "return_value side_effect call_args call_args_list mock_calls assert_called reset_mock called"
)


@pytest.mark.parametrize("name", OF_MOCK.split())
def test_the_records_of_a_mock_are_hidden(exports: Exports, name: str) -> None:
    """The candidate neither reads nor changes what the tests will ask the mock."""
    for value in (mock.MagicMock(), mock.AsyncMock(), mock.create_autospec(function)):
        number = exports.number_of(value)
        with pytest.raises((AttributeError, TypeError)):
            exports.perform("getattr", number, (name,), {})
        with pytest.raises((AttributeError, TypeError)):
            exports.perform("setattr", number, (name, 1), {})


def test_a_test_case_shows_only_what_the_tests_added(exports: Exports) -> None:
    """Its fields and helpers are read; its tests and the tool's methods are not."""
    suite = Suite("test_one")
    suite.setUp()
    number = exports.number_of(suite)
    assert exports.perform("getattr", number, ("data",), {}) == [1]
    assert exports.perform("method", number, ("helper",), {}) == 5
    for name in ("test_one", "assertEqual", "fail", "skipTest", "run", "setUp"):
        with pytest.raises(AttributeError):
            exports.perform("method", number, (name,), {})
    with pytest.raises(AttributeError):
        exports.perform("setattr", number, ("limit", 1), {})


def test_text_of_the_tests_formats_nothing(exports: Exports) -> None:
    """A format could read attributes, and a width could fill the memory."""
    number = exports.number_of(Text("{0.__init__.__globals__}"))
    with pytest.raises(AttributeError):
        exports.perform("method", number, ("format", Helper()), {})
    for name, operand in (("__mod__", (1,)), ("__format__", "99999999999")):
        with pytest.raises((TypeError, ValueError)):
            exports.perform("special", number, (name, operand), {})


def test_a_format_of_logging_is_not_chosen_by_the_candidate(exports: Exports) -> None:
    """Formatters with `{` read attributes of what they format."""
    number = exports.number_of(logging.Formatter("{args}", style="{"))
    with pytest.raises(AttributeError):
        exports.perform("method", number, ("format", Helper()), {})


def test_a_database_loads_no_library(exports: Exports) -> None:
    """A planted library would run in the harness; queries are possible."""
    with closing(sqlite3.connect(":memory:")) as connection:
        number = exports.number_of(connection)
        cursor = exports.perform("method", number, ("execute", "SELECT 1"), {})
        assert exports.perform("method", exports.number_of(cursor), ("fetchall",), {}) == [(1,)]
        for name, operand in (("enable_load_extension", True), ("load_extension", "./planted.so")):
            with pytest.raises(AttributeError):
                exports.perform("method", number, (name, operand), {})


def test_the_number_of_objects_is_bounded(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many are the fault of who passed them: the tests, or the candidate that asked."""
    monkeypatch.setattr(exports_module, "NUMBERS_MAX", 2)
    for _ in range(2):
        exports.number_of(Helper())
    with pytest.raises(UncarriedError):
        exports.number_of(Helper())
    with pytest.raises(MemoryError):
        exports.number_of(Helper(), is_answer=True)


def test_an_object_keeps_its_number(exports: Exports) -> None:
    """Numbers stand for objects by identity, for the whole run."""
    values = [Helper(), function, partial(function), io.StringIO()]
    numbers = [exports.number_of(value) for value in values]
    assert [exports.number_of(value) for value in values] == numbers == [1, 2, 3, 4]
    assert [exports.value_of(number)[0] for number in numbers] == values
