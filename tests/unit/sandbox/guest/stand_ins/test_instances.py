"""Instances, classes, exceptions and mocks of the tests', as the candidate sees them."""

import asyncio
import dataclasses
import logging
import queue
import threading
import types
from typing import Any
from unittest import mock

import pytest

from tests.unit.verifier.test_code.harness.joined import Joined


class Base:
    """A base."""

    LIMIT = 3

    def __init__(self, size: int = 0) -> None:
        """Make one."""
        self.size = size

    def double(self) -> int:
        """Double."""
        return self.size * 2

    @property
    def more(self) -> int:
        """Return more."""
        return self.size + 100

    @classmethod
    def of(cls, size: int) -> "Base":
        """Make another."""
        return cls(size)

    def __eq__(self, other: object) -> bool:
        """Compare sizes."""
        return isinstance(other, Base) and other.size == self.size

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """Return the size."""
        return self.size


class Sub(Base):
    """A subclass."""

    def triple(self) -> int:
        """Triple."""
        return self.size * 3


class FailureError(ValueError):
    """An exception with a field."""

    def __init__(self, code: int) -> None:
        """Fail."""
        super().__init__(f"code {code}")
        self.code = code


@pytest.fixture
def joined() -> Joined:
    """Return a harness and a candidate's guest."""
    return Joined()


def test_attributes_and_methods_are_those_of_the_instance(joined: Joined) -> None:
    """Fields, methods, properties, special methods and class attributes are found."""
    source = """
        def run(x):
            return (x.size, x.double(), x.triple(), x.more, len(x), x.LIMIT, vars(x),
                    hasattr(x, "none"), type(x).__name__, x.double.__doc__)
    """
    expected = (2, 4, 6, 102, 2, 3, {"size": 2}, False, "Sub", "Double.")
    assert joined.define(source, "run")(Sub(2)) == expected


def test_classes_keep_their_relations(joined: Joined) -> None:
    """`isinstance`, `issubclass`, equality and construction work as in one process."""
    source = """
        def run(x, B):
            return (isinstance(x, B), issubclass(type(x), B), B(2) == B.of(2), B(2) != B(3),
                    B(4).double(), B.LIMIT, B.__doc__)
    """
    expected = (True, True, True, True, 8, 3, "A base.")
    assert joined.define(source, "run")(Sub(2), Base) == expected


def test_fields_are_set_in_the_tests_instance(joined: Joined) -> None:
    """What the candidate sets or deletes, the tests see."""
    value = Base(1)
    value.old = 1  # type: ignore[attr-defined]
    same = joined.define("def run(x):\n    x.size = 9; x.new = 3; del x.old\n    return x", "run")
    assert same(value) is value
    assert vars(value) == {"size": 9, "new": 3}


def test_methods_that_the_tests_replaced_are_called(joined: Joined) -> None:
    """A mock on an instance hides the method of its class."""
    value = Base(1)
    value.double = mock.Mock(return_value=7)  # type: ignore[method-assign]
    assert joined.define("def run(x): return x.double()", "run")(value) == 7


def test_dataclasses_are_read_by_their_module(joined: Joined) -> None:
    """`asdict`, `fields` and `replace` work on an instance."""

    @dataclasses.dataclass
    class Point:
        x: int
        y: list[int] = dataclasses.field(default_factory=list)

    source = """
        import copy, dataclasses
        def run(p):
            return (dataclasses.asdict(p), [f.name for f in dataclasses.fields(p)],
                    dataclasses.replace(p, x=5).x, copy.deepcopy(p) == p, copy.deepcopy(p) is p)
    """
    expected = ({"x": 1, "y": [2]}, ["x", "y"], 5, True, False)
    assert joined.define(source, "run")(Point(1, [2])) == expected


def test_exceptions_of_the_tests_are_caught_by_class(joined: Joined) -> None:
    """Their own class and its bases catch them, with their fields."""

    def fail() -> None:
        raise FailureError(5)

    source = """
        def run(f, kinds):
            try:
                f()
            except kinds as error:
                return type(error).__name__, error.code, str(error), error.args
    """
    run = joined.define(source, "run")
    assert run(fail, (FailureError,)) == ("FailureError", 5, "code 5", ("code 5",))
    assert run(fail, ValueError) == ("FailureError", 5, "code 5", ("code 5",))


def test_the_candidate_raises_exceptions_of_the_tests(joined: Joined) -> None:
    """What it raises is an instance of the tests' own class."""
    source = (
        "def run(E):\n    try:\n        raise E(3)\n    except E as error:\n        return error"
    )
    error = joined.define(source, "run")(FailureError)
    assert type(error) is FailureError
    assert error.code == 3


