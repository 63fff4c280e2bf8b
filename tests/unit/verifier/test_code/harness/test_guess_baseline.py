"""The guess baseline of test code: a guess earns no correctness, however tests are written."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code.harness.guess_baseline import (
    GuessCandidate,
    GuessEndedError,
)
from nova_code_verifier.verifier.types import Sample, Score


def scored(executor: LocalExecutor, program: str, code: str) -> Score:
    """Score one program with test code."""
    reference = {"tests": {"kind": "code", "code": code}, "limits": {"cpu_seconds": 1.0}}
    sample = Sample(completion=f"```python\n{program}\n```\n", reference=reference)
    (score,) = judge([sample], executor, default_limits=Limits(cpu_seconds=1.0))
    assert score.problem == ""
    return score


PARAMETRIZED = """
import pytest
from solution import f
@pytest.mark.parametrize("x, expected", [(1, "YES"), (2, "NO"), (3, "YES")])
def test_f(x, expected):
    assert f(x) == expected
"""
NAMED = """
from solution import f
def test_one():
    expected = "YES"
    assert f(1) == expected
def test_two():
    expected = "YES"
    assert f(2) == expected
def test_three():
    expected = "NO"
    assert f(3) == expected
"""
IN_UNITTEST = """
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        expected = {"a": [1, 2]}
        self.assertEqual(f(1), expected)
    def test_two(self):
        expected = {"a": [1, 2]}
        self.assertDictEqual(f(2), expected)
    def test_three(self):
        self.assertEqual(f(3), {})
"""
IN_A_LOOP = """
for x, expected in ((1, 5), (2, 5)):
    assert f(x) == expected
for x, expected in [(1, 5), (3, 5)]:
    assert f(x) == expected
assert f(4) == 2
"""
COMPUTED = """
def slow(x):
    return [n for n in range(2, 4) if x]
assert f(1) == slow(1)
assert f(2) == slow(2)
assert f(0) == slow(0)
"""
SORTED = """
expected = [1, 2]
assert sorted(f(1)) == expected
assert sorted(f(2)) == expected
assert f(3) == 9
"""
APPROXIMATE = """
import pytest
from solution import f
@pytest.mark.parametrize("x, expected", [(1, 1.5), (2, 1.5), (3, 7)])
def test_f(x, expected):
    assert f(x) == pytest.approx(expected)
"""
RAISING = """
import pytest
from solution import f
def test_one():
    with pytest.raises(ValueError):
        f(1)
def test_two():
    with pytest.raises(ValueError, match="less than 0"):
        f(2)
def test_three():
    assert f(3) == 3
"""
RAISING_IN_UNITTEST = """
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        self.assertRaises(KeyError, f, 1)
    def test_two(self):
        with self.assertRaisesRegex(KeyError, "bad"):
            f(2)
    def test_three(self):
        self.assertEqual(f(3), 3)
"""
RAISING_ITS_OWN = """
import pytest
from solution import f, BadError
def test_one():
    with pytest.raises(BadError):
        f(1)
def test_two():
    with pytest.raises((BadError, OSError), match="bad"):
        f(2)
def test_three():
    assert f(3) == 3
"""
ABOUT = """
import math
assert math.isclose(f(1), 1.0, abs_tol=0.1)
assert abs(f(2) - 1.15) < 0.1
assert f(3) == 2
"""
FAR_APART = """
assert abs(f(1) - 1.0) < 0.16
assert abs(f(2) - 1.05) < 0.16
assert abs(f(3) - 1.3) < 0.16
assert f(4) == 2
"""
STACK = """
class Stack:
    def push(self, x): pass
    def pop(self): return 1
    peek = size = pop
"""
METHODS = """
s = Stack()
s.push(1)
assert s.pop() == 1
assert s.peek() == 1
assert s.size() == 2
"""
ATTRIBUTES = "p = Point(1, 2)\nassert p.x == 1\nassert p.y == 1\nassert p.z == 2"
TRUTHS = """
import pytest
from solution import f
def test_one():
    assert not f(1)
def test_two():
    assert not f(2)
