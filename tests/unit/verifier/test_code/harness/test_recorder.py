"""The recorder: tests go on whatever they do with its answers, and what they expect is noted."""

import ast
import json
from textwrap import dedent
from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol.encoding import from_tree
from nova_code_verifier.verifier.test_code.harness import recording
from nova_code_verifier.verifier.test_code.harness.recorder import Recorder, RecordingEndedError


def recorded(code: str, recorder: Recorder | None = None, **names: object) -> Recorder:
    """Run rewritten tests with a recorder, which knows `f`, `g`, `Thing` and `BadError`."""
    recorder = recorder or Recorder()
    tree = ast.parse(dedent(code))
    recording.rewrite(tree)
    found = {name: recorder.find(name) for name in ("f", "g", "Thing", "BadError")}
    exec(compile(tree, "<tests>", "exec"), found | recorder.names | names)
    return recorder


def reached(code: str) -> bool:
    """Return whether tests come to their end, which sets `end` to True."""
    ends: list[object] = []
    recorded(f"{dedent(code)}\nnote(1)", note=ends.append)
    return bool(ends)


def expected(code: str) -> list[Any]:
    """Return the answers that tests expect, the most frequent first."""
    answers = recorded(code).expected.answers
    return [from_tree(json.loads(text)["is"]) for text, _ in answers.most_common()]


def composed(code: str) -> list[Any]:
    """Return the answers that are made of what tests look up."""
    return [from_tree(json.loads(text)["is"]) for text in recorded(code).expected.composed()]


EXPECTED = {
    "equal": ("assert f(1) == 3", [3]),
    "equal, the other way round": ("assert [4] == f(1)", [[4]]),
    "equal in a list": ("assert [f(1), f(2)] == [3, 4]", [3, 4]),
    "sorted": ("assert sorted(f(1)) == [n for n in range(3)]", [[0, 1, 2]]),
    "converted": ("assert str(f(1)) == chr(65)", ["A"]),
    "computed": ("assert f(1) == 2 ** 10 - 1", [1023]),
    "none": ("assert f(1) is None", [None]),
    "false": ("assert not f(1)", [False]),
    "true": ("assert f(1)", [True]),
    "of a type": ("assert isinstance(f(1), dict)", [{}]),
    "of one of two types": ("assert isinstance(f(1), (list, tuple))", [[], ()]),
    "of exactly a type": ("assert type(f(1)) is str", [""]),
    "one of several": ("assert f(1) in ('a', 'b')", ["a", "b"]),
    "a text that contains": ("assert 'error' in f(1)", ["error"]),
    "a text that begins": ("assert f(1).startswith(('Mr', 'Ms'))", ["Mr", "Ms", True]),
    "a list that contains": ("assert 7 in f(1)", [[7]]),
    "a length": ("assert len(f(1)) == 2", [[0, 0], "aa"]),
    "a length above": ("assert len(f(1)) > 0", [[0], "a"]),
    "a sum": ("assert sum(f(1)) == 10", [[10]]),
    "about": ("import math\nassert math.isclose(f(1), 2.5, rel_tol=1e-9)", [2.5]),
    "a difference": ("assert abs(f(1) - 2.5) < 0.1", [2.5]),
    "of a method": ("assert Thing(1).size() == 5", [5]),
    "of an attribute": ("assert Thing(1).items.first == 5", [5]),
    "behind a statement that fails": ("x = {}[f(1)]\nassert f(2) == 3", [3]),
    "of a coroutine": (
        "import asyncio\nasync def main():\n    assert await f(1) == 3\nasyncio.run(main())",
        [3],
    ),
    "of a coroutine that is run": ("import asyncio\nassert asyncio.run(f(1)) == 3", [3]),
    "in a context": ("with f(1) as x:\n    assert x == 3", [3]),
}


@pytest.mark.parametrize(("code", "values"), EXPECTED.values(), ids=EXPECTED)
def test_what_an_answer_is_compared_with_is_noted(code: str, values: list[object]) -> None:
    """The values that would pass the comparison are answers."""
    assert expected(code) == values


def test_assertions_of_unittest_are_noted() -> None:
    """Those that insist on a type or a truth value, too."""
    code = """
    import unittest
    case = unittest.TestCase()
    case.assertIsNone(f(1))
    case.assertFalse(f(1))
    case.assertListEqual(f(1), [n for n in (1, 2)])
    case.assertIsInstance(f(1), set)
    case.assertIn(f(1), ["x"])
    case.assertIn("y", f(1))
    case.assertAlmostEqual(f(1), 0.5)
    """
    assert expected(code) == [None, False, [1, 2], set(), "x", "y", 0.5]


def test_what_pytest_calls_approximate_is_noted() -> None:
    """`pytest.approx` stands for the number in it."""
    assert expected("import pytest\nassert f(1) == pytest.approx(1.5)") == [1.5]


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("r = f(1)\nassert r['a'] == 1\nassert r['b'] == [2]", [{"a": 1, "b": [2]}]),
        ("a, b = f(1)\nassert a == 1\nassert b == 2", [[1, 2], (1, 2)]),
        ("assert f(1)[-1] == 3\nassert f(1)[0] == 1", [[1, 3], (1, 3)]),
        ("assert f(1) == 1", []),
    ],
)
def test_answers_are_composed_of_what_tests_look_up(code: str, answers: list[object]) -> None:
    """A dict for keys, a list or a tuple for indexes."""
    assert composed(code) == answers


