"""`verifier serve` keeps what its OpenAPI promises, whatever a client sends.

schemathesis makes the requests from the OpenAPI of a running service: its examples, values at and
beyond every bound, other methods, missing headers, and generated bodies. They are the same at each
run. What it does not check is whether the schema decides alone which bodies are accepted: a broken
sample costs its own row, and some rules, such as JSON inside of a text, are in no schema.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.paths import REPOSITORY
from tests.service import Running, running_service

TOKEN = "a token of the tests"
_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "unsupported_method",
    "allow_header_conformance", "missing_required_header", "ignored_auth",
)  # fmt: skip
_EXAMPLES = 15


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start a service with a token, whose programs may not take long."""
    directory = tmp_path_factory.mktemp("service")
    limits = {"VERIFIER_CPU_SECONDS": "1", "VERIFIER_WALL_SECONDS": "2"}
    with running_service(directory, "--processes", "1", token=TOKEN, **limits) as running:
        yield running


def operations(service: Running) -> set[str]:
    """Return all operations of the OpenAPI, as `POST /score`."""
    paths: dict[str, Any] = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()[
        "paths"
    ]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_every_answer_is_as_the_openapi_says(service: Running, tmp_path: Path) -> None:
    """No request makes a server error, and no answer has an undocumented status, type or shape."""
    events = tmp_path / "events.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(_CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(_EXAMPLES)]
    command += ["--generation-deterministic", "--continue-on-failure", "--no-color"]
    command += ["--report-ndjson-path", str(events), "--warnings", "off"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(REPOSITORY), "SCHEMATHESIS_HOOKS": "tests.e2e.openapi_hooks"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    tested = {
        event["ScenarioFinished"]["recorder"]["label"]
        for event in map(json.loads, events.read_text().splitlines())
        if "ScenarioFinished" in event
    }
    assert tested >= operations(service)
    assert not [line for line in service.lines if line["message"] == "bug"]
