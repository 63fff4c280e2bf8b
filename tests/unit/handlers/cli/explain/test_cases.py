"""The table of test cases in a report."""

from tests.unit.handlers.cli.explain.explaining import explain


def test_messages_of_test_code_are_shown() -> None:
    """A failed assertion is quoted with its message, an error of the candidate with its type."""
    code = (
        "import unittest\nclass T(unittest.TestCase):\n"
        "    def test_a(self): self.assertEqual(f(1), 2)\n"
        "    def test_b(self): f(0)\n"
    )
    program = "```python\ndef f(x): return 3 // x\n```"

    report = explain(program, {"tests": {"kind": "code", "code": code}})

    failed, raised = report[3:5]
    assert failed == (
        "T.test_a wrong_answer def test_a(self): self.assertEqual(f(1), 2) 3 "
        'AssertionError: line 3 of the tests: "3 != 2"'
    )
    assert raised == (
        "T.test_b runtime_error def test_b(self): f(0) "
        "raised, ZeroDivisionError: integer division or modulo by zero, line 4 of the tests"
    )


def test_a_call_that_raises_shows_its_error() -> None:
    """Nothing is shown as the observed value."""
    tests = {"kind": "call", "entry_point": "f", "cases": [{"args": [0], "expected": 1}]}

    report = explain("```python\ndef f(x): return 1 // x\n```", {"tests": tests})

    line = "1 runtime_error 1 raised, ZeroDivisionError: integer division or modulo by zero"
    assert line in report
