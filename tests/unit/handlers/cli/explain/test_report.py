"""The report on one sample."""

import json

import pytest

from tests.unit.handlers.cli.command_line import sample, verifier
from tests.unit.handlers.cli.explain.explaining import explain

EXAMPLES = "examples/completions.jsonl"


@pytest.mark.parametrize(
    ("sample_id", "lines"),
    [
        (
            "next-palindrome-off-by-one",
            [
                "next-palindrome-off-by-one: wrong_answer, reward 0.8",
                "program: found as tagged fence",
                "5 wrong_answer [1, 0, 0, 1] [1, 0, 0, 0, 1]",
                "share = max(0, (4 passed - 1 guessed) / (5 cases - 1 guessed)) = 0.75",
                "correctness = 0.75",
                "reward = (0.8 x 0.75 correctness + 0.1 x 1 compile + 0.1 x 1 format) = 0.8",
            ],
        ),
        (
            "square-opens-a-socket",
            [
                "finding: line 1: socket uses the network (severe)",
                "1 security_violation '25\\n' '' forbidden, socket.getaddrinfo",
                "after a security violation, which costs 100%",
            ],
        ),
        (
            "truncate-lies-about-differences",
            [
                (
                    "1 wrong_answer assert candidate(3.5) == 0.5 (an object) "
                    "AssertionError: line 10 of the tests"
                ),
            ],
        ),
        ("truncate-right-humaneval", ["1 accepted assert candidate(3.5) == 0.5 0.5"]),
        (
            "stack-upside-down-pytest",
            [
                "test_size accepted 2",
                (
                    "test_iteration[items2] wrong_answer assert list(stack) == items [2, 1] "
                    "AssertionError: line 32 of the tests"
                ),
                "share = max(0, (5 passed - 1 guessed) / (6 cases - 1 guessed)) = 0.8",
            ],
        ),
        (
            "chabsa-label-right",
            [
                "answer: positive; expected: positive",
                "share = 1: the label is right",
                "correctness = 1",
                "reward = (0.889 x 1 correctness + 0.111 x 1 format) = 1",
            ],
        ),
        (
            "chabsa-label-hedges",
            [
                "no answer was found in the completion: the last line means neutral and positive",
                "expected: positive",
            ],
        ),
        (
            "chabsa-opinions-one-missing-one-too-many",
            [
                "answer: 2 opinions; expected: 2 opinions",
                "売上高 | NULL#sales | positive 売上高 | NULL#sales | positive 1",
                "営業利益 | NULL#profit | positive - 0",
                "- 250億円 | NULL#sales | positive 0",
                "share = 2 x 1 likeness / (2 expected + 2 answered) = 0.5",
                "correctness = 0.5",
            ],
        ),
        ("square-no-completion", ["there is no assistant turn"]),
        (
            "square-reference-malformed",
            ["problem: outputs: found 2 outputs for 3 inputs"],
        ),
        ("1", ["bitcount-right: accepted, reward 1"]),
        (
            "gcd-first-subtask-only",
            [
                "points = 0.3 (each group counts if all of it passed); the best guess has 0",
                "correctness = 0.3",
            ],
        ),
        (
            "square-misses-its-marks",
            ["format: code outside", "format: no solution marks"],
        ),
    ],
)
def test_a_report_has_candidate_cases_and_formula(sample_id: str, lines: list[str]) -> None:
    """It shows what was found, the result of each case, and how the reward follows."""
    done = verifier("explain", EXAMPLES, "--id", sample_id)

    report = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in lines if line not in report] == []


def test_an_id_cannot_control_the_terminal() -> None:
    """Control characters of an id are replaced, and line ends become blanks."""
    done = verifier("explain", "-", "--id", "1", stdin=sample(sample_id="a\x1b[31m\nb"))

    assert done.stdout.startswith("a?[31m b: accepted, reward 1\n")


def test_a_program_in_another_language_is_named() -> None:
    """The report says what was found instead of a program in Python."""
    report = explain("```cpp\nint main() {}\n```", {"inputs": ["1"], "outputs": ["1"]})

    assert report[:2] == [
        "x: no_candidate, reward 0",
        "found a block tagged cpp; only Python is judged",
    ]


def test_a_sample_without_a_reward_is_explained() -> None:
    """If the rubric leaves out ungraded samples, the report says so, and names the problem."""
    rubric = json.dumps({"reward": {"on_outage": "none"}})

    report = explain("no", 7, "--rubric", rubric)

    assert report[0] == "x: ungraded, no reward"
    assert report[1].startswith("problem: reference: ")


def test_a_report_shows_the_prelude() -> None:
    """What was imported for the program stands below how it was found."""
    program = "```python\ndef f(x: List[int]): return inf\n```"
    report = explain(program, {"fn_name": "f", "inputs": [[1]], "outputs": [2]})

    assert report[1:3] == [
        "program: found as tagged fence",
        "prelude: from math import inf; from typing import List",
    ]


def test_an_ungraded_sample_has_no_number_as_its_reward() -> None:
    """As in the table, `-` stands for a reward that does not exist."""
    assert explain("no", 7)[0].startswith("x: ungraded, reward - (its row says 0")


def test_the_first_failures_are_shown_in_full() -> None:
    """Input, expected and observed follow with their sizes, then the program."""
    tests = {"inputs": ["1 2\n", "3"], "outputs": ["3\n", "1 2 3"]}

    report = explain("```python\nprint(1)\nprint(2)\n```", tests)

    first = report.index("case 2: wrong_answer")
    assert report[first : first + 11] == [
        "case 2: wrong_answer",
        "input (1 byte):",
        "3",
        "expected (5 bytes):",
        "1 2 3",
        "observed (4 bytes):",
        "1",
        "2",
        "program (18 bytes):",
        "1 print(1)",
        "2 print(2)",
    ]


def test_only_a_few_failures_are_shown_in_full() -> None:
    """The table has all of them."""
    tests = {"inputs": ["1"] * 9, "outputs": [str(number) for number in range(9)]}

    report = explain("```python\nprint('x')\n```", tests)

    assert len([line for line in report if line.startswith("case ") and "wrong" in line]) == 3


def test_a_program_cannot_control_the_terminal() -> None:
    """Control characters in a program or its output are replaced."""
    tests = {"inputs": ["\x1b[2J"], "outputs": ["\x07"]}

    report = explain("```python\nprint('\x1b]0;owned\x07\\x1b')\n```", tests)

    assert all(line.isprintable() for line in report)
