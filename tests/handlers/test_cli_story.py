"""The story of one sample, as the command line tells it."""

import json
from pathlib import Path

import pytest

from tests.handlers.test_cli import ROOT, sample, verifier

EXAMPLES = ROOT / "examples" / "completions.jsonl"


@pytest.mark.parametrize(
    ("sample_id", "lines"),
    [
        (
            "next-palindrome-off-by-one",
            [
                "next-palindrome-off-by-one: wrong_answer, reward 0.8",
                "program: found as tagged fence",
                "5 wrong_answer [1, 0, 0, 1] [1, 0, 0, 0, 1]",
                "share = (4 passed - 1 guessed) / (5 cases - 1), 0 at least",
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
            ["1 wrong_answer assert candidate(3.5) == 0.5 AssertionError: line 10 of the tests"],
        ),
        (
            "chabsa-label-right",
            [
                "answer: positive; expected: positive",
                "reward = (0.889 x 1 correctness + 0.111 x 1 format) = 1",
            ],
        ),
        ("chabsa-label-hedges", ["no answer was found in the completion"]),
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


def test_a_story_follows_the_rubric(tmp_path: Path) -> None:
    """Shape, range and corrections are those of the run."""
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(
        "[correctness]\nshape = 'power'\nguess_correction = false\n[reward]\nrange = [-1, 1]\n"
    )

    told = verifier(
        "explain", EXAMPLES, "--id", "next-palindrome-off-by-one", "--rubric", rubric
    ).stdout.splitlines()

    assert "share = 4 / 5 passed" in told
    assert "correctness = power of the share" in told
    assert told[-1].startswith("reward = -1 + 2 x (0.8 x 0.64 correctness")


def test_a_lone_case_says_that_nothing_is_corrected() -> None:
    """Every guess would be right, so none is taken off; and a hostile id stays on its line."""
    line = sample(sample_id="a\x1b[31m\nb")

    done = verifier("explain", "-", "--id", "1", stdin=line)

    assert done.stdout.startswith("a?[31m b: accepted, reward 1\n")
    assert "share = 1 / 1 passed: no guess is wrong here" in done.stdout


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

    assert told[1:4] == [
        "answer: positive; expected: positive",
        "a right positive is worth 0.1667, as labels are frequent",
        "format: not boxed",
    ]


def test_a_program_that_was_not_run_is_told_so() -> None:
    """Its reward follows from that, and from no penalty."""
    turn = {"role": "assistant", "content": "```python\nimport socket\n```"}
    tests = {"inputs": ["1"], "outputs": ["1"]}
    line = json.dumps({"messages": [turn], "reference_answer": tests, "id": "x"})
    rubric = json.dumps({"safety": {"enforce": True}, "reward": {"violation_penalty": 0.5}})

    told = verifier("explain", "-", "--id", "x", "--rubric", rubric, stdin=line).stdout.splitlines()

    assert told[-1] == "  as it was not run"