def test_a_class_of_the_tests_has_no_subclass_in_the_candidate(joined: Joined) -> None:
    """Its instances would be on both sides."""
    with pytest.raises(TypeError, match="not an acceptable base"):
        joined.define("def run(B):\n    class Own(B): pass", "run")(Base)


def test_mocks_record_the_candidates_calls(joined: Joined) -> None:
    """Calls, children, side effects and context managers work; the mock records them."""
    service = mock.MagicMock()
    service.get.side_effect = [{"a": 1}, KeyError("gone")]
    service.__enter__.return_value = service
    source = """
        def run(m):
            with m as entered:
                first = entered.get("u", timeout=3)
            try:
                m.get("v")
            except KeyError:
                m.log.warning("%s", first)
            return first, len(m), m.a.b is m.a.b
    """
    assert joined.define(source, "run")(service) == ({"a": 1}, 0, True)
    assert service.get.call_args_list == [mock.call("u", timeout=3), mock.call("v")]
    service.log.warning.assert_called_once_with("%s", {"a": 1})
    service.__exit__.assert_called_once_with(None, None, None)


def test_mocks_with_a_spec_are_instances_of_it(joined: Joined) -> None:
    """`isinstance` holds for a class of a library, and other attributes are missing."""
    source = "import logging\ndef run(m): return isinstance(m, logging.Logger), hasattr(m, 'other')"
    assert joined.define(source, "run")(mock.Mock(spec=logging.Logger)) == (True, False)


def test_mocks_are_awaited_and_opened(joined: Joined) -> None:
    """AsyncMock and `mock_open` work as in one process."""
    fetch = mock.AsyncMock(return_value=3)
    source = """
        import asyncio
        def run(f):
            async def wait():
                return await f(1)
            return asyncio.iscoroutinefunction(f), asyncio.run(wait())
    """
    assert joined.define(source, "run")(fetch) == (asyncio.iscoroutinefunction(fetch), 3)
    fetch.assert_awaited_once_with(1)
    source = "def run(open):\n    with open('f') as file:\n        return file.read()"
    assert joined.define(source, "run")(mock.mock_open(read_data="text")) == "text"
    joined.close()


def test_the_tests_see_plain_data_that_the_candidate_sets_on_a_mock(joined: Joined) -> None:
    """It takes the place of a child, which cannot be asked about its calls any more."""
    service = mock.Mock()

    assert joined.define("def run(m):\n    m.x = [5]\n    return m.x", "run")(service) == [5]

    assert service.x == [5]


def test_an_object_that_the_candidate_sets_on_a_mock_stays_there(joined: Joined) -> None:
    """It could agree with whatever the tests assert about the mock."""
    service = mock.Mock()
    source = "def run(m):\n    m.send = lambda: 5\n    return m.send()"

    assert joined.define(source, "run")(service) == 5

    assert not service.send.called


@pytest.mark.parametrize("name", ["called", "call_args_list", "assert_called", "return_value"])
def test_the_candidate_does_not_change_how_a_mock_counts(joined: Joined, name: str) -> None:
    """Neither by plain data nor by an object: it gets an AttributeError."""
    service = mock.Mock()
    run = joined.define(f"def run(m, value):\n    m.{name} = value", "run")

    for value in (5, joined.define("def f(): pass", "f")):
        with pytest.raises(AttributeError):
            run(service, value)
    assert not service.called


LIBRARY: list[tuple[Any, str, object]] = [
    (threading.Lock(), "def run(x):\n    with x: return x.locked()", True),
    (types.SimpleNamespace(a=1), "def run(x):\n    x.b = 2\n    return vars(x)", {"a": 1, "b": 2}),
    (queue.Queue(), "def run(x):\n    x.put(3)\n    return x.get()", 3),
    (
        logging.getLogger("tests"),
        "import logging\ndef run(x): return x.name, isinstance(x, logging.Logger)",
        ("tests", True),
    ),
]


@pytest.mark.parametrize(("value", "source", "expected"), LIBRARY)
def test_objects_of_libraries_are_used(
    joined: Joined, value: object, source: str, expected: object
) -> None:
    """They are used by the methods and attributes that they have."""
    assert joined.define(source, "run")(value) == expected


def test_a_property_mock_is_a_property(joined: Joined) -> None:
    """In a class of the candidate's, reading it calls the mock."""
    source = """
        class Own: pass
        def run(m):
            Own.size = m
            return Own().size
    """
    size = mock.PropertyMock(return_value=5)
    assert joined.define(source, "run")(size) == 5
    size.assert_called_once_with()
