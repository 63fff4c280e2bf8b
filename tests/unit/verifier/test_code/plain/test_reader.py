"""Plain tests: which tests are, and what is asked and expected."""

import pytest

from nova_code_verifier.verifier.test_code.plain.asserts import PlainAssert
from nova_code_verifier.verifier.test_code.plain.reader import plain_tests
from nova_code_verifier.verifier.types import TestCode
from tests.evalplus_forms import HELPERS, humaneval_plus, mbpp_plus


def asserts_of(
    source: str, entry_point: str = "", *, shared_process: bool = False
) -> list[PlainAssert]:
    """Read tests of a candidate that defines `f`, `g` and `Solution`."""
    tests = TestCode(source=source, entry_point=entry_point, shared_process=shared_process)
    return list(plain_tests(tests, ["Solution", "f", "g"]) or ())


PLAIN = [
    "assert f(1) == 2",
    "assert 2 == f(x=1)",
    "assert f([1, (2.5, 'a')], {'b': {1}}) is None",
    "assert not f(-1, 2 ** 10, 'a' * 3, float('inf'))",
    "assert abs(f(1) - 2.5) < 1e-6, 'message'",
    "assert sorted(f(1)) == [1, 2]",
    "assert f(1)[0] == f(2)",
    "assert isinstance(f(1), int)",
    "assert round(f(1), 2) == 0.33, f'{1}'",
    "assert 1 < f(1) <= 3",
    "assert f(1) in (1, 2)",
    "assert set(f(1)) == {1, 2}",
    "assert f(*[1, 2]) == 3",
    "x = 7\nassert f(x) == x",
    "x = [7]\nassert f(x) == [7]",
    "assert Solution().f(1) == 2",
    "for x in (1, 2):\n    assert f(x) == 2",
    "for i, (x, y) in enumerate(zip([[1], [2]], [3, 4])):\n    r = f(*x)\n    assert r == y, i",
    "for x, y in {'a': 1}.items():\n    assert f(x) == y",
    "for x in range(2):\n    assert f(x) == x",
    "import math\nfrom typing import *\nassert math.isclose(f(1), math.pi)",
    "def same(a, b):\n    a = sorted(a)\n    assert a == b\nfor x in [1]:\n    same(f(x), [2])",
    "METADATA = {}\ndef check(candidate):\n    assert True\n    assert candidate(1)\ncheck(f)",
]
NOT_PLAIN = {
    "no call": "x = 1",
    "a nested call": "assert f(g(1)) == 2",
    "a value that may have changed": "x = [1]\nassert f(x) == 2\nassert x == [1]",
    "an order that is not sent": "assert f({1, 2}) == 3",
    "nan": "assert f(float('nan')) is None",
    "an answer that a later statement may have changed": (
        "for x in [1]:\n    a = f(x)\n    a.append(2)\n    assert a == [2]"
    ),
    "a name that has no value yet": "x = 1\ndef check(c):\n    assert c(x)\n    x = 2\ncheck(f)",
    "a helper that calls what it likes": (
        "def same(a, b):\n    assert eval(a) == b\nfor x in [1]:\n    same(f(x), 2)"
    ),
    "a parameter with the name of a type": (
        "def same(a, list):\n    assert isinstance(a, list)\nfor x in [1]:\n    same(f(x), 2)"
    ),
    "identity": "assert f(1) is f(1)",
    "a call that may not take place": "assert f(1) or f(2)",
    "a method of an answer": "assert f(1).count('a') == 1",
    "a method that plain data has": "assert Solution().count('a') == 1",
    "a loop that goes on without end": "while True:\n    assert f(1) == 2",
    "a loop that may be left": "for x in (1, 2):\n    assert f(x) == 2\n    break",
    "a loop over what is used twice": "a = [1]\nfor x in a:\n    assert f(x) == 2\nassert f(a)",
    "a module of the library": "import random\nassert random.choice([f(1)]) == 2",
    "a helper": "def same(a, b):\n    assert a == b\nsame(f(1), 2)",
    "a huge value": "assert f('a' * 10 ** 9) == 2",
    "a huge number": "assert f(10 ** 10 ** 10) == 2",
    "a name of the tests": "def f(x):\n    return 2\nassert f(1) == 2",
    "arguments in two stars": "assert f(**{'x': 1}) == 2",
    "a built-in function of the candidate's": "abs = 1\nassert f(1) == 2",
}


@pytest.mark.parametrize("source", PLAIN)
def test_plain_tests_are_recognised(source: str) -> None:
    """Each asks something, and has one assert for each assert."""
    asserts = asserts_of(source)

    assert len({part.item for part in asserts}) == source.count("assert")
    assert all(part.calls for part in asserts if part.item != "1")
    assert any(part.calls for part in asserts)


