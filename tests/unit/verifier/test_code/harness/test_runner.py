"""One run of the tests: what it asks, how each unit stands, and what is wrong with a test code."""

import json
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest.object_session import ObjectSession
from nova_code_verifier.verifier.test_code.harness.runner import run_tests


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Forget the stand-ins for modules: an exam has a process of its own, as a rule."""
    before = dict(sys.modules)
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def asked(code: str, **more: Any) -> dict[str, Any]:
    """Run tests with nothing known."""
    return run_tests({"source": dedent(code), **more}, None, [], [], [])


def marked(code: str, program: str, settled: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """Run tests until nothing is open, with what a program answers."""
    test_code = {"source": dedent(code), **more}
    report = run_tests(test_code, None, [], [], [])
    compiled = report["compiled"]
    for _ in range(8):
        conversation = _conversation(program)
        answers = [_answer(conversation, one, report["shared"]) for one in report["questions"]]
        report = run_tests(test_code, compiled, report["questions"], answers, list(settled))
        if not is_open(report):
            break
    return report


def _conversation(program: str) -> ObjectSession:
    names: dict[str, Any] = {"__name__": "solution"}
    exec(dedent(program), names)
    return ObjectSession(names)


def _answer(conversation: ObjectSession, question: list[Any], shared: list[str]) -> list[str]:
    _, operation, operands, keywords, nodes, is_guess = question
    order = {"op": operation, "on": operands, "kw": keywords, "nodes": nodes, "guess": is_guess}
    instruction = json.dumps(order | {"shared": shared}).encode()
    return ["finished", conversation.answer(instruction).decode(), ""]


def is_open(report: dict[str, Any]) -> bool:
    """Tell whether there is more to be asked."""
    return report["is_open"] or "open" in states(report)


def states(report: dict[str, Any]) -> list[str]:
    """How each unit stands."""
    return [state for _, state, *_ in report["units"]]


# Asking


def test_with_nothing_known_every_unit_is_open() -> None:
    """One run asks for all that does not hang on answers."""
    report = asked("assert f(1) == 1\nassert f(2) == 2\n")

    assert states(report) == ["open", "open"]
    calls = [operands[1:] for _, op, operands, *_ in report["questions"] if op == "call"]
    assert calls == [[1], [2]]


def test_a_question_tells_its_unit() -> None:
    """What a unit asks is its own."""
    report = asked("assert f(1) == 1\nassert f(2) == 2\n")

    assert [one[0] for one in report["questions"] if one[1] == "call"] == ["1", "2"]


def test_asking_never_tells_what_is_expected() -> None:
    """A secret of the tests is in no question."""
    report = asked("assert f(1) == 'secret'\nassert 'secret' == f(2)\nassert f(3) in ['secret']\n")

    assert "secret" not in json.dumps(report["questions"])


def test_tests_go_on_behind_what_is_not_known() -> None:
    """A statement that needs an answer is left, and those behind it are run."""
    report = asked("if f(1):\n    x = 1\nassert f(2) == 2\nassert f(3) == 3\n")

    assert [one[2][1] for one in report["questions"] if one[1] == "call"] == [1, 2, 3]


# Marking


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(x): return x", ["passed", "passed"]),
        ("def f(x): return 1", ["passed", "failed"]),
        ("def f(x): return 1 // (x - 2)", ["failed", "raised"]),
        ("def g(x): return x", ["failed", "failed"]),
    ],
)
def test_each_unit_is_marked(program: str, expected: list[str]) -> None:
    """A unit is passed, failed, or met an exception of the candidate's."""
    assert states(marked("assert f(1) == 1\nassert f(2) == 2\n", program)) == expected


def test_a_check_is_called_with_the_entry_point() -> None:
    """A function `check` that nobody calls is called with what it checks."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate(2) == 2\n"

    report = marked(code, "def f(x): return 1", entry_point="f")

    assert states(report) == ["passed", "failed"]


def test_a_check_that_is_called_is_not_called_again() -> None:
    """Tests that do it themselves have as many units."""
    code = "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)\n"

    assert states(marked(code, "def f(x): return 1", entry_point="f")) == ["passed"]


def test_the_entry_point_may_be_a_method() -> None:
    """`Solution().f` is checked as a method of a new instance."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n"
    program = "class Solution:\n    def f(self, x):\n        return x\n"

    assert states(marked(code, program, entry_point="Solution().f")) == ["passed"]


