"""Rewards that a language model has a say in, by the command line and a stand-in for Bedrock."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.fakes import (
    CREDENTIALS,
    MODEL,
    RESET,
    HttpReply,
    Script,
    fails,
    says,
    serving_bedrock,
)
from tests.paths import REPOSITORY

ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}
RUBRIC = '{"weights": {"correctness": 0.5, "compile": 0, "format": 0, "similarity": 0.5}}'
DOUBLE = {"tests": {"kind": "stdio", "cases": [{"stdin": "2\n", "stdout": "4\n"}]}}
SOLUTION = "print(2 * int(input()))"
PROGRAM = "```python\nprint(int(input()) * 2)\n```"


def sample(answer: str, reference: object, **more: object) -> str:
    """Write one line of input."""
    messages = [{"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages, "reference_answer": reference} | more) + "\n"


TEXT = sample("It is Paris.", {"answer": "Paris"}, task="similarity")
WITH_SOLUTION = sample(PROGRAM, DOUBLE | {"solution": SOLUTION})
WITHOUT_SOLUTION = sample(PROGRAM, DOUBLE)


def scored(script: Script, text: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Score lines of *text*, with a judge that answers by *script*."""
    with serving_bedrock(script) as standin:
        own = {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url,
            "VERIFIER_JUDGE_MODEL": MODEL,
            "VERIFIER_RUBRIC": RUBRIC,
        }
        return subprocess.run(
            [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score", "-"],
            input=text,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=ENVIRONMENT | CREDENTIALS | own | settings,
            timeout=60,
            check=False,
        )


def rewards(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """Return the reward of every row."""
    return [json.loads(line)["aggregate_reward_score"] for line in done.stdout.splitlines()]


def test_a_mixed_batch_is_paid_as_the_judge_says() -> None:
    """A text by its similarity alone, a program by both, and without a solution by its tests."""

    def half_as_good(request: dict[str, Any]) -> HttpReply:
        return says("0.8" if "Paris" in str(request["messages"]) else "0.5")

    done = scored(half_as_good, TEXT + WITH_SOLUTION + WITHOUT_SOLUTION)

    assert rewards(done) == [0.8, 0.75, 1.0]
    assert done.returncode == 0


def test_a_judge_that_is_throttled_for_a_while_is_asked_again() -> None:
    """The reward is the same as without the trouble: a reset and a refusal leave no trace."""
    replies = iter([fails("ThrottlingException", 429), RESET, says("0.8")])

    assert rewards(scored(lambda _: next(replies), TEXT)) == [0.8]


def test_a_judge_without_access_is_an_outage() -> None:
    """The samples that needed it are told to be scored again, and nobody gets a zero for it."""
    done = scored(
        lambda _: fails("AccessDeniedException", 403),
        TEXT + WITHOUT_SOLUTION,
        VERIFIER_ON_OUTAGE="none",
    )

    assert rewards(done) == [None, 1.0]
    assert done.returncode == 1
    assert "judge is misconfigured" in done.stderr


def test_a_judge_that_declines_leaves_its_sample_ungraded() -> None:
    """It would do so again: that is no outage, and the row says what it is."""
    done = scored(lambda _: says("I cannot rate this."), TEXT, VERIFIER_UNGRADED_REWARD="-1")

    assert rewards(done) == [-1.0]
    assert done.returncode == 0
    assert "judge refused" in done.stderr
