"""The guess baseline of test code: a guess earns no correctness, however tests are written."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.pipeline import judge
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
    "nothing but truth": (TRUTHS, "def f(x): return False"),
}


@pytest.mark.parametrize(("code", "program"), GUESSED.values(), ids=GUESSED)
def test_a_guess_earns_nothing(executor: LocalExecutor, code: str, program: str) -> None:
    """A guess is found wherever the tests have what they expect."""
    score = scored(executor, program, code)

    assert 0 < score.pass_rate == score.guess_baseline < 1
    assert score.correctness == 0.0


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