def test_the_prompt_helps_the_tests() -> None:
    """What the prompt defines, tests can use; but its head of a function is the candidate's."""
    prompt = "import math\ndef help(x):\n    return x + 1\ndef f(x):\n    '''Doc.'''\n"
    code = "assert f(1) == help(1)\nassert f(2) == math.floor(3.5)\n"

    report = marked(code, "def f(x): return x + 1", prompt=prompt, entry_point="f")

    assert states(report) == ["passed", "passed"]


def test_what_a_failed_assert_says_is_not_told() -> None:
    """The text of an assert may hold what is expected: only its line is told."""
    report = marked("\nassert f(1) == 2, 'secret'\n", "def f(x): return x")

    assert report["units"][0][3] == "AssertionError: line 2 of the tests"


@pytest.mark.parametrize(
    "test",
    [
        "for x in [1]:\n    if f(x) != 2: raise ValueError('secret')\n    assert f(x)",
        "for x in [1]:\n    if f(x) != 2: raise TypeError('secret')\n    assert f(x)",
        "assert [f(1)].index('secret') == 0",
        "assert {f(1): 1}['secret'] == 1",
        "if f(1) != 2: raise ValueError('secret')\nassert f(1)",
    ],
)
def test_what_the_tests_raise_is_not_told(test: str) -> None:
    """Its text may hold what is expected, whoever wrote it: the tests, or Python about a value."""
    (unit,) = marked(test, "def f(x): return x")["units"]

    assert "secret" not in repr(unit[:5])
    assert " of the tests" in unit[3]
    assert "secret" in unit[5] or "index" in test  # which Python 3.13 tells otherwise


@pytest.mark.parametrize(
    ("test", "error"),
    [
        ("assert g(1) == 1", "ValueError: mine, line 1 of the tests"),
        ("assert h(1) == 1", "NameError: name 'h' is not defined, line 1 of the tests"),
        ("assert f(1) + 'a' == 1", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("assert f(1).size == 1", "AttributeError: 'int' object has no attribute 'size', line 1"),
    ],
)
def test_what_tells_nothing_is_told(test: str, error: str) -> None:
    """The candidate's own words, and Python's about names and types."""
    (unit,) = marked(test, "def f(x): return x\ndef g(x): raise ValueError('mine')")["units"]

    assert unit[3][: len(error)] == error


def test_a_unit_tells_how_far_it_got() -> None:
    """So the answer that it failed at can be found: the last of those it asked for."""
    code = "for n in range(3):\n    assert f(n) == n\nassert f(7) == 7\n"

    units = marked(code, "def f(x): return 0 if x < 5 else x")["units"]

    assert [(unit[1], unit[6]) for unit in units] == [("failed", 2), ("passed", 1)]


def test_a_settled_unit_is_not_run() -> None:
    """What has been decided asks nothing more."""
    report = marked("assert f(1) == 1\nassert f(2) == 2\n", "def f(x): return x", ("1",))

    assert [unit[:2] for unit in report["units"] if unit[1] != "not_reached"] == [["2", "passed"]]


@pytest.mark.parametrize("answer", ["", "[]", '{"is": {"h": 5}}', '{"is": {"at": [0]}}', "{}"])
def test_nonsense_fails_its_unit_alone(answer: str) -> None:
    """An answer that makes no sense costs the unit that asked for it."""
    test_code = {"source": "assert f(1) == 1\n"}
    first = run_tests(test_code, None, [], [], [])
    name = ["finished", '{"is": {"h": 0}, "met": [{"number": 0, "kind": "function"}]}', ""]
    answers = [name, ["finished", answer, ""]]

    report = run_tests(test_code, first["compiled"], first["questions"], answers, [])

    assert states(report) != ["passed"]


# What is wrong with a test code


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("assert f(", "does not parse"),
        ("x = f(1)", "asserts"),
        ("import no_such_module\nassert f(1)", "no_such_module"),
        ("assert f(object())", "cannot travel"),
        ("return 1\nassert f(1)", "compile"),
        (
            "from unittest.mock import patch\n@patch('solution.g')\ndef t(m):\n    assert f(1)",
            "patch",
        ),
    ],
)
def test_a_problem_is_named(code: str, problem: str) -> None:
    """A test code that cannot be used says why."""
    assert problem in asked(code)["problem"]


def test_a_prompt_that_raises_is_named() -> None:
    """So does a prompt."""
    assert "ZeroDivisionError" in asked("assert f(1)", prompt="1 / 0")["problem"]
