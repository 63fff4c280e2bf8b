"""One run of the tests: the state of each item, the messages, and problems with test code."""

import json
import marshal
import random
from dataclasses import asdict
from fractions import Fraction
from textwrap import dedent
from typing import Any, cast

import pytest

from nova_code_verifier.verifier.test_code.harness.runner import (
    discover,
    load_guesses,
    load_tests,
)
from nova_code_verifier.verifier.test_code.protocol import (
    CompiledTests,
    ItemState,
    RunReport,
    TestCodeFields,
    pack_tests,
)
from nova_code_verifier.verifier.types import TestCode
from tests.unit.verifier.test_code.harness.runs import (
    discovered,
    graded,
    in_fork,
    run_with,
    states,
)

PASSED, FAILED, RAISED, LOST = (
    ItemState.PASSED,
    ItemState.FAILED,
    ItemState.RAISED,
    ItemState.LOST,
)
LOSING = """
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError
def f(x):
    if x == 2:
        raise CandidateLostError("protocol: no JSON")
    return x
"""
UNCARRIED = """
from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
def f(x):
    if x == 2:
        raise UncarriedError("pass a frame to the candidate")
    return x
"""


def states_of(report: RunReport) -> list[ItemState]:
    """Return the states of the items, in order."""
    return list(states(report).values())


# Items


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(x): return x", [PASSED, PASSED]),
        ("def f(x): return 1", [PASSED, FAILED]),
        ("def f(x): return 1 // (x - 2)", [FAILED, RAISED]),
        ("def g(x): return x", [FAILED, FAILED]),
        ("def f(x): raise SystemExit", [RAISED, RAISED]),
        ("import sys\ndef f(x): return x if x > 1 else sys.exit(0)", [RAISED, PASSED]),
    ],
)
def test_each_item_has_a_state(program: str, expected: list[ItemState]) -> None:
    """An item passes, fails, or ends with an exception of the candidate's; the others go on."""
    assert states_of(graded("assert f(1) == 1\nassert f(2) == 2\n", program)) == expected


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "GeneratorExit", "SystemExit"])
def test_an_exception_of_the_tests_ends_its_item_only(error: str) -> None:
    """Also one that would end a program: every item is reported."""
    code = f"""
        if f(1) == 1:
            raise {error}
            assert f(1) == 1
        for n in range(2):
            if f(n) == 0:
                raise {error}
            assert f(n)
        assert f(2) == 2
    """

    assert states_of(graded(code, "def f(x): return x")) == [FAILED, FAILED, PASSED]


def test_a_check_is_called_with_the_entry_point() -> None:
    """A function `check` that the tests do not call is called with the entry point."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate(2) == 2\n"

    report = graded(code, "def f(x): return 1", entry_point="f")

    assert states_of(report) == [PASSED, FAILED]


def test_a_check_that_the_tests_call_is_not_called_again() -> None:
    """Tests that call `check` themselves get no additional item."""
    code = "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)\n"

    assert states_of(graded(code, "def f(x): return 1", entry_point="f")) == [PASSED]


def test_the_entry_point_may_be_a_method() -> None:
    """`Solution().f` is checked as a method of a new instance."""
    code = "def check(candidate):\n    assert candidate(1) == 1\n"
    program = "class Solution:\n    def f(self, x):\n        return x\n"

    assert states_of(graded(code, program, entry_point="Solution().f")) == [PASSED]


def test_the_entry_point_may_have_the_name_of_a_library_module() -> None:
    """Tests whose only name of the candidate's is `numbers` do use the candidate."""
    code = "def check(candidate):\n    assert candidate(2) == [0, 1]\n"
    program = "def numbers(n):\n    return list(range(n))\n"

    assert states_of(graded(code, program, entry_point="numbers")) == [PASSED]


def test_the_tests_can_use_the_prompt() -> None:
    """Tests can use what the prompt defines, but a function that it begins is the candidate's."""
    prompt = "import math\ndef help(x):\n    return x + 1\ndef f(x):\n    '''Doc.'''\n"
    code = "assert f(1) == help(1)\nassert f(2) == math.floor(3.5)\n"

    report = graded(code, "def f(x): return x + 1", prompt=prompt, entry_point="f")

    assert states_of(report) == [PASSED, PASSED]


