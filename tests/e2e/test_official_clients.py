"""What the official clients verify before a training job, on our reward function."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.row_lint import check_response
from nova_code_verifier.handlers.single_file.bundle import build
from tests.e2e import fetch_clients as fetch_clients_module
from tests.e2e.emulator import Function
from tests.e2e.fetch_clients import ClientsUnavailableError, fetch_clients
from tests.e2e.samples import Sample, example_samples
from tests.e2e.verify import CLIENTS
from tests.paths import REPOSITORY

pytestmark = pytest.mark.slow

ARN = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward"
OUR_HANDLER = "from nova_code_verifier.handlers.reward import lambda_handler\n"


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return the directory that holds the clients."""
    try:
        return fetch_clients()
    except ClientsUnavailableError as error:
        pytest.skip(f"the official clients are not to be had: {error}")


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """Name each of the clients."""
    name: str = request.param
    return name


@pytest.fixture(params=["with completions", "raw rows"])
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    """Return samples as a trainer sends them, or rows of a dataset as they are."""
    # The oldest client refuses samples whose content is a list of parts.
    answered = [
        sample
        for sample in example_samples()
        if all(isinstance(turn["content"], str) for turn in sample["messages"])
    ]
    return answered if request.param == "with completions" else raw_rows(answered)


def raw_rows(samples: list[Sample]) -> list[Sample]:
    """Take from samples what a trainer adds to rows of a dataset: ids and completions."""
    return [
        {
            "messages": [turn for turn in sample["messages"] if turn["role"] != "assistant"],
            "reference_answer": sample["reference_answer"],
        }
        for sample in samples
    ]


def verify(
    clients: Path, client: str, target: str | Path, samples: list[Sample], **variables: str
) -> dict[str, Any]:
    """Run a client's verification in a process of its own, and return what it said."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("verify.py"), clients, client, target],
        input=json.dumps(samples),
        capture_output=True,
        text=True,
        timeout=100,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONSAFEPATH": "1",
            "TELEMETRY_OPT_OUT": "true",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "NO_PROXY": "127.0.0.1",
            **variables,
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def local_file(directory: Path, code: str) -> Path:
    """Write a reward function into a file."""
    path = directory / "reward.py"
    path.write_text(code)
    return path


def test_our_handler_passes_as_a_local_file(
    clients: Path, client: str, samples: list[Sample], tmp_path: Path
) -> None:
    """The client runs the file's text, and calls its handler with `{}` for a context."""
    said = verify(clients, client, local_file(tmp_path, OUR_HANDLER), samples)

    assert said["success"], said["message"]
    assert said["successful_samples"] == len(samples)


def test_our_single_file_passes(
    clients: Path, client: str, samples: list[Sample], tmp_path: Path
) -> None:
    """The form that all clients can deploy is verified by them, too."""
    path = local_file(tmp_path, build())

    said = verify(clients, client, path, samples, TMPDIR=str(tmp_path), PYTHONPATH="")

    assert said["success"], said["message"]
    assert said["successful_samples"] == len(samples)


def test_our_handler_passes_as_a_function(
    clients: Path, client: str, samples: list[Sample], function: Function
) -> None:
    """The client invokes it by boto3, here through Lambda's emulator."""
    url = function.endpoint_url

    said = verify(clients, client, ARN, samples, AWS_ENDPOINT_URL_LAMBDA=url)

    assert said["success"], said["message"]
    assert said["successful_samples"] == len(samples)


@pytest.mark.parametrize(
    "row",
    [
        "{'id': 'a'}",
        "{'aggregate_reward_score': 1.0}",
        "{'id': 'a', 'aggregate_reward_score': None}",
        "{'id': 'a', 'aggregate_reward_score': 1.0, 'metrics_list': [{'metric': 'm'}]}",
        "1 / 0",
    ],
)
def test_what_the_clients_refuse_is_refused_here(
    clients: Path, client: str, row: str, tmp_path: Path
) -> None:
    """Their checks are at work: a handler that breaks the contract does not pass."""
    path = local_file(tmp_path, f"def lambda_handler(event, context):\n    return [{row}]\n")

    said = verify(clients, client, path, raw_rows(example_samples()[:1]))

    assert not said["success"]
    assert said["message"]


@pytest.mark.parametrize(
    "rows",
    [
        "{'id': 'a', 'aggregate_reward_score': float('nan')}",
        "{'id': 'a', 'aggregate_reward_score': True}",
        "{'id': 'another', 'aggregate_reward_score': -7}",
        "{'id': 'a', 'aggregate_reward_score': 1}, {'id': 'surplus', 'aggregate_reward_score': 1}",
    ],
)
def test_our_check_finds_what_the_clients_let_pass(
    clients: Path, rows: str, tmp_path: Path
) -> None:
    """NaN, booleans, foreign ids and surplus rows pass there, and not with us."""
    path = local_file(tmp_path, f"def lambda_handler(event, context):\n    return [{rows}]\n")
    sample = example_samples()[0] | {"id": "a"}

    said = verify(clients, "amzn-nova-forge", path, [sample])

    assert said["success"]
    returned = [
        result["output"] | {"metrics_list": []} for result in said["results"] if "output" in result
    ]
    assert check_response(returned, sent_ids=["a"]) != []


def test_without_a_network_the_reason_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip said last is passed on, and no half of a directory is kept."""
    pip = tmp_path / "pip"
    pip.write_text("#!/bin/sh\necho 'no route' >&2; exit 1\n")
    pip.chmod(0o755)
    monkeypatch.setattr(fetch_clients_module, "find_pip", lambda: [str(pip)])

    with pytest.raises(ClientsUnavailableError, match="no route"):
        fetch_clients(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
