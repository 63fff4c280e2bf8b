"""The story of one sample, as the command line tells it."""

import json

import pytest

from tests.paths import REPOSITORY
from tests.unit.handlers.cli.test_app import sample, verifier

EXAMPLES = REPOSITORY / "examples" / "completions.jsonl"


@pytest.mark.parametrize(
    ("sample_id", "lines"),
    [
        (
            "next-palindrome-off-by-one",
            [
                "next-palindrome-off-by-one: wrong_answer, reward 0.8",
                "program: found as tagged fence",
                "5 wrong_answer [1, 0, 0, 1] [1, 0, 0, 0, 1]",
                "share = (4 passed - 1 guessed) / (5 cases - 1), 0 at least = 0.75",
                "correctness = 0.75",
                "reward = (0.8 x 0.75 correctness + 0.1 x 1 compile + 0.1 x 1 format) = 0.8",
            ],
        ),
        (
            "square-opens-a-socket",
            [
                "finding: line 1: socket uses the network (severe)",
                "1 security_violation '25\\n' '' forbidden, socket.getaddrinfo",
                "of which a security violation takes 100%",
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
                "share = (5 passed - 1 guessed) / (6 cases - 1), 0 at least = 0.8",
            ],
        ),
        (
            "chabsa-label-right",
            [
                "answer: positive; expected: positive",
                "share = 1, as the label is right",
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
                "points = 0.3, all or nothing of each group; the best guess has 0",
                "correctness = 0.3",
            ],
        ),
        (
            "square-misses-its-marks",
            ["format: code outside", "format: no solution marks"],
        ),
    ],
)
def test_a_story_is_told(sample_id: str, lines: list[str]) -> None:
    """What was found, what each case came to, and how the reward follows."""
    done = verifier("explain", EXAMPLES, "--id", sample_id)

    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in lines if line not in told] == []


@pytest.mark.parametrize(
    ("correctness", "line"),
    [
        ({"shape": "linear"}, "correctness = 0.8"),
        ({"shape": "power", "exponent": 3}, "correctness = 0.8 ^ 3 = 0.512"),
        (
            {"shape": "threshold", "threshold": 0.9},
            "correctness = 0, as the share is below 0.9",
        ),
        (
            {"shape": "threshold", "threshold": 0.7},
            "correctness = 0.8, as the share is not below 0.7",
        ),
        ({"shape": "all_or_nothing"}, "correctness = 0, as the share is not all"),
    ],
)
def test_a_story_follows_the_rubric(correctness: dict[str, object], line: str) -> None:
    """Shape, range and corrections are those of the run, with their numbers."""
    own = {"correctness": correctness | {"guess_correction": False}, "reward": {"range": [-1, 1]}}

    told = verifier(
        "explain", EXAMPLES, "--id", "next-palindrome-off-by-one", "--rubric", json.dumps(own)
    ).stdout.splitlines()

    assert told[-3:-1] == ["share = 4 / 5 passed = 0.8", line]
    assert told[-1].startswith("reward = -1 + 2 x (0.8 x ")


def test_a_lone_case_says_that_nothing_is_corrected() -> None:
    """Every guess would be right, so none is taken off; and a hostile id stays on its line."""
    line = sample(sample_id="a\x1b[31m\nb")

    done = verifier("explain", "-", "--id", "1", stdin=line)

    assert done.stdout.startswith("a?[31m b: accepted, reward 1\n")
    assert "share = 1 / 1 passed = 1: no guess is wrong here" in done.stdout


def test_who_is_not_there_is_named() -> None:
    """A misspelt id is an error of usage."""
    done = verifier("explain", EXAMPLES, "--id", "nobody")

    assert (done.stdout, done.returncode) == ("", 2)
    assert "there is no sample with the id nobody" in done.stderr


def test_a_broken_line_is_explained() -> None:
    """It has no id, but a line."""
    done = verifier("explain", "-", "--id", "2", stdin=f"{json.dumps({})}\nbroken\n")

    assert "problem: line 2: not JSON" in done.stdout


