"""Candidates run in containers, and references stay on this machine: rows do not change."""

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
from tests.e2e.samples import example_samples, metrics_of, session_samples, without_durations
from tests.paths import REPOSITORY

START_TIME = "print(open('/proc/1/stat').read().rpartition(')')[2].split()[19])"
"""Prints when the container's first process was started."""


def score(address: str, directory: Path, *options: str) -> list[Any]:
    """Run `verifier score` on samples, and return the rows without durations.

    *directory* is for the files.
    """
    samples, rows = directory / "samples.jsonl", directory / "rows.jsonl"
    lines = map(json.dumps, [*example_samples(), *session_samples()])
    samples.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score"]
    subprocess.run(
        [*command, str(samples), "--out", str(rows), "--quiet", *options],
        check=True,
        cwd=REPOSITORY,
        env=os.environ | {"DOCKER_HOST": address, "PYTHONPATH": str(REPOSITORY)},
    )
    return without_durations(json.loads(line) for line in rows.read_text().splitlines())


@pytest.mark.parametrize("level", ["kernel", "interpreter"])
def test_containers_return_the_rows_of_this_machine(
    engine_address: str, image: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`verifier score --docker` changes no row. Test code needs level `kernel` there."""
    monkeypatch.setenv("VERIFIER_ISOLATION", level)
    here = score(engine_address, tmp_path)
    there = score(engine_address, tmp_path, "--docker", image)

    changed = [row for row, expected in zip(there, here, strict=True) if row != expected]
    sessions = {sample["id"] for sample in session_samples()}
    assert all(metrics_of(row)["ungraded"] for row in changed)
    assert {row["id"] for row in changed} >= (sessions if level == "interpreter" else set())
    assert level == "interpreter" or changed == []


def test_without_isolation_every_request_gets_a_new_container(client: Any, image: str) -> None:
    """A process that a candidate leaves does not run with the next candidate."""
    job = Job(program=START_TIME, questions=(Run(),))
    request = write_request(RunRequest(jobs=(job,), seconds=60))

    with running(client, image, handler=EXECUTOR_HANDLER, VERIFIER_ISOLATION="none") as container:
        invoke = container_invoker([container], fresh_environment=True)
        responses = [read_response(invoke(request), [job]) for _ in range(3)]

    assert len({response.results[0][0].stdout for response in responses}) == 3


def test_a_container_that_ended_is_started_again(client: Any, image: str) -> None:
    """Its request is a crash, and the next request is answered."""
    with running(client, image, handler=EXECUTOR_HANDLER) as container:
        invoke = container_invoker([container])
        container._container.kill()

        with pytest.raises(FunctionCrashedError):
            invoke(b"no request")
        with pytest.raises(FunctionCrashedError, match="PayloadError"):
            invoke(b"no request")
