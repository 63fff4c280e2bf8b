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


def test_what_a_checker_says_is_shown() -> None:
    """A reader sees why the dataset's checker accepted one output and refused another."""
    checker = "import sys\nprint(int(open(sys.argv[3]).read() in ('4\\n', '5\\n')))"
    tests = [{"input": "1\n", "output": "4\n"}, {"input": "2\n", "output": "5\n"}]

    report = explain(
        "```python\nprint(5 if int(input()) == 1 else 6)\n```",
        {"official_tests": tests, "generated_checker": checker},
    )

    accepted, refused = report[3:5]
    assert accepted == "1 accepted '4\\n' '5\\n' \"the checker printed '1'\""
    assert refused == "2 wrong_answer '5\\n' '6\\n' \"the checker printed '0'\""
