"""Run the command line as a user does, and samples to run it on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import Company, Execution, IsolationLevel, Job
from tests.paths import REPOSITORY

COMMAND = (sys.executable, "-m", "nova_code_verifier.handlers.cli")
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}

DOUBLE = "print(2 * int(input()))"


TWICE = [{"input": "4", "output": "8"}]


def sample(program: str = DOUBLE, *, sample_id: object = "s-1", reference: object = TWICE) -> str:
    """Write a sample whose completion is *program*, and whose test expects twice the input."""
    content = f"```python\n{program}\n```"
    return json.dumps(
        {
            "id": sample_id,
            "messages": [{"role": "assistant", "content": content}],
            "reference_answer": reference,
        }
    )


def no_completions(count: int) -> str:
    """Write *count* samples that are scored without running anything."""
    reference = '{"inputs": ["4"], "outputs": ["8"]}'
    return "".join(
        f'{{"id": {number}, "messages": [], "reference_answer": {reference}}}\n'
        for number in range(count)
    )


def verifier(
    *arguments: str | Path, stdin: str | bytes = b"", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT | settings,
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def rows_of(text: str) -> list[dict[str, Any]]:
    """Parse rows, one per line."""
    return [json.loads(line) for line in text.splitlines()]


class FakeExecutor:
    """An executor that runs nothing: it returns the same executions for every job.

    With a *refusal*, it is a sandbox that cannot start: its level raises SandboxError.
    """

    fast_paths = False

    def __init__(self, *executions: Execution, refusal: str = "") -> None:
        """Return *executions* for every job, or refuse to start."""
        self._executions = executions
        self._refusal = refusal

    @property
    def level(self) -> IsolationLevel:
        """Return a level, as if the sandbox had started. Raises SandboxError if it refuses."""
        if self._refusal:
            raise SandboxError(self._refusal)
        return IsolationLevel.KERNEL

    def with_deadline(self, _deadline: float) -> "FakeExecutor":
        """Return itself: it takes no time."""
        return self

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield the same executions for every job."""
        del company
        for index, _ in enumerate(jobs):
            yield index, self._executions

    def __enter__(self) -> "FakeExecutor":
        """Start nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""
