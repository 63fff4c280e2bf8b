"""The tests' side of a session, joined to a real program in another process."""

import inspect
import io
import json
import math
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError

from .live_pair import live

PROGRAM = '''
import dataclasses, decimal, functools, json, math, os, pathlib, queue

def same(value):
    """Return it."""
    return value

def scale(x, factor=2, *, by: int = 1) -> int:
    return x * factor * by

def call(function, *args):
    return function(*args)

def type_of(value):
    return type(value)

def read(text):
    return json.loads(text)

def wrap():
    try:
        return 1 / 0
    except ZeroDivisionError as error:
        raise RuntimeError("wrapped") from error

class Broken(ValueError):
    def __init__(self, code):
        super().__init__("broken", code)
        self.code = code

def break_it(code):
    raise Broken(code)

def stop():
    raise StopIteration

def count(n):
    for number in range(n):
        yield number

async def later(x):
    return x

@dataclasses.dataclass(frozen=True)
class Point:
    """A point."""
    x: int
    y: int = 0

class Stack:
    def __init__(self, items=()):
        self._items = list(items)
    def push(self, item):
        self._items.append(item)
    def items(self):
        return self._items
    def copy(self):
        return Stack(self._items)
    def __len__(self):
        return len(self._items)
    def __sub__(self, other):
        return 0
    def __eq__(self, other):
        return self._items == other._items

class Numbers(list):
    def total(self):
        return sum(self)

class Number(int):
    def double(self):
        return self * 2

def nested(stack):
    return [stack, (stack,)]

def decorated(function):
    @functools.wraps(function)
    def inner(*args):
        inner.calls += 1
        return function(*args)
    inner.calls = 0
    return inner

waiting = queue.Queue()

def take():
    return waiting.get(timeout=20)

def leave():
    os._exit(3)
'''


@pytest.fixture(scope="module")
def candidate() -> Iterator[Any]:
    """Return the candidate of PROGRAM, for all tests of this file."""
    with live(PROGRAM, "Stack", "Point", "Numbers") as found:
        yield found