def test_a_script_finds_the_candidate_in_main_and_in_its_module() -> None:
    """Each module has the candidate's names, also those that no source shows."""
    code = "import __main__, solution\nassert __main__.f(1) == 1\nassert solution.f(1) == f(1)"

    assert states_of(graded(code, "def f(x): return x")) == [PASSED, PASSED]


def test_a_name_of_the_module_has_its_present_value() -> None:
    """The program may change its own variables."""
    code = "import solution\nassert solution.n == 0\nsolution.f()\nassert solution.n == 1"
    program = "n = 0\ndef f():\n    global n\n    n += 1"

    assert states_of(graded(code, program)) == [PASSED, PASSED]


def test_a_star_imports_the_names_that_the_tests_use() -> None:
    """Also those of plain data."""
    code = "from solution import *\ndef test_a():\n    assert f(1) == limit"

    assert states_of(graded(code, "limit = 1\ndef f(x): return x")) == [PASSED]


def test_an_item_that_runs_twice_has_the_worse_result() -> None:
    """A decorator may call the check twice: each item is reported once, by its worst run."""
    code = """
        def twice(f):
            return lambda *a: (f(*a), f(*a))
        @twice
        def check(f):
            assert f(1) == 1
            assert f(2)
        check(f)
    """
    program = "n = 0\ndef f(x):\n    global n\n    n += 1\n    return x if n < 3 else 5"

    assert states_of(graded(code, program)) == [FAILED, PASSED]


# What is public


def test_the_error_of_a_failed_assert_has_its_line_only() -> None:
    """The message of an assert may contain what is expected, so `error` leaves it out."""
    report = graded("\nassert f(1) == 2, 'secret'\n", "def f(x): return x")

    assert report.items[0].error == "AssertionError: line 2 of the tests"
    assert report.items[0].line == 2


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


# Loops

LOOP = """
def assertion(out, exp, atol):
    assert out == exp
def check(candidate):
    inputs = [[1], [2], [3], [4]]
    results = [1, 2, 3, 4]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 0)
"""


@pytest.mark.parametrize(
    ("program", "parts_passed", "state"),
    [
        ("def f(x): return x", 4, PASSED),
        ("def f(x): return x if x != 2 else 0", 3, FAILED),
        ("def f(x): return x if x != 4 else 0", 3, FAILED),
        ("def f(x): return 1 // (x - 2) if x == 2 else x", 3, RAISED),
        ("def f(x): raise SystemExit", 0, RAISED),
        ("def f(x): return float('nan') if x > 2 else x", 2, FAILED),
    ],
)
def test_an_iteration_of_a_loop_is_a_part(
    program: str, parts_passed: int, state: ItemState
) -> None:
    """Each iteration counts, and a failure in one does not end the loop."""
    (item,) = graded(LOOP, program, entry_point="f").items

    assert (item.state, item.parts, item.parts_passed) == (state, 4, parts_passed)


def test_the_first_failure_of_a_loop_is_reported() -> None:
    """Not the last one, whose exception may be another."""
    code = "for n in range(4):\n    assert f(n) == n\n"
    (item,) = graded(code, "def f(x): return 1 // x if x % 2 == 0 else 7").items

    assert (
        item.error == "ZeroDivisionError: integer division or modulo by zero, line 2 of the tests"
    )


@pytest.mark.parametrize(
    ("code", "program"),
    [
        # The candidate ends the loop.
        ("for n in range(9):\n    if f(n) is None: break\n    assert f(n) == n", "f = {0: 1}.get"),
        ("for n in f(9):\n    assert n < 9", "def f(n): return [*range(99)]"),
        ("xs = f(9)\nfor x in iter(xs):\n    assert x < 9", "def f(n): return [1] * 5 + [9]"),
        ("xs = []\nxs += f(9)\nfor x in xs:\n    assert x < 9", "def f(n): return [1] * 98 + [9]"),
        ("while f(1) == 1:\n    assert f(2) == 3", "def f(x): return x"),
        # Iterations are left that nobody has tried.
        ("n = 0\nwhile n < 3:\n    assert f(n) == 5\n    n += 1", "def f(x): return x"),
        (
            "def g():\n    yield 1\n    yield 2\n    1 / 0\nfor n in g():\n    assert f(n) == 2",
            "def f(x): return x",
        ),
    ],
)  # fmt: skip
def test_a_loop_that_did_not_come_to_its_end_passes_nothing(code: str, program: str) -> None:
    """Neither may a candidate choose how many iterations there are."""
    (item,) = graded(code, program).items

    assert item.state in (FAILED, RAISED)
    assert item.parts_passed == 0


