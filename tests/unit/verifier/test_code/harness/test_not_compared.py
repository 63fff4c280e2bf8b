"""Answers that pass tests which then compare nothing: StopIteration, and nan."""

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.test_code.protocol import ItemState
from nova_code_verifier.verifier.types import Verdict
from tests.unit.verifier.test_code.harness.runs import graded, states
from tests.unit.verifier.test_code.harness.test_guess_baseline import scored

STOP = "def f(x):\n    raise StopIteration"
STOP_LATER = "def f(x):\n    if x == 4:\n        return 17\n    raise StopIteration"
STOP_OF_ITS_OWN = "class Stop(StopIteration): pass\ndef f(x):\n    raise Stop('end')"
IN_MAP = """
cases = [(1, 2), (2, 5), (3, 10)]
assert all(map(lambda c: f(c[0]) == c[1], cases))
for got, want in zip(map(f, [4, 5]), [17, 26]):
    assert got == want
"""
IN_PYTEST = """
import pytest
from solution import f
def test_many():
    for got, want in zip(map(f, [4, 5]), [17, 26]):
        assert got == want
@pytest.mark.parametrize("x,y", [(1, 2), (2, 5)])
def test_p(x, y):
    assert all(map(lambda v: f(v) == y, [x]))
"""
IN_UNITTEST = """
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        self.assertFalse(any(map(lambda x: f(x) != 3, [1, 2])))
    def test_two(self):
        for got in filter(None, map(f, [1, 2])):
            self.assertEqual(got, 3)
    def test_three(self):
        self.assertIsNone(next(filter(lambda x: f(x) != 3, [1, 2]), None))
"""


@pytest.mark.parametrize("program", [STOP, STOP_LATER, STOP_OF_ITS_OWN])
@pytest.mark.parametrize("code", [IN_MAP, IN_PYTEST, IN_UNITTEST])
def test_stop_iteration_ends_no_loop_of_the_tests(
    executor: LocalExecutor, program: str, code: str
) -> None:
    """A call that raises it fails its item: the loop around it has not compared everything."""
    score = scored(executor, program, code)

    assert score.verdict is Verdict.RUNTIME_ERROR
    assert (score.correctness, score.pass_rate) == (0.0, 0.0)


def test_stop_iteration_of_a_method_or_an_attribute_ends_no_loop(executor: LocalExecutor) -> None:
    """All questions to the candidate may raise it, not only calls of functions."""
    program = """
class Box:
    def send(self, x): raise StopIteration
    @property
    def size(self): raise StopIteration
"""
    code = """
assert all(map(lambda x: Box().send(x) == 1, [1, 2]))
assert all(map(lambda x: Box().size == 1, [1, 2]))
"""
    assert scored(executor, program, code).pass_rate == 0.0


ITERATORS = """
def count(n):
    yield from range(n)
class Steps:
    def __init__(self): self.left = 2
    def __iter__(self): return self
    def __next__(self):
        if not self.left: raise StopIteration
        self.left -= 1
        return self.left
def first(items):
    return next(iter(items))
"""


@pytest.mark.parametrize(
    "code",
    [
        "assert list(count(3)) == [0, 1, 2]\nassert [x for x in count(2)] == [0, 1]",
        "assert list(Steps()) == [1, 0]\nassert next(Steps()) == 1",
        "s = Steps()\nassert next(s) == 1\nassert next(s) == 0\nassert next(s, None) is None",
        "g = count(1)\nassert next(g) == 0\nassert next(g, 7) == 7",
        "assert dict(zip(count(3), Steps())) == {0: 1, 1: 0}",
        (
            "import pytest\nfrom solution import *\ndef test_f():\n    assert first([1]) == 1\n"
            "    with pytest.raises(StopIteration):\n        first([])"
        ),
        "try:\n    first([])\nexcept StopIteration:\n    found = 1\nassert found == 1",
    ],
)
def test_iterators_end_as_they_should(executor: LocalExecutor, code: str) -> None:
    """An iterator may end, and a call may raise StopIteration where the tests speak of it."""
    assert scored(executor, ITERATORS, code).correctness == 1.0