def test_a_story_without_a_reward_is_told() -> None:
    """Where what is ungraded is to be left out."""
    line = json.dumps({"messages": [], "reference_answer": 7, "id": "x"})
    answer = json.loads(line) | {"messages": [{"role": "assistant", "content": "no"}]}
    rubric = json.dumps({"reward": {"on_outage": "none"}})

    done = verifier("explain", "-", "--id", "x", "--rubric", rubric, stdin=json.dumps(answer))

    assert done.stdout.startswith("x: ungraded, no reward\nproblem: reference: ")


def test_a_story_tells_what_labels_are_worth() -> None:
    """With priors, a right label earns the less the more frequent it is; a form is missed."""
    priors = {"positive": 0.6, "negative": 0.3, "neutral": 0.1}
    rubric = json.dumps({"sentiment": {"priors": priors}})
    turn = {"role": "assistant", "content": "It is positive."}
    line = json.dumps({"messages": [turn], "reference_answer": "positive", "id": "x"})

    told = verifier("explain", "-", "--id", "x", "--rubric", rubric, stdin=line).stdout.splitlines()

    assert told[1:6] == [
        "answer: positive; expected: positive",
        "a right positive is worth 0.1667, as labels are frequent",
        "format: not boxed",
        "share = 1, as the label is right",
        "correctness = 1 x 0.1667 = 0.1667",
    ]


def explained(content: str, reference: object) -> list[str]:
    """Explain one answer; blanks do not matter."""
    turn = {"role": "assistant", "content": content}
    line = json.dumps({"messages": [turn], "reference_answer": reference, "id": "x"})
    done = verifier("explain", "-", "--id", "x", stdin=line)
    assert done.stderr == ""
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_opinions_that_nobody_reads_are_counted() -> None:
    """They cost, so they are told; and so are expected ones where there is no answer at all."""
    reference = {"opinions": [{"target": "ab", "polarity": "positive"}]}
    some = explained('[{"target": "ab\\u001bc", "polarity": "neutral"}, {}]', reference)
    none = explained("[{}]", reference)

    assert some[3:6] == [
        "ab | positive ab?c | neutral 0.4",
        "answered and not read: 1, without a target and a polarity, or too many",
        "share = 2 x 0.4 likeness / (1 expected + 2 answered) = 0.2667",
    ]
    assert none[1].startswith("no answer was found in the completion: none of 1 opinions has")
    assert none[2:5] == [
        "expected: 1 opinion",
        "expected answered likeness",
        "ab | positive - 0",
    ]


def test_what_test_code_says_is_shown() -> None:
    """What the tests raised, and what the candidate answered; a call's error is no answer."""
    code = (
        "import unittest\nclass T(unittest.TestCase):\n"
        "    def test_a(self): self.assertEqual(f(1), 2)\n"
        "    def test_b(self): f(0)\n"
    )
    program = "```python\ndef f(x): return 3 // x\n```"

    told = explained(program, {"tests": {"kind": "code", "code": code}})

    failed, raised = told[3:5]
    assert failed == (
        "T.test_a wrong_answer def test_a(self): self.assertEqual(f(1), 2) 3 "
        'AssertionError: line 3 of the tests: "3 != 2"'
    )
    assert raised == (
        "T.test_b runtime_error def test_b(self): f(0) "
        "raised, ZeroDivisionError: integer division or modulo by zero, line 4 of the tests"
    )


def test_a_call_that_raises_shows_its_error() -> None:
    """And no size of it."""
    tests = {"kind": "call", "entry_point": "f", "cases": [{"args": [0], "expected": 1}]}

    told = explained("```python\ndef f(x): return 1 // x\n```", {"tests": tests})

    assert "1 runtime_error 1 raised, ZeroDivisionError: integer division or modulo by zero" in told


def test_a_program_that_was_not_run_is_told_so() -> None:
    """Its reward follows from that, and from no penalty."""
    turn = {"role": "assistant", "content": "```python\nimport socket\n```"}
    tests = {"inputs": ["1"], "outputs": ["1"]}
    line = json.dumps({"messages": [turn], "reference_answer": tests, "id": "x"})
    rubric = json.dumps({"safety": {"enforce": True}, "reward": {"violation_penalty": 0.5}})

    told = verifier("explain", "-", "--id", "x", "--rubric", rubric, stdin=line).stdout.splitlines()

    assert told[-1] == "  as it was not run"