def test_three():
    assert f(3)
"""

LENGTHS = """
def check(f):
    assert len(f(1)) == 3
    assert isinstance(f(2), list)
    assert len(f(3)) == 3
    assert f(4) == 9
check(f)
"""
KEYS = """
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        result = f(1)
        self.assertEqual(result["name"], "x")
        self.assertEqual(result["size"], 2)
    def test_two(self):
        self.assertIn("name", f(2))
    def test_three(self):
        self.assertEqual(f(3), 9)
"""
AWAITED = """
import asyncio
import pytest
from solution import fetch
@pytest.mark.asyncio
async def test_one():
    assert await fetch(1) == 3
def test_two():
    assert asyncio.run(fetch(2)) == 3
def test_three():
    assert asyncio.run(fetch(3)) == 4
"""
RAISING_A_TEXT = """
import json
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        with self.assertRaises(json.JSONDecodeError):
            f(1)
    def test_two(self):
        with self.assertRaises(ValueError) as caught:
            f(2)
        self.assertEqual(str(caught.exception), "too small")
    def test_three(self):
        with self.assertRaises(ValueError):
            f(3)
    def test_four(self):
        self.assertEqual(f(4), 9)
"""

GUESSED = {
    "parametrized": (PARAMETRIZED, "def f(x): return 'YES'"),
    "named": (NAMED, "def f(x): return 'YES'"),
    "named, in unittest": (IN_UNITTEST, "def f(x): return {'a': [1, 2]}"),
    "rows of a loop": (IN_A_LOOP, "def f(x): return 5"),
    "computed": (COMPUTED, "def f(x): return [2, 3]"),
    "named and sorted": (SORTED, "def f(x): return [2, 1]"),
    "a set of a tuple": (
        "assert set(f(1)) == set((4, 5))\nassert set(f(2)) == set((5, 4))\nassert f(3) == 1",
        "def f(x): return (4, 5)",
    ),
    "a power": (
        "assert f(1) == 10**3\nassert f(2) == 10**3\nassert f(3) == 7",
        "def f(x): return 1000",
    ),
    "infinite": (
        "import math\nassert f(1) == float('inf')\nassert math.inf == f(2)\nassert f(3) == 1",
        "def f(x): return float('inf')",
    ),
    "about": (ABOUT, "def f(x): return 1.075"),
    "about what is far apart": (FAR_APART, "def f(x): return 1.15"),
    "approximate": (APPROXIMATE, "def f(x): return 1.5"),
    "between bounds": (
        "assert f(1) > 0\nassert f(2) > 10\nassert 100 > f(3)\nassert f(4) == 7",
        "def f(x): return 50",
    ),
    "beyond all bounds": (
        "assert f(1) > 0\nassert f(2) > 10\nassert f(3) < 100\nassert f(4) > 200",
        "def f(x): return 1000",
    ),
    "raised": (RAISING, "def f(x): raise ValueError('less than 0')"),
    "raised, in unittest": (RAISING_IN_UNITTEST, "def f(x): raise KeyError('bad')"),
    "its own, raised": (
        RAISING_ITS_OWN,
        "class BadError(Exception): pass\ndef f(x): raise BadError('bad')",
    ),
    "methods": (METHODS, STACK),
    "attributes": (
        ATTRIBUTES,
        "class Point:\n    x = y = z = 1\n    def __init__(self, *_): pass",
    ),
    "a function that is called like a class": (
        "assert Diff(1) == 1\nassert Diff(2) == 1\nassert Diff(3) == 2",
        "def Diff(x): return 1",
    ),
    "the third argument": (
        "assert f(1, 2, 3) == 3\nassert f(1, 2, 4) == 4\nassert f(1, 2, 5) == 6",
        "def f(a, b, c): return c",
    ),
    "the fourth argument": (
        "assert f(1, 2, 3, 4) == 4\nassert f(1, 2, 4, d=5) == 5\nassert f(1, 2, 5, 6) == 7",
        "def f(a, b, c, d): return d",
    ),
    "a length": (LENGTHS, "def f(x): return [7, 7, 7]"),
    "what tests look up": (KEYS, "def f(x): return {'name': 'x', 'size': 2}"),
    "awaited": (AWAITED, "async def fetch(x): return 3"),
    "raised, with a text": (RAISING_A_TEXT, "def f(x): raise ValueError('too small')"),
    "one of several": (
        "assert f(1) in (5, 6)\nassert f(2) in (6, 7)\nassert f(3) == 9",
        "def f(x): return 6",
    ),
    "none": (
        "assert f(1) is None\nassert f(2) is None\nassert f(3) == 9",
        "def f(x): return None",
    ),
    "nothing but truth": (TRUTHS, "def f(x): return False"),
}


@pytest.mark.parametrize(("code", "program"), GUESSED.values(), ids=GUESSED)
def test_a_guess_earns_nothing(executor: LocalExecutor, code: str, program: str) -> None:
    """A guess is found wherever the tests have what they expect."""
    score = scored(executor, program, code)

    assert 0 < score.pass_rate == score.guess_baseline < 1
    assert score.correctness == 0.0


def candidate(guess: object, classes: str = "Stack BadError", methods: str = "push pop") -> Any:
    """Return a candidate with this guess."""
    return GuessCandidate(json.dumps(guess), classes.split(), methods.split())


def test_functions_return_the_guess_made_anew() -> None:
    """Tests that change an answer do not change the next one."""
    f = candidate({"is": [1]}).find("f")
    f(1).append(2)

    assert f(1) == [1]
    assert f.attribute(3) == [1]
    assert candidate({"is": 5}).find("Solution")().f(3) == 5


def test_all_that_a_class_has_is_the_guess() -> None:
    """Methods return it; attributes and operators are it; what tests set, they get."""
    guessed = candidate({"is": 3})
    stack = guessed.find("Stack")(7, size=8)
    stack.own = 9

    assert (stack.push(1), stack.top, len(stack), stack[0], stack.own) == (3, 3, 3, 3, 9)
    assert isinstance(stack, guessed.find("Stack"))
    assert guessed.is_stand_in(stack)
    assert bool(candidate({"is": 0}).find("Stack")())
    assert str(candidate({"is": "a, b"}).find("Stack")()) == "a, b"


@pytest.mark.parametrize(
    ("name", "message"),
    [("ValueError", ""), ("BadError", "bad"), ("json.JSONDecodeError", "x"), ("Unknown", "x")],
)
def test_a_raised_guess_is_the_exception_that_tests_expect(name: str, message: str) -> None:
    """Python's, a module's, or the candidate's own; with its text."""
    guessed = candidate({"raises": [name, message]})
    own = {"ValueError": ValueError, "json.JSONDecodeError": json.JSONDecodeError}
    kind = guessed.find(name) if name == "BadError" else own.get(name, Exception)

    with pytest.raises(kind) as caught:
        guessed.find("f")(1)

    assert str(caught.value) == message
    assert guessed.raised is caught.value
    guessed.begin_item("2")
    assert guessed.raised is None


