import inspect
import io
import json
import math
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from unittest.mock import Mock

import pytest

from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError
from nova_code_verifier.verifier.test_code.harness.session import LiveCandidate

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
def candidate() -> Iterator[LiveCandidate]:
    with live(PROGRAM, "Stack", "Point", "Numbers") as found:
        yield found


@pytest.mark.parametrize(
    "value",
    [1, 2**70, -0.0, "ü\ud800", b"a", (1, (2,)), [1], {"a": {1}}, None, True, Decimal("1.50"),
     Path("a/b"), range(3), 1j, frozenset({1}), int, ValueError],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was(candidate: LiveCandidate, value: object) -> None:
    back = candidate.find("same")(value)  # type: ignore[operator]
    assert back == value
    assert type(back) is type(value)


def test_nan_is_noted(candidate: LiveCandidate) -> None:
    candidate.begin_item("1")
    assert math.isnan(candidate.ask("call", candidate.find("same"), math.nan))
    assert candidate.has_nan
    candidate.begin_item("2")
    assert not candidate.has_nan


def test_a_function_looks_like_itself(candidate: LiveCandidate) -> None:
    scale, same = candidate.find("scale"), candidate.find("same")
    assert str(inspect.signature(scale)) == "(x, factor=2, *, by: int = 1) -> int"  # type: ignore[arg-type]
    assert (same.__name__, same.__doc__) == ("same", "Return it.")  # type: ignore[attr-defined]
    assert inspect.isfunction(same)
    assert inspect.iscoroutinefunction(candidate.find("later"))
    assert inspect.isgeneratorfunction(candidate.find("count"))


def test_a_class_looks_like_itself(candidate: LiveCandidate) -> None:
    point = candidate.find("Point")
    assert inspect.isclass(point)
    assert is_dataclass(point)
    assert [field.name for field in fields(point)] == ["x", "y"]
    assert point.__doc__ == "A point."
    assert point(1) == point(1)  # type: ignore[operator]
    assert isinstance(point(1), point)  # type: ignore[operator, arg-type]
    with pytest.raises(FrozenInstanceError):
        point(1).x = 2  # type: ignore[operator]


def test_an_exception_of_the_library_keeps_its_type(candidate: LiveCandidate) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        candidate.ask("call", candidate.find("read"), "{")
    assert (caught.value.pos, caught.value.doc) == (1, "{")


def test_the_cause_of_an_exception_arrives(candidate: LiveCandidate) -> None:
    with pytest.raises(RuntimeError, match="wrapped") as caught:
        candidate.ask("call", candidate.find("wrap"))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_exception_of_the_program_is_a_proxy(candidate: LiveCandidate) -> None:
    broken = candidate.find("Broken")
    with pytest.raises(broken) as caught:  # type: ignore[call-overload]
        candidate.ask("call", candidate.find("break_it"), 7)
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.args, error.code, str(error)) == (("broken", 7), 7, "('broken', 7)")  # type: ignore[attr-defined]
    assert candidate.raised is error


def test_stop_iteration_ends_no_loop_of_the_tests(candidate: LiveCandidate) -> None:
    stop = candidate.find("stop")
    with pytest.raises(RuntimeError, match="StopIteration"):
        all(map(lambda _: stop(), [1]))  # type: ignore[operator]  # noqa: C417


def test_a_generator_is_run_step_by_step(candidate: LiveCandidate) -> None:
    numbers = candidate.ask("call", candidate.find("count"), 3)
    assert inspect.isgenerator(numbers)
    assert (next(numbers), list(numbers)) == (0, [1, 2])


def test_a_returned_list_is_the_programs_own(candidate: LiveCandidate) -> None:
    stack = candidate.find("Stack")([1])  # type: ignore[operator]
    items = stack.items()
    items.append(2)
    stack.push(3)
    assert items == [1, 2, 3]
    assert stack.items() is items
    assert stack.copy().items() is not items


