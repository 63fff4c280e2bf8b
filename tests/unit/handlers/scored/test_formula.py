"""The formula of a reward, with its numbers."""

import json

import pytest

from tests.unit.handlers.cli.command_line import sample, verifier
from tests.unit.handlers.cli.explain.explaining import explain

EXAMPLES = "examples/completions.jsonl"


@pytest.mark.parametrize(
    ("correctness", "line"),
    [
        ({"shape": "linear"}, "correctness = 0.8"),
        ({"shape": "power", "exponent": 3}, "correctness = 0.8 ^ 3 = 0.512"),
        ({"shape": "threshold", "threshold": 0.9}, "correctness = 0: the share is below 0.9"),
        ({"shape": "threshold", "threshold": 0.7}, "correctness = 0.8: the share is at least 0.7"),
        ({"shape": "all_or_nothing"}, "correctness = 0: the share is below 1"),
    ],
)
def test_the_formula_follows_the_rubric(correctness: dict[str, object], line: str) -> None:
    """Shape, range and guess correction are those of the rubric, with their numbers."""
    own = {"correctness": correctness | {"guess_correction": False}, "reward": {"range": [-1, 1]}}

    report = verifier(
        "explain", EXAMPLES, "--id", "next-palindrome-off-by-one", "--rubric", json.dumps(own)
    ).stdout.splitlines()

    assert report[-3:-1] == ["share = 4 / 5 passed = 0.8", line]
    assert report[-1].startswith("reward = -1 + 2 x (0.8 x ")


def test_a_single_case_has_no_guess_correction() -> None:
    """The best constant answer passes the only case, so nothing is subtracted."""
    done = verifier("explain", "-", "--id", "1", stdin=sample())

    assert "share = 1 / 1 passed = 1: every guess passes here, so none is subtracted" in done.stdout


@pytest.mark.parametrize(
    ("is_corrected", "line"),
    [
        (
            True,
            (
                "share = max(0, (1 passed + 0.75 in part - 1.25 guessed) / "
                "(2 cases - 1.25 guessed)) = 0.6667"
            ),
        ),
        (False, "share = (1 passed + 0.75 in part) / 2 = 0.875"),
    ],
)
def test_a_case_that_passed_in_part_is_shown(line: str, *, is_corrected: bool) -> None:
    """The formula has its share, and its remark the number of iterations."""
    code = "assert f(1) == 1\nfor x, y in [(1, 1), (2, 4), (3, 9), (4, 16)]:\n    assert f(x) == y"
    rubric = json.dumps({"correctness": {"guess_correction": is_corrected}})

    report = explain(
        "```python\ndef f(x): return x * x % 16\n```", {"test": code}, "--rubric", rubric
    )

    assert line in report
    assert any("3 of 4 iterations held" in part for part in report)


def test_cases_that_the_program_compared_and_that_earn_nothing_are_shown() -> None:
    """They are subtracted from those that passed."""
    code = "assert f(1) == f(1)\nassert f(2).x == 2"
    program = """
class Own:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return True
def f(x): return Own(x)
"""
    correctness = {"pay_self_compared": False, "guess_correction": False}

    report = explain(
        f"```python\n{program}\n```",
        {"test": code},
        "--rubric",
        json.dumps({"correctness": correctness}),
    )

    assert "share = (2 passed - 1 compared by the program itself) / 2 = 0.5" in report


def test_a_program_that_was_not_run_is_explained() -> None:
    """A security violation in the text of a program is given as the reason of the reward."""
    rubric = json.dumps({"safety": {"enforce": True}, "reward": {"violation_penalty": 0.5}})
    tests = {"inputs": ["1"], "outputs": ["1"]}

    report = explain("```python\nimport socket\n```", tests, "--rubric", rubric)

    assert report[-1] == "because of a security violation in its text; the program was not run"