GOING_ON = {
    "every operator": "x = -f(1) + 2 * f(2) // 3 % f(3) ** 2\nx += 1\nassert x < 3 > f(1)",
    "a loop over an answer": "for x in f(1):\n    for y in x:\n        assert y == 1",
    "a loop until an answer changes": "while f(1) != 3:\n    pass",
    "a loop while an answer is not done": "while not f(1).is_done():\n    x = 1",
    "an iterator": "it = f(1)\nwhile True:\n    next(it)",
    "a raised answer": "try:\n    raise BadError('x')\nexcept BadError as error:\n    assert error",
    "a class of the candidate's in a type": "import typing\nx = typing.Optional[Thing]",
    "a subclass": "class Own(Thing):\n    def area(self): return 1\nassert Own().area() == 1",
    "a decorator": "@f\ndef g(x): return 1\nassert g(1) == 1",
    "a decorator with arguments": "@f(times=3)\ndef g(x): return 1\nassert g(1) == 1",
    "no exception": "import pytest\nwith pytest.raises(ValueError):\n    f(1)",
    "no exception of its own": "import pytest\nwith pytest.raises(BadError):\n    f(1)",
    "an exception that is handled": "try:\n    f(1)\n    assert False\nexcept BadError: pass",
    "conversions": "x = [int(f(1)), float(f(1)), str(f(1)), f'{f(1)}', ' '.join(f(1))]",
    "a library function": "import json\nx = json.loads(f(1))\nassert x['a'] == 1",
    "a key": "d = {f(1): 2}\nassert d[f(1)] == 2\nassert f(1) in {1, 2}",
    "an answer that is no index": "x = [1, 2][f(1)]\nassert x == 1",
    "a class that cannot be made": "class Own(f(1), f(2)): pass\nassert Own",
    "a copy": "import copy\nassert copy.deepcopy(f(1)) == copy.copy(f(1))",
    "a match": "match f(1):\n    case {'a': 1}: pass\n    case [1, 2]: pass\n    case _: pass",
    "super": "class A:\n    def __init__(self): super().__init__()\nassert A() is not f(1)",
}


@pytest.mark.parametrize("code", GOING_ON.values(), ids=GOING_ON)
def test_tests_go_on_whatever_they_do_with_an_answer(code: str) -> None:
    """No use of an answer keeps the tests from their end, unless it is a loop without one."""
    try:
        assert reached(code)
    except RecordingEndedError:
        assert "while" in code


def test_a_loop_without_end_ends_its_item_alone() -> None:
    """The next item has uses of its own."""
    recorder = Recorder()
    recorder.begin_item("1")
    with pytest.raises(RecordingEndedError):
        recorded("while f(1): pass", recorder)
    recorder.begin_item("2")

    recorded("assert f(1) == 3", recorder)

    assert list(recorder.expected.answers) == ['{"is":3}']


def test_tests_that_end_the_process_end_their_item() -> None:
    """`os._exit` is not called where an answer may be the reason."""
    with pytest.raises(RecordingEndedError):
        recorded("import os\nif f(1) == 5: os._exit(1)")


def test_a_statement_that_fails_without_an_answer_ends_the_tests() -> None:
    """The fault is the tests' own, and is not passed over."""
    with pytest.raises(KeyError):
        recorded("x = {}['missing']\nassert f(1) == x")


def test_a_skip_is_not_passed_over() -> None:
    """Neither is a module that is missing: nobody can run such tests."""
    with pytest.raises(pytest.skip.Exception):
        recorded("import pytest\nx = f(1) + 1\npytest.skip('later')")
    with pytest.raises(ModuleNotFoundError):
        recorded("x = f(1) + 1\nimport no_such_module")


def test_calls_are_counted_by_their_arguments() -> None:
    """A guess may return any of them; those with names count, too."""
    assert recorded("f(1)\nf(1, 2)\nThing().move(1, 2, z=3)").calls == {0, 1, 2, 3}


def test_functions_that_tests_await_are_noted() -> None:
    """A guess must be a coroutine function there."""
    code = "import asyncio\nasyncio.run(f(1))\nasyncio.run(Thing().load())\ng(1)"

    assert recorded(code).expected.awaited == {"f", "load"}


def test_two_runs_are_equal() -> None:
    """The order of sets does not change what is noted."""
    code = """
    assert f(2) == {"a", "b", "c"}
    assert f(3) == {"c", "b", "a"}
    """
    first = recorded(code).expected.answers

    assert recorded(code).expected.answers == first
    assert first['{"is":{"s":["a","b","c"]}}'] == 2


def test_readings_of_a_clock_are_no_answers() -> None:
    """A guess of that kind would pass only if it is tried soon enough."""
    code = """
    import datetime, time
    assert f(1) == time.time()
    assert f(1) <= time.time()
    assert f(1) == int(time.time() * 1000)
    assert f(1) == str(datetime.date.today())
    assert f(1) == datetime.datetime.now()
    assert f(1)["at"] == [datetime.datetime.now().isoformat()]
    """
    noted = recorded(code).expected

    assert not noted.answers
    assert not noted.bounds
    assert list(noted.composed()) == []