NAN = "def f(*_):\n    return float('nan')"
MORE_IS_WRONG = """
def close(a, b):
    if abs(a - b) > 1e-6:
        raise AssertionError("differs")
def check(f):
    close(f(4), 9.5)
    assert not abs(f(6) - 13.5) > 1e-6
check(f)
"""
SINGLE = """
assert not abs(f(1) - 2.5) > 1e-6
assert not abs(f(2) - 5.25) > 1e-6
assert not (f(3) < 7.1 or f(3) > 7.2)
"""
OUTSIDE = "x = f(1)\nassert not abs(x - 2.5) > 1e-6\nassert not x < 2"
IN_A_LOOP = "for n in range(3):\n    assert not abs(f(n) - 9.5) > 1e-6"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (NAN, MORE_IS_WRONG),
        (NAN, SINGLE),
        (NAN, OUTSIDE),
        (NAN, IN_A_LOOP),
        ("def f(x):\n    return 2.5 if x == 4 else float('inf') * 0", MORE_IS_WRONG),
    ],
)
def test_nan_passes_no_test_that_does_not_speak_of_it(program: str, code: str) -> None:
    """All comparisons with nan are false, so a test that looks for an error finds none."""
    assert {item.parts_passed for item in graded(code, program).items} == {0}


def test_a_single_nan_fails_only_its_own_item() -> None:
    """The other items compare other answers."""
    report = graded(SINGLE, "def f(x):\n    return 2.5 if x == 1 else float('nan')")

    passed, failed = ItemState.PASSED, ItemState.FAILED
    assert list(states(report).values()) == [passed, failed, failed]
    assert report.items[1].error.startswith("NotComparedError: an answer is nan")


DIVIDING = "def f(a, b):\n    return a / b if b else float('nan')"


@pytest.mark.parametrize(
    "code",
    [
        "import math\nassert math.isnan(f(0, 0))\nassert f(1, 2) == 0.5",
        "assert str(f(0, 0)) == 'nan'\nassert f(1, 2) == 0.5",
        "NaN = f(0, 0)\nassert NaN != NaN\nassert f(1, 2) == 0.5",
        (
            "import pytest\nfrom solution import f\ndef test_f():\n"
            "    assert f(0, 0) == pytest.approx(float('nan'), nan_ok=True)"
        ),
        "assert f(1, 2) == 0.5\nassert 'nanosecond finance' and f(1, 4) == 0.25",
    ],
)
def test_a_program_may_return_nan_where_the_tests_speak_of_it(code: str) -> None:
    """A right program loses nothing."""
    assert {item.state for item in graded(code, DIVIDING).items} == {ItemState.PASSED}


def test_nan_is_a_guess_where_the_tests_speak_of_it(executor: LocalExecutor) -> None:
    """The constant nan then earns nothing by the guess baseline."""
    code = (
        "import math\nassert math.isnan(f(0, 0))\nassert not abs(f(1, 2) - 0.5) > 1e-6\n"
        "assert f(1, 4) == 0.25"
    )
    score = scored(executor, NAN, code)

    assert score.pass_rate == score.guess_baseline == pytest.approx(2 / 3)
    assert score.correctness == 0.0
    assert scored(executor, DIVIDING, code).correctness == 1.0


def test_stop_iteration_is_a_guess_where_the_tests_speak_of_it(executor: LocalExecutor) -> None:
    """A constant StopIteration then earns nothing by the guess baseline."""
    code = (
        "try:\n    f(0)\n    stopped = False\nexcept StopIteration:\n    stopped = True\n"
        "assert stopped\nassert all(map(lambda x: f(x) == 2, [1]))\nassert f(5) == 2"
    )
    score = scored(executor, STOP, code)

    assert 0 < score.pass_rate <= score.guess_baseline < 1
    assert score.correctness == 0.0