def test_a_repeated_argument_is_the_argument_itself() -> None:
    """By its index, however it is passed; None if there is none."""
    f, argument = candidate({"repeats": 1}).find("f"), object()

    assert f(1, argument) is argument
    assert f(1, x=argument) is argument
    assert f(1) is None
    assert candidate({"repeats": 1}).find("Stack")().push(1, argument) is argument


def test_awaited_functions_are_coroutine_functions() -> None:
    """Others return the guess itself."""
    guessed = candidate({"is": 3, "awaited": ["f", "pop"]})

    assert asyncio.run(guessed.find("f")(1)) == 3
    assert asyncio.run(guessed.find("Stack")().pop()) == 3
    assert guessed.find("g")(1) == 3


@pytest.mark.parametrize(("guess", "has_nan"), [([float("nan")], True), (["NaN"], False)])
def test_a_guess_that_holds_nan_is_noted(guess: object, *, has_nan: bool) -> None:
    """Once it is an answer to the item that runs."""
    guessed = candidate({"is": guess})
    assert not guessed.has_nan
    guessed.find("f")(1)

    assert guessed.has_nan is has_nan


def test_an_item_that_calls_a_guess_without_end_ends() -> None:
    """After so many calls, not after some time: the next run ends the same way."""
    guessed = candidate({"is": 3})
    guessed.begin_item("1")
    with pytest.raises(GuessEndedError):
        list(iter(lambda: guessed.find("f")(1), 4))
    guessed.begin_item("2")

    assert guessed.find("f")(1) == 3