def test_an_instance_of_a_subclass_of_list_is_one_list_on_both_sides(
    candidate: LiveCandidate,
) -> None:
    numbers = candidate.find("Numbers")([1, 2])  # type: ignore[operator]
    numbers.append(3)
    assert (numbers, numbers.total(), len(numbers)) == ([1, 2, 3], 6, 3)


def test_a_number_of_a_subclass_has_its_methods(candidate: LiveCandidate) -> None:
    number = candidate.find("Number")(4)  # type: ignore[operator]
    assert (number, number.double()) == (4, 8)


def test_a_method_of_the_tests_object_is_called(candidate: LiveCandidate) -> None:
    found: list[int] = []
    call = candidate.find("call")
    call(found.append, 1)  # type: ignore[operator]
    call(lambda x: found.append(x + 1), 1)  # type: ignore[operator]
    mock = Mock(return_value=5)
    assert call(mock, 2) == 5  # type: ignore[operator]
    mock.assert_called_once_with(2)
    assert found == [1, 2]


def test_a_decorator_wraps_a_function_of_the_tests(candidate: LiveCandidate) -> None:
    @candidate.find("decorated")  # type: ignore[operator, untyped-decorator]
    def twice(x: int) -> int:
        return 2 * x

    assert (twice(2), twice.calls, twice.__name__) == (4, 1, "twice")


def test_what_a_function_of_the_tests_raises_comes_back(candidate: LiveCandidate) -> None:
    class OwnError(Exception):
        pass

    error = OwnError("own")

    def fail() -> None:
        raise error

    with pytest.raises(OwnError) as caught:
        candidate.ask("call", candidate.find("call"), fail)
    assert caught.value is error


def test_a_stream_of_the_tests_is_read(candidate: LiveCandidate) -> None:
    stream = io.StringIO("one\ntwo")
    assert candidate.find("call")(stream.readline) == "one\n"  # type: ignore[operator]


def test_threads_of_the_tests_wait_for_each_other(candidate: LiveCandidate) -> None:
    waiting = candidate.find("waiting")
    timer = threading.Timer(0.05, lambda: waiting.put(9))  # type: ignore[attr-defined]
    timer.start()
    assert candidate.ask("call", candidate.find("take")) == 9
    timer.join()


def test_an_object_is_released_when_the_tests_drop_it() -> None:
    with live("import weakref\nclass C: pass\nalive = weakref.WeakSet()\n"
              "def make():\n    c = C()\n    alive.add(c)\n    return c\n"
              "def count(): return len(alive)") as candidate:  # fmt: skip
        kept = candidate.ask("call", candidate.find("make"))
        candidate.ask("call", candidate.find("make"))
        assert candidate.ask("call", candidate.find("count")) == 1
        del kept
        assert candidate.ask("call", candidate.find("count")) == 0


def test_operators_of_an_object_are_asked_for_if_the_tests_made_it(
    candidate: LiveCandidate,
) -> None:
    made = candidate.find("Stack")()  # type: ignore[operator]
    assert made - 3.5 == 0


@pytest.mark.parametrize("index", [0, 1])
def test_operators_of_an_object_in_a_container_are_not(
    candidate: LiveCandidate, index: int
) -> None:
    made = candidate.find("Stack")()  # type: ignore[operator]
    found = candidate.find("nested")(made)[index]  # type: ignore[operator]
    found = found[0] if index else found
    assert found is made
    with pytest.raises(TypeError):
        made - 3.5


def test_two_objects_compare_by_the_programs_word(candidate: LiveCandidate) -> None:
    stack = candidate.find("Stack")
    candidate.begin_item("1")
    assert stack([1]) == stack([1])  # type: ignore[operator]
    assert candidate.is_self_compared
    assert stack([1]) != [1]  # type: ignore[operator]


def test_a_candidate_that_ends_is_lost_for_good() -> None:
    with live(PROGRAM) as candidate:
        for _ in range(2):
            with pytest.raises(CandidateLostError):
                candidate.ask("call", candidate.find("leave"))
        assert candidate.fatal is not None
