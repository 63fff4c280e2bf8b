"""Run `verifier judge-check` with a stand-in for Bedrock."""

import json
import subprocess
from typing import Any

from tests.fakes import (
    CREDENTIALS,
    HttpReply,
    Script,
    says,
    serving_bedrock,
)
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT

MODEL = "us.amazon.nova-pro-v1:0"


def row(score: float, *, human: object = None, **more: object) -> str:
    """Write a line to which the judge of `scores_as_written` answers *score*."""
    response = f"worth {score}"
    fields = {"response": response, "reference": "?", "human_score": human} | more
    return f"{json.dumps(fields)}\n"


def scores_as_written(request: dict[str, Any]) -> HttpReply:
    """Answer with the score that the response contains."""
    text = request["messages"][0]["content"][0]["text"]
    return says(text.rpartition("worth ")[2].partition("\n")[0])


def judge_check(
    script: Script, text: str, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Check the judge of *script* on lines of *text*."""
    with serving_bedrock(script) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url}
        return subprocess.run(
            [*COMMAND, "judge-check", *arguments],
            input=text,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=ENVIRONMENT | CREDENTIALS | address | settings,
            timeout=60,
            check=False,
        )


def findings_of(script: Script, text: str, *arguments: str, **settings: str) -> dict[str, Any]:
    """Return what `--json` prints."""
    done = judge_check(script, text, "-", "--json", "--model", MODEL, *arguments, **settings)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
