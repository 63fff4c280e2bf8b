"""Rewards with a similarity, from the command line and a stand-in for Bedrock."""

import json
import subprocess
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
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT

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
    """Score lines of *text* with the judge of *script*."""
    with serving_bedrock(script) as standin:
        own = {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url,
            "VERIFIER_JUDGE_MODEL": MODEL,
            "VERIFIER_RUBRIC": RUBRIC,
        }
        return subprocess.run(
            [*COMMAND, "score", "-"],
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


def test_each_kind_of_sample_gets_its_own_reward() -> None:
    """A text is scored by similarity, a program by tests, and by both if there is a solution."""

    def half_as_good(request: dict[str, Any]) -> HttpReply:
        return says("0.8" if "Paris" in str(request["messages"]) else "0.5")

    done = scored(half_as_good, TEXT + WITH_SOLUTION + WITHOUT_SOLUTION)

    assert rewards(done) == [0.8, 0.75, 1.0]
    assert done.returncode == 0


def test_transient_errors_of_the_judge_are_retried() -> None:
    """After a throttled call and a reset connection, the reward is the same as without them."""
    replies = iter([fails("ThrottlingException", 429), RESET, says("0.8")])

    assert rewards(scored(lambda _: next(replies), TEXT)) == [0.8]


def test_a_judge_without_access_is_an_outage() -> None:
    """The samples that need it have no reward and must be scored again; the others have one."""
    done = scored(
        lambda _: fails("AccessDeniedException", 403),
        TEXT + WITHOUT_SOLUTION,
        VERIFIER_ON_OUTAGE="none",
    )

    assert rewards(done) == [None, 1.0]
    assert done.returncode == 1
    assert "judge is misconfigured" in done.stderr


def test_a_judge_that_refuses_leaves_the_sample_ungraded() -> None:
    """It would refuse again, so this is no outage; but nothing was graded."""
    done = scored(lambda _: says("I cannot rate this."), TEXT, VERIFIER_UNGRADED_REWARD="-1")

    assert rewards(done) == [-1.0]
    assert done.returncode == 1
    assert "judge refused" in done.stderr