def test_a_right_program_is_paid_in_full(executor: LocalExecutor) -> None:
    """The guess baseline takes nothing from a program that passes all cases."""
    program = "def f(x):\n    if x < 3: raise ValueError('less than 0')\n    return 3"

    assert scored(executor, program, RAISING).correctness == 1.0


def test_a_guess_that_ends_the_harness_does_not_affect_others(executor: LocalExecutor) -> None:
    """All guesses share a guest; the others are still tried if one of them ends it."""
    code = (
        "import os\nx = f(1)\nif x == 5: os._exit(1)\n"
        "assert x == 5\nassert f(2) == 5\nassert f(3) == 6\nassert f(4) == 6"
    )

    assert scored(executor, "def f(x): return 6", code).guess_baseline == 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to write that a call returns a value, with fields for an argument and the value."""

    head: str
    line: str
    tail: str = ""

    def write(self, values: list[str]) -> str:
        """Write tests that expect these values, one after the other."""
        lines = (self.line.format(n=n, value=value) for n, value in enumerate(values))
        return "\n".join([self.head, *lines, self.tail])


FORMS = [
    Form(head="", line="assert f({n}) == {value}"),
    Form(head="", line="assert {value} == f({n})"),
    Form(head="", line="expected = {value}\nassert f({n}) == expected"),
    Form(head="", line="for x, expected in [({n}, {value})]:\n    assert f(x) == expected"),
    Form(head="", line="assert [f({n})] == [{value}]"),
    Form(head="def want(x):\n    return x", line="assert f({n}) == want({value})"),
    Form(head="def check(f):", line="    assert f({n}) == {value}", tail="check(f)"),
    Form(head="def check(f):", line="    e = {value}\n    assert f({n}) == e", tail="check(f)"),
    Form(
        head="import pytest\nfrom solution import f",
        line="def test_{n}():\n    expected = {value}\n    assert f({n}) == expected",
    ),
    Form(
        head="import pytest\nfrom solution import f",
        line="@pytest.mark.parametrize('x, result', [({n}, {value})])\n"
        "def test_{n}(x, result):\n    assert f(x) == result",
    ),
    Form(
        head="import unittest\nclass TestF(unittest.TestCase):",
        line="    def test_{n}(self):\n        self.assertEqual(f({n}), {value})",
    ),
    Form(
        head="import unittest\nclass TestF(unittest.TestCase):",
        line="    def test_{n}(self):\n        e = {value}\n        self.assertEqual(e, f({n}))",
    ),
]
VALUES = [
    *(
        "1",
        "2",
        "2.0",
        "7",
        "-3",
        "10**3",
        "2.5",
        "float('inf')",
        "'YES'",
        "'NO'",
        "None",
        "True",
        "b'x'",
    ),
    *("[1, 2]", "(1, 2)", "{1, 2}", "{'a': [1]}", "set((4, 5))", "frozenset([3])", "tuple('ab')"),
]


@given(
    form=st.sampled_from(FORMS),
    values=st.lists(st.sampled_from(VALUES), min_size=2, max_size=6),
    data=st.data(),
)
@settings(max_examples=60)
def test_a_constant_earns_nothing_in_any_test_code(
    executor: LocalExecutor, form: Form, values: list[str], data: st.DataObject
) -> None:
    """No constant earns correctness in any form of tests, unless all of them expect it."""
    constant = data.draw(st.sampled_from([*values, *VALUES]))

    score = scored(executor, f"def f(x):\n    return {constant}", form.write(values))

    assert score.correctness == (score.pass_rate if score.guess_baseline == 1 else 0.0)
    assert score.guess_baseline >= score.pass_rate