@pytest.mark.parametrize("source", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_other_tests_are_left_to_a_session(source: str) -> None:
    """What is not certain to mean the same is not plain."""
    assert not any(part.calls for part in asserts_of(source))


def test_rows_of_evalplus_are_plain() -> None:
    """Each iteration is a part of the only item, and asks one call."""
    inputs, results = [[1], [2]], [[0.5], [1.5]]
    forms = [mbpp_plus("f", inputs, results, helper=helper) for helper in HELPERS]
    parts = [
        *asserts_of(humaneval_plus(inputs, results, 1e-6), "f"),
        *(part for form in forms for part in asserts_of(form)),
    ]

    assert len(parts) == 2 * (1 + len(HELPERS))
    assert {(part.item, part.is_part, len(part.calls)) for part in parts} == {("1", True, 1)}


def test_the_entry_point_is_the_argument_of_check() -> None:
    """One object serves all calls of a method, as where `check` is called with it."""
    source = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3"
    first, second = asserts_of(source, "Solution().twice")

    assert [call.entry_point for call in (*first.calls, *second.calls)] == ["Solution().twice"] * 2
    assert all(call.keeps_object for call in (*first.calls, *second.calls))


def test_a_name_has_the_value_that_it_had_when_it_was_used() -> None:
    """What is assigned later changes no value that was made of the name before."""
    source = "a = 1\nb = (a,)\na = a + 1\nassert f(a, b) == 3"
    (part,) = asserts_of(source)

    assert part.calls[0].arguments == (2, (1,))


def test_tests_in_one_process_are_not_plain() -> None:
    """They ask for the process, so they get it."""
    assert asserts_of("assert f(1) == 2", shared_process=True) == []


SUITES = {
    "def test_a():\n    x = 1\n    y = f(x)\n    assert y == 2\n    assert f(2) == 3": ["test_a"],
    "from solution import *\nclass TestA:\n    def test_a(self):\n        assert f(1) == 2": [
        "TestA::test_a"
    ],
    "import pytest\ndef test_a():\n    assert f(1) == pytest.approx(0.5)": ["test_a"],
    "def test_a():\n    for x, y in [(1, 2)]:\n        assert f(x) == y": ["test_a"],
}
OTHER_SUITES = {
    "a fixture": "def test_a(tmp_path):\n    assert f(1) == 2",
    "a mark": "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert f(1) == 2",
    "a fixture for all": (
        "import pytest\n@pytest.fixture(autouse=True)\ndef use():\n    yield\n"
        "def test_a():\n    assert f(1) == 2"
    ),
    "a call in a definition": "def h(x=f(0)):\n    pass\ndef test_a():\n    assert f(1) == 2",
    "a set-up": "def setup_module():\n    pass\ndef test_a():\n    assert f(1) == 2",
    "a mark of the module": "pytestmark = ()\ndef test_a():\n    assert f(1) == 2",
    "an exception": (
        "import pytest\ndef test_a():\n    with pytest.raises(ValueError):\n        f(1)"
    ),
    "a name of the module that a test hides": (
        "x = 1\ndef test_a():\n    assert f(x) == 2\n    x = 2"
    ),
    "a coroutine": "async def test_a():\n    assert f(1) == 2",
    "a base class": "class TestA(f):\n    def test_a(self):\n        assert f(1) == 2",
}


@pytest.mark.parametrize(("source", "items"), SUITES.items())
def test_plain_functions_of_test_tools_are_recognised(source: str, items: list[str]) -> None:
    """If there are several asserts, they can be accepted, and nothing else."""
    asserts = plain_tests(TestCode(source=source), ["f"], style="pytest", modules=["solution"])

    assert [part.item for part in asserts or ()] == items
    assert [part.only_accepts for part in asserts or ()] == [source.count("assert") > 1]


@pytest.mark.parametrize("source", OTHER_SUITES.values(), ids=OTHER_SUITES)
def test_what_a_test_tool_does_besides_is_left_to_it(source: str) -> None:
    """Fixtures, marks and the like are for the real tool."""
    assert plain_tests(TestCode(source=source), ["f"], style="pytest") is None


def test_methods_of_unittest_are_recognised() -> None:
    """All asserts of one method are judged together."""
    source = """
import unittest
class TestA(unittest.TestCase):
    def test_a(self):
        with self.subTest(n=1):
            self.assertEqual(f(1), [2], "message")
        self.assertAlmostEqual(f(2), 0.5, places=3)
        self.assertIsInstance(f(3), (int, float))
if __name__ == "__main__":
    unittest.main()
"""
    (part,) = plain_tests(TestCode(source=source), ["f"], style="unittest") or ()

    assert (part.item, len(part.calls), part.only_accepts) == ("TestA.test_a", 3, True)
