"""Candidates in containers, references on this machine: the same rows, and nothing to find."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.containers.container import EXECUTOR_HANDLER, running
from nova_code_verifier.handlers.containers.pool import container_invoker
from nova_code_verifier.sandbox.errors import FunctionCrashedError
from nova_code_verifier.sandbox.remote.request import RunRequest, write_request
from nova_code_verifier.sandbox.remote.response import read_response
from nova_code_verifier.sandbox.types import Job, Run
from tests.paths import REPOSITORY

BORN = "print(open('/proc/1/stat').read().rpartition(')')[2].split()[19])"
"""When the container's first process was started."""


def score(address: str, place: Path, *options: str) -> list[Any]:
    """Run `verifier score` on the examples, and return the rows without durations."""
    rows = place / "rows.jsonl"
    subprocess.run(
        [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score",
        "examples/completions.jsonl",
         "--out", str(rows), "--quiet", *options],
        check=True,
        cwd=REPOSITORY,
        env=os.environ | {"DOCKER_HOST": address, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    found = [json.loads(line) for line in rows.read_text().splitlines()]
    for row in found:
        row["metrics_list"] = [m for m in row["metrics_list"] if m["name"] != "duration_ms"]
    return found


@pytest.mark.parametrize("level", ["kernel", "interpreter"])
def test_rows_are_those_of_this_machine(
    engine_address: str, image: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`verifier score --docker` changes where candidates run, and no row."""
    monkeypatch.setenv("VERIFIER_ISOLATION", level)

    assert score(engine_address, tmp_path, "--docker", image) == score(engine_address, tmp_path)


def test_without_a_wall_within_every_candidate_has_a_cell_of_its_own(
    client: Any, image: str
) -> None:
    """Whatever one leaves running, the next one does not meet it."""
    job = Job(program=BORN, questions=(Run(),))
    order = write_request(RunRequest(jobs=(job,), seconds=60))

    with running(client, image, handler=EXECUTOR_HANDLER, VERIFIER_ISOLATION="none") as cell:
        invoke = container_invoker([cell], fresh_environment=True)
        born = {read_response(invoke(order), [job]).results[0][0].stdout for _ in range(3)}

    assert len(born) == 3


def test_a_cell_that_died_is_made_anew(client: Any, image: str) -> None:
    """Whoever ends a container is told of, and does not keep the next one from being run."""
    with running(client, image, handler=EXECUTOR_HANDLER) as cell:
        invoke = container_invoker([cell])
        cell._container.kill()

        with pytest.raises(FunctionCrashedError):
            invoke(b"no order")
        with pytest.raises(FunctionCrashedError, match="PayloadError"):
            invoke(b"no order")
