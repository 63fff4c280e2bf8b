"""The log of the real handler, with the settings of the template."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.deploy.cloudformation import Template
from tests.paths import REPOSITORY

TEMPLATE = REPOSITORY / "template.yaml"
FUNCTION_NAME = "SageMaker-under-test"

SCORING = """
import json, sys
from nova_code_verifier.handlers import reward
from nova_code_verifier.handlers.reward import lambda_handler
from tests.fakes import Context, LengthJudge

reward.SERVICE._text_judge = LengthJudge()
batch, lost = json.load(sys.stdin)
lambda_handler(batch, None)
lambda_handler(batch[:1], None)
try:
    lambda_handler(lost, Context(0))
except RuntimeError:
    pass
reward.TELEMETRY.log_misjudged("a right program was judged wrong")
"""


def reply(text: str, reference: object, sample_id: str) -> dict[str, object]:
    """Return a sample that a model answered with *text*."""
    messages = [{"role": "user", "content": "Please."}, {"role": "assistant", "content": text}]
    return {"id": sample_id, "messages": messages, "reference_answer": reference}


def program(code: str, reference: object, sample_id: str) -> dict[str, object]:
    """Return a sample that a model answered with a program."""
    return reply(f"```python\n{code}\n```", reference, sample_id)


ADD = {"inputs": ["1 2\n", "5 5\n"], "outputs": ["3\n", "10\n"]}
SQUARE = {"inputs": [[3], [4]], "outputs": [9, 16], "fn_name": "square"}
CODE = {"test_list": ["assert square(3) == 9", "assert square(4) == 16"]}
RIGHT = "print(sum(map(int, input().split())))"

BATCH = [
    program(RIGHT, ADD, "right"),
    program("print(3)", ADD, "wrong"),
    program("def square(n): return 9", SQUARE, "half"),
    program("def square(n): return n * n", CODE, "code"),
    program("def square(n):", SQUARE, "broken"),
    program("while True: pass", ADD | {"limits": {"cpu_seconds": 0.2}}, "endless"),
    program(f"import time\ntime.sleep(3.5)\n{RIGHT}", ADD, "slow"),
    program("import os\nos.fork()", ADD, "violation"),
    reply("I cannot.", ADD, "prose"),
    reply("\\boxed{positive}", "positive", "label"),
    reply("A text.", {"task": "similarity", "text": "A likely text."}, "similarity"),
    program(RIGHT, {"inputs": "?"}, "unusable"),
]  # fmt: skip
LOST = [program(RIGHT, ADD, "lost")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The lines of a log: lines of samples, and documents with metrics."""

    lines: list[dict[str, Any]]

    @property
    def samples(self) -> list[dict[str, Any]]:
        """The lines of samples."""
        return [line for line in self.lines if line.get("message") == "sample"]

    @property
    def graded(self) -> list[dict[str, Any]]:
        """The lines of samples that were graded."""
        return [line for line in self.samples if not line["ungraded"]]

    @property
    def metrics(self) -> set[tuple[str, str, frozenset[tuple[str, str]]]]:
        """The metrics that CloudWatch reads from the documents: namespace, name, dimensions."""
        return {
            (
                directive["Namespace"],
                metric["Name"],
                frozenset((name, document[name]) for name in names),
            )
            for document in self.lines
            if "_aws" in document
            for directive in document["_aws"]["CloudWatchMetrics"]
            for metric in directive["Metrics"]
            for names in directive["Dimensions"]
        }


@pytest.fixture(scope="session")
def log() -> Log:
    """Run the handler on samples of all kinds, in the environment that the template sets."""
    template = Template(TEMPLATE, FunctionName=FUNCTION_NAME, Deployment="single")
    variables = template.resources["RewardFunction"]["Properties"]["Environment"]["Variables"]
    done = subprocess.run(
        [sys.executable, "-c", SCORING],
        input=json.dumps([BATCH, LOST]),
        env=os.environ | variables | {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    # In Insights, every line has a time of its own.
    return Log(lines=[line | {"@timestamp": time} for time, line in enumerate(lines)])