def test_a_loop_without_iterations_has_passed() -> None:
    """As in plain Python."""
    (item,) = graded("for n in range(0):\n    assert f(n)", "def f(x): return x").items

    assert (item.state, item.parts, item.parts_passed) == (PASSED, 1, 1)


def test_control_flow_of_a_loop_stays_the_same() -> None:
    """`continue`, `else`, and names that the loop binds."""
    code = """
        for n in range(6):
            if n % 2:
                continue
            assert f(n) == n
        else:
            n += 10
        assert f(n) == 15
    """
    report = graded(code, "def f(x): return x")

    assert [(item.state, item.parts) for item in report.items] == [(PASSED, 6), (PASSED, 1)]


# Messages


def test_a_run_reports_each_item_when_it_begins_and_ends() -> None:
    """The process may be killed at any time: what was reported is known."""
    messages = run_with("assert f(1) == 1\nassert f(2) == 3\n", "def f(x): return x")

    kinds = [json.loads(message)[0] for message in messages]
    assert kinds == ["begin", "item", "begin", "item", "end"]
    assert [json.loads(messages[index])[1] for index in (0, 2)] == ["1", "2"]


def test_a_lost_item_does_not_run() -> None:
    """An item that has a result already is neither run nor reported."""
    report = graded("assert f(1) == 1\nassert f(2) == 2\n", "def f(x): return x", ("1",))

    assert states(report) == {"2": PASSED}


def test_items_that_were_not_reached_are_reported_once() -> None:
    """They have the error of what ended the tests."""
    report = graded("assert f(1) == 1\nx = f(0)\nassert f(2) == 2\n", "def f(x): return 1 // x")

    assert states(report) == {"1": PASSED, "2": ItemState.NOT_REACHED}
    assert report.items[1].error.startswith("ZeroDivisionError")


# Ends of a run


SWALLOWING = (
    "def t(x):\n    try:\n        return f(x)\n    except BaseException:\n        return 2\n"
)


@pytest.mark.parametrize("swallowing", ["", SWALLOWING])
@pytest.mark.parametrize("style", ["script", "pytest", "unittest"])
def test_the_loss_of_the_candidate_ends_the_run(style: str, swallowing: str) -> None:
    """No item begins after it, even if the tests catch the error."""
    call = "t" if swallowing else "f"
    asserts = [f"assert {call}({x}) == {x}" for x in (1, 2, 3)]
    match style:
        case "script":
            code = "\n".join(asserts)
        case "pytest":
            code = "\n".join(f"def test_{n}():\n    {line}" for n, line in enumerate(asserts, 1))
        case _:
            tests = (f"    def test_{n}(self):\n        {a}" for n, a in enumerate(asserts, 1))
            code = "import unittest\nclass T(unittest.TestCase):\n" + "\n".join(tests)
    report = graded(swallowing + code, LOSING)

    assert states_of(report) == [PASSED, LOST]
    assert report.is_lost
    assert report.items[1].error == "protocol: no JSON"


def test_the_loss_of_the_candidate_between_items_is_of_no_item() -> None:
    """Then the code outside of items is lost."""
    report = graded("assert f(1) == 1\nx = f(2)\nassert f(3) == 3\n", LOSING)

    assert states(report) == {"1": PASSED}
    assert report.is_lost
    assert (report.outside.state, report.outside.error) == (LOST, "protocol: no JSON")


