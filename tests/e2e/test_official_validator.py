"""The official SDK's validation of a data set of Nova RFT, which comes before a training job."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.handlers.cli.command_line import verifier
from tests.unit.handlers.cli.convert.converting import READABLE, with_prompt

pytestmark = pytest.mark.slow


def problem_of(clients: Path, rows: str) -> str | None:
    """Return why the validator refuses *rows*, one per line; None if it accepts them."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("validate.py"), clients],
        input=rows,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONSAFEPATH": "1",
            "TELEMETRY_OPT_OUT": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )
    problem: str | None = json.loads(done.stdout.splitlines()[-1])
    return problem


@pytest.mark.parametrize("target", ["nova", "bedrock"])
def test_converted_rows_pass_the_official_validator(clients: Path, target: str) -> None:
    """Rows of all public shapes, with and without ids, with all roles, and with chosen tests."""
    turns = [{"role": role, "content": "Add."} for role in ("developer", "user", "nova_assistant")]
    others: list[dict[str, Any]] = [
        {"messages": turns, "test_list": ["assert add(1, 2) == 3"], "id": 5},
        {"question": "Echo.", "inputs": ["あ" * 500] * 100, "outputs": ["あ" * 500] * 100},
        {"sentence": "x", "prompt": "Judge.", "answer": "positive"},
    ]
    rows = [*map(with_prompt, READABLE), *others]
    source = "".join(f"{json.dumps(row)}\n" for row in rows)

    done = verifier("convert", "-", "--to", target, stdin=source)

    assert done.stdout.count("\n") == len(rows)
    assert problem_of(clients, done.stdout) is None


def test_the_validator_sees_what_is_wrong(clients: Path) -> None:
    """Rows as they are in a dataset do not pass."""
    messages = [{"role": "user", "content": "Add."}]
    rows = [{"messages": messages, "reference_answer": ["a list"]}, {"messages": messages, "id": 1}]

    problem = problem_of(clients, "".join(f"{json.dumps(row)}\n" for row in rows))

    assert "Validation failed" in str(problem)