@pytest.mark.parametrize(
    "value",
    [1, 2**70, -0.0, "ü\ud800", b"a", (1, (2,)), [1], {"a": {1}}, None, True, Decimal("1.50"),
     Path("a/b"), range(3), 1j, frozenset({1}), int, ValueError],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was(candidate: Any, value: object) -> None:
    """Values are sent, and return with the same type."""
    back = candidate.find("same")(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_is_noted(candidate: Any) -> None:
    """An answer that holds nan is noted until the next item."""
    candidate.begin_item("1")
    assert math.isnan(candidate.ask("call", candidate.find("same"), math.nan))
    assert candidate.has_nan
    candidate.begin_item("2")
    assert not candidate.has_nan


def test_a_function_looks_like_itself(candidate: Any) -> None:
    """Functions show their signature, name, documentation and kind."""
    scale, same = candidate.find("scale"), candidate.find("same")
    assert str(inspect.signature(scale)) == "(x, factor=2, *, by: int = 1) -> int"
    assert (same.__name__, same.__doc__) == ("same", "Return it.")
    assert inspect.isfunction(same)
    assert inspect.iscoroutinefunction(candidate.find("later"))
    assert inspect.isgeneratorfunction(candidate.find("count"))


def test_a_class_looks_like_itself(candidate: Any) -> None:
    """A dataclass is one for the tests, too: fields, equality, frozen attributes."""
    point: Any = candidate.find("Point")
    assert [inspect.isclass(point), is_dataclass(point)] == [True, True]
    assert [field.name for field in fields(point)] == ["x", "y"]
    assert point.__doc__ == "A point."
    assert point(1) == point(1)
    assert isinstance(point(1), point)
    with pytest.raises(FrozenInstanceError):
        point(1).x = 2


def test_an_exception_of_the_library_keeps_its_type(candidate: Any) -> None:
    """Exceptions of the library are raised as themselves, with their fields."""
    with pytest.raises(json.JSONDecodeError) as caught:
        candidate.ask("call", candidate.find("read"), "{")
    assert (caught.value.pos, caught.value.doc) == (1, "{")


def test_the_cause_of_an_exception_arrives(candidate: Any) -> None:
    """An exception is raised with its cause."""
    with pytest.raises(RuntimeError, match="wrapped") as caught:
        candidate.ask("call", candidate.find("wrap"))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_exception_of_the_program_is_a_proxy(candidate: Any) -> None:
    """An exception of the program's class has its base, arguments and fields."""
    broken = candidate.find("Broken")
    with pytest.raises(broken) as caught:
        candidate.ask("call", candidate.find("break_it"), 7)
    assert isinstance(caught.value, ValueError)
    error: Any = caught.value
    assert (error.args, error.code, str(error)) == (("broken", 7), 7, "('broken', 7)")
    assert candidate.raised is error


def test_stop_iteration_ends_no_loop_of_the_tests(candidate: Any) -> None:
    """StopIteration out of a call is an error, and no end of the tests' loop."""
    stop = candidate.find("stop")
    with pytest.raises(RuntimeError, match="StopIteration"):
        all(map(lambda _: stop(), [1]))  # noqa: C417


def test_a_generator_is_run_step_by_step(candidate: Any) -> None:
    """The tests take items of a generator as they need them."""
    numbers = candidate.ask("call", candidate.find("count"), 3)
    assert inspect.isgenerator(numbers)
    assert (next(numbers), list(numbers)) == (0, [1, 2])


def test_a_returned_list_is_the_programs_own(candidate: Any) -> None:
    """Tests and program change one list, and each sees it."""
    stack = candidate.find("Stack")([1])
    items = stack.items()
    items.append(2)
    stack.push(3)
    assert items == [1, 2, 3]
    assert stack.items() is items
    assert stack.copy().items() is not items


def test_an_instance_of_a_subclass_of_list_is_one_list_on_both_sides(
    candidate: Any,
) -> None:
    """A list of the program's class is changed by the tests and used by its methods."""
    numbers = candidate.find("Numbers")([1, 2])
    numbers.append(3)
    assert (numbers, numbers.total(), len(numbers)) == ([1, 2, 3], 6, 3)


def test_a_number_of_a_subclass_has_its_methods(candidate: Any) -> None:
    """A number of the program's class equals plain data, and has methods."""
    number = candidate.find("Number")(4)
    assert (number, number.double()) == (4, 8)


def test_a_method_of_the_tests_object_is_called(candidate: Any) -> None:
    """The program calls bound methods, functions and mocks of the tests."""
    found: list[int] = []
    call = candidate.find("call")
    call(found.append, 1)
    call(lambda x: found.append(x + 1), 1)
    mock = Mock(return_value=5)
    assert call(mock, 2) == 5
    mock.assert_called_once_with(2)
    assert found == [1, 2]


def test_a_decorator_wraps_a_function_of_the_tests(candidate: Any) -> None:
    """A decorator of the program wraps a function of the tests."""

    def twice(x: int) -> int:
        return 2 * x

    wrapped = candidate.find("decorated")(twice)
    assert (wrapped(2), wrapped.calls, wrapped.__name__) == (4, 1, "twice")


def test_what_a_function_of_the_tests_raises_comes_back(candidate: Any) -> None:
    """The tests' own exception passes through the program as the same object."""

    class OwnError(Exception):
        pass

    error = OwnError("own")

    def fail() -> None:
        raise error

    with pytest.raises(OwnError) as caught:
        candidate.ask("call", candidate.find("call"), fail)
    assert caught.value is error


def test_a_stream_of_the_tests_is_read(candidate: Any) -> None:
    """The program reads a stream of the tests."""
    stream = io.StringIO("one\ntwo")
    assert candidate.find("call")(stream.readline) == "one\n"


def test_threads_of_the_tests_wait_for_each_other(candidate: Any) -> None:
    """A request of one thread is served while that of another one waits."""
    waiting = candidate.find("waiting")
    timer = threading.Timer(0.05, lambda: waiting.put(9))
    timer.start()
    assert candidate.ask("call", candidate.find("take")) == 9
    timer.join()


def test_an_object_is_released_when_the_tests_drop_it() -> None:
    """The program's object ends with the proxy for it."""
    with live("import weakref\nclass C: pass\nalive = weakref.WeakSet()\n"
              "def make():\n    c = C()\n    alive.add(c)\n    return c\n"
              "def count(): return len(alive)") as candidate:  # fmt: skip
        kept = candidate.ask("call", candidate.find("make"))
        candidate.ask("call", candidate.find("make"))
        assert candidate.ask("call", candidate.find("count")) == 1
        del kept
        assert candidate.ask("call", candidate.find("count")) == 0


def test_operators_of_an_object_are_asked_for_if_the_tests_made_it(
    candidate: Any,
) -> None:
    """Plain data is an operand of objects that the tests made."""
    made = candidate.find("Stack")()
    assert made - 3.5 == 0


@pytest.mark.parametrize("index", [0, 1])
def test_operators_of_an_object_in_a_container_are_not(candidate: Any, index: int) -> None:
    """Plain data is no operand of an object that came back in a container."""
    made = candidate.find("Stack")()
    found = candidate.find("nested")(made)[index]
    found = found[0] if index else found
    assert found is made
    with pytest.raises(TypeError):
        made - 3.5


def test_two_objects_compare_by_the_programs_word(candidate: Any) -> None:
    """Two objects compare by the program's word, which is noted; plain data never equals one."""
    stack = candidate.find("Stack")
    candidate.begin_item("1")
    assert stack([1]) == stack([1])
    assert candidate.is_self_compared
    assert stack([1]) != [1]


def test_a_candidate_that_ends_is_lost_for_good() -> None:
    """Nothing can be asked of a program that has ended."""
    with live(PROGRAM) as candidate:
        for _ in range(2):
            with pytest.raises(CandidateLostError):
                candidate.ask("call", candidate.find("leave"))
        assert candidate.fatal is not None


def test_a_method_of_the_program_is_passed_back(candidate: Any) -> None:
    """A bound method of the program's is the same method when it comes back."""
    stack = candidate.find("Stack")()
    candidate.ask("call", candidate.find("call"), stack.push, 5)
    assert stack.items() == [5]


def test_a_class_of_the_tests_extends_one_of_the_program(candidate: Any) -> None:
    """Overridden methods, `super()` and the program's own methods work together."""
    base = candidate.find("Stack")

    class Loud(base):  # type: ignore[misc, valid-type]  # (a class of the program's)
        def __init__(self, items: list[int]) -> None:
            super().__init__(items)
            self.pushed = 0

        def push(self, item: int) -> None:
            self.pushed += 1
            super().push(item)

    loud = Loud([1])
    loud.push(2)
    candidate.ask("call", candidate.find("call"), loud.push, 3)
    assert (loud.items(), loud.pushed, len(loud)) == ([1, 2, 3], 2, 3)
    assert isinstance(loud, base)
    assert Loud.__bases__ == (base,)


def test_a_text_of_a_class_that_the_tests_do_not_name_counts_by_itself() -> None:
    """A method that replaces one of `str` could agree with any argument."""
    program = "class T(str):\n    def count(self, part): return 2\ndef make(): return T('a')"
    with live(program) as candidate:
        assert candidate.ask("call", candidate.find("make")).count("x") == 0
