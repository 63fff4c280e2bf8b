"""One run of the tests: its questions, the state of each item, and problems with test code."""

import json
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any, cast

import pytest

from nova_code_verifier.sandbox.guest.object_session import ObjectSession
from nova_code_verifier.verifier.test_code.harness.runner import run_tests
from nova_code_verifier.verifier.test_code.protocol import (
    CandidateAnswer,
    CandidateAnswers,
    ItemState,
    RunReport,
    TestCodeFields,
)

PASSED, FAILED, RAISED, OPEN = (
    ItemState.PASSED,
    ItemState.FAILED,
    ItemState.RAISED,
    ItemState.OPEN,
)


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Remove the modules of proxies: usually a run has a process of its own."""
    before = dict(sys.modules)
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def fields(code: str, **more: Any) -> TestCodeFields:
    """Make test code."""
    return cast("TestCodeFields", {"source": dedent(code), **more})


def discovered(code: str, **more: Any) -> RunReport:
    """Run tests without answers."""
    return run_tests(fields(code, **more), None, [], CandidateAnswers())


def graded(code: str, program: str, lost: tuple[str, ...] = (), **more: Any) -> RunReport:
    """Run tests with the answers of a program, until no item is open."""
    report = discovered(code, **more)
    compiled = report.compiled
    for _ in range(8):
        names: dict[str, Any] = {"__name__": "solution"}
        exec(dedent(program), names)
        candidate = ObjectSession(names)
        answers = [
            CandidateAnswer("finished", candidate.answer(asked.instruction(report.shared)).decode())
            for asked in report.questions
        ]
        known = CandidateAnswers(answers, lost)
        report = run_tests(fields(code, **more), compiled, report.questions, known)
        if not (report.is_open or OPEN in states(report)):
            break
    return report


def states(report: RunReport) -> list[ItemState]:
    """Return the state of each item."""
    return [item.state for item in report.items]


def calls(report: RunReport) -> list[tuple[str, list[Any]]]:
    """Return the item and the arguments of each call that is asked for."""
    return [
        (question.item, question.operands[1:])
        for question in report.questions
        if question.operation == "call"
    ]


# Without answers


def test_without_answers_every_item_is_open() -> None:
    """One run asks all questions that do not depend on answers, each for its item."""
    report = discovered("assert f(1) == 1\nassert f(2) == 2\n")

    assert states(report) == [OPEN, OPEN]
    assert calls(report) == [("1", [1]), ("2", [2])]


def test_no_question_contains_what_is_expected() -> None:
    """A value that the tests compare an answer with is in no question."""
    report = discovered(
        "assert f(1) == 'secret'\nassert 'secret' == f(2)\nassert f(3) in ['secret']\n"
    )

    assert "secret" not in json.dumps(report.questions)


def test_tests_go_on_behind_an_unknown_answer() -> None:
    """A statement that needs an answer is left, and the statements behind it run."""
    report = discovered("if f(1):\n    x = 1\nassert f(2) == 2\nassert f(3) == 3\n")

    assert [arguments for _, arguments in calls(report)] == [[1], [2], [3]]


# With answers


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(x): return x", [PASSED, PASSED]),
        ("def f(x): return 1", [PASSED, FAILED]),
        ("def f(x): return 1 // (x - 2)", [FAILED, RAISED]),
        ("def g(x): return x", [FAILED, FAILED]),
    ],
)
def test_each_item_has_a_state(program: str, expected: list[ItemState]) -> None:
    """An item passes, fails, or ends with an exception of the candidate's."""
    assert states(graded("assert f(1) == 1\nassert f(2) == 2\n", program)) == expected


def test_a_check_is_called_with_the_entry_point() -> None:
    """A function `check` that the tests do not call is called with the entry point."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate(2) == 2\n"

    report = graded(code, "def f(x): return 1", entry_point="f")

    assert states(report) == [PASSED, FAILED]


def test_a_check_that_the_tests_call_is_not_called_again() -> None:
    """Tests that call `check` themselves get no additional item."""
    code = "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)\n"

    assert states(graded(code, "def f(x): return 1", entry_point="f")) == [PASSED]


def test_the_entry_point_may_be_a_method() -> None:
    """`Solution().f` is checked as a method of a new instance."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n"
    program = "class Solution:\n    def f(self, x):\n        return x\n"

    assert states(graded(code, program, entry_point="Solution().f")) == [PASSED]