@pytest.mark.parametrize("swallowing", ["", SWALLOWING])
@pytest.mark.parametrize("code", ["assert {}(2) == 2", "def test_a():\n    assert {}(2) == 2"])
def test_what_no_session_carries_is_the_problem_of_the_whole_sample(
    swallowing: str, code: str
) -> None:
    """The report names it, and the line, even if the tests catch the error."""
    code = code.format("t" if swallowing else "f")
    report = graded(swallowing + code, UNCARRIED)

    assert report.problem.startswith(
        "do what needs one process: pass a frame to the candidate (line "
    )


# Discovery


def test_discovery_fixes_the_items_and_not_their_parts() -> None:
    """The run without a candidate reports every item."""
    report = discovered("for n in range(3):\n    assert f(n) == n\nassert f(7) == 7\n")

    assert list(states(report)) == ["1", "2"]


def packed(code: str) -> bytes:
    """Pack test code as a job does, with what discovery found."""
    test_code = asdict(TestCode(source=dedent(code)))
    report = in_fork(lambda: [list(_plain(discover(cast("Any", test_code)).compiled))])
    (compiled,) = report
    compiled[7], compiled[8] = (bytes.fromhex(text) for text in (compiled[7], compiled[8]))
    return pack_tests(test_code, CompiledTests(*compiled))


def _plain(compiled: CompiledTests | None) -> CompiledTests:
    assert compiled is not None
    return compiled._replace(
        code=cast("Any", compiled.code.hex()), prompt_code=cast("Any", compiled.prompt_code.hex())
    )


def test_discovery_can_be_called_with_packed_tests() -> None:
    """A harness gets the tests as marshalled bytes."""
    unpacked = pack_tests(asdict(TestCode(source="assert f(1) == 1")), None)
    marshal.loads(unpacked)

    report = in_fork(lambda: list(load_tests(unpacked)()._replace(compiled=None)))

    assert states_of(RunReport.parse(report)) == [ItemState.PASSED]


def test_a_guess_passes_shares_of_items() -> None:
    """Its sum is the text of a fraction: two of three iterations, and one assert of two."""
    code = """
        for x, y in [(1, 5), (2, 5), (3, 4)]:
            assert f(x) == y
        assert f(4) == 5
        assert f(5) == 6
    """
    tests = packed(code)
    counts = in_fork(lambda: [load_guesses(tests)(index) for index in range(3)])

    assert max(map(Fraction, counts)) == Fraction(5, 3)


# Problems with test code


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("assert f(", "do not parse"),
        ("x = f(1)", "no assert"),
        ("import no_such_module\nassert f(1)", "no_such_module"),
        ("return 1\nassert f(1)", "do not compile"),
        ("assert 1 == 1", "never use the candidate"),
        ("1 / 0\nassert [1] == [1]", "raise ZeroDivisionError"),
        ("import unittest\nraise unittest.SkipTest('later')\nassert f(1)", "all skipped: SkipTest"),
        ("def test_a():\n    from __main__ import f\n    assert f(1)", "import __main__"),
        ("from solution import f\nclass TestA:\n    x = f(1)", "contain no test"),
    ],
)
def test_the_problem_with_test_code_is_named(code: str, problem: str) -> None:
    """The report of test code that cannot be used says why."""
    assert problem in discovered(code).problem


def test_a_prompt_that_raises_is_named() -> None:
    """The report says what the prompt raises."""
    report = discovered("assert f(1)", prompt="1 / 0")

    assert "the prompt raises ZeroDivisionError" in report.problem


@pytest.mark.parametrize(
    "code",
    [
        "from unittest.mock import patch\n@patch('solution.g')\ndef t(m):\n    assert f(1)\nt()",
        "def test_a(monkeypatch):\n    monkeypatch.setattr('time.sleep', print)\n    assert f(1)",
    ],
)
def test_tests_may_patch(code: str) -> None:
    """Patches are made in the candidate's guest, so the tests are no problem."""
    assert discovered(code).problem == ""


def test_what_tests_draw_at_random_is_the_same_in_each_run() -> None:
    """So the guess baseline of a test code never changes."""
    tests: TestCodeFields = {"source": "import random\nassert f(1) == random.random()"}
    random.seed()
    first = discover(tests).compiled
    random.seed()

    assert discover(tests).compiled == first