def test_the_tests_can_use_the_prompt() -> None:
    """Tests can use what the prompt defines, but a function that it begins is the candidate's."""
    prompt = "import math\ndef help(x):\n    return x + 1\ndef f(x):\n    '''Doc.'''\n"
    code = "assert f(1) == help(1)\nassert f(2) == math.floor(3.5)\n"

    report = graded(code, "def f(x): return x + 1", prompt=prompt, entry_point="f")

    assert states(report) == [PASSED, PASSED]


def test_the_error_of_a_failed_assert_has_its_line_only() -> None:
    """The message of an assert may contain what is expected, so `error` leaves it out."""
    report = graded("\nassert f(1) == 2, 'secret'\n", "def f(x): return x")

    assert report.items[0].error == "AssertionError: line 2 of the tests"


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
def test_the_message_of_an_exception_of_the_tests_is_secret(test: str) -> None:
    """It may contain what is expected, so it is in `message` and in no other field."""
    (item,) = graded(test, "def f(x): return x").items

    assert "secret" not in repr(item._replace(message=""))
    assert " of the tests" in item.error
    assert "secret" in item.message or "index" in test  # Python 3.13 words that one differently


@pytest.mark.parametrize(
    ("test", "error"),
    [
        ("assert g(1) == 1", "ValueError: mine, line 1 of the tests"),
        ("assert h(1) == 1", "NameError: name 'h' is not defined, line 1 of the tests"),
        ("assert f(1) + 'a' == 1", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("assert f(1).size == 1", "AttributeError: 'int' object has no attribute 'size', line 1"),
    ],
)
def test_a_harmless_error_message_is_public(test: str, error: str) -> None:
    """`error` has the messages of the candidate, and of Python about names and types."""
    (item,) = graded(test, "def f(x): return x\ndef g(x): raise ValueError('mine')").items

    assert item.error[: len(error)] == error


def test_an_item_reports_how_many_answers_it_used() -> None:
    """An item that fails in the second call of a loop has used two answers."""
    code = "for n in range(3):\n    assert f(n) == n\nassert f(7) == 7\n"

    items = graded(code, "def f(x): return 0 if x < 5 else x").items

    assert [(item.state, item.answers_used) for item in items] == [(FAILED, 2), (PASSED, 1)]


def test_a_lost_item_does_not_run() -> None:
    """An item that has a result already is not reached."""
    report = graded("assert f(1) == 1\nassert f(2) == 2\n", "def f(x): return x", ("1",))

    assert states(report) == [ItemState.NOT_REACHED, PASSED]


@pytest.mark.parametrize("answer", ["", "[]", '{"is": {"h": 5}}', '{"is": {"at": [0]}}', "{}"])
def test_a_malformed_answer_fails_its_item(answer: str) -> None:
    """An item whose answer is malformed does not pass."""
    first = discovered("assert f(1) == 1\n")
    name = '{"is": {"h": 0}, "met": [{"number": 0, "kind": "function"}]}'
    answers = [CandidateAnswer("finished", text) for text in (name, answer)]

    report = run_tests(
        fields("assert f(1) == 1\n"), first.compiled, first.questions, CandidateAnswers(answers)
    )

    assert states(report) != [PASSED]


# Problems with test code


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("assert f(", "do not parse"),
        ("x = f(1)", "no assert"),
        ("import no_such_module\nassert f(1)", "no_such_module"),
        ("assert f(object())", "cannot be sent"),
        ("return 1\nassert f(1)", "do not compile"),
        (
            "from unittest.mock import patch\n@patch('solution.g')\ndef t(m):\n    assert f(1)",
            "patch solution.g",
        ),
    ],
)
def test_the_problem_with_test_code_is_named(code: str, problem: str) -> None:
    """The report of test code that cannot be used says why."""
    assert problem in discovered(code).problem


def test_a_prompt_that_raises_is_named() -> None:
    """The report says what the prompt raises."""
    assert (
        "the prompt raises ZeroDivisionError" in discovered("assert f(1)", prompt="1 / 0").problem
    )
