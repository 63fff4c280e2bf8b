"""The official clients' verification of a reward function, which comes before a training job."""

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


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """Return the name of each client."""
    name: str = request.param
    return name


@pytest.fixture(params=["with completions", "raw rows"])
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    """Return samples as a trainer sends them, or rows as they are in a dataset."""
    # The oldest client refuses messages whose content is a list of parts.
    answered = [
        sample
        for sample in example_samples()
        if all(isinstance(turn["content"], str) for turn in sample["messages"])
    ]
    return answered if request.param == "with completions" else raw_rows(answered)


def raw_rows(samples: list[Sample]) -> list[Sample]:
    """Return the samples without ids and completions, which a trainer adds."""
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
    """Run a client's verification in a process of its own, and return its result."""
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
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def local_file(directory: Path, code: str) -> Path:
    """Write the code of a reward function into a file."""
    path = directory / "reward.py"
    path.write_text(code)
    return path


def test_our_handler_passes_as_a_local_file(
    clients: Path, client: str, samples: list[Sample], tmp_path: Path
) -> None:
    """The client executes the file, and calls its handler with the context `{}`."""
    result = verify(clients, client, local_file(tmp_path, OUR_HANDLER), samples)

    assert result["success"], result["message"]
    assert result["successful_samples"] == len(samples)


def test_our_single_file_passes(
    clients: Path, client: str, samples: list[Sample], tmp_path: Path
) -> None:
    """Every client accepts the single file, which is the form that all of them can deploy."""
    path = local_file(tmp_path, build())

    result = verify(clients, client, path, samples, TMPDIR=str(tmp_path), PYTHONPATH="")

    assert result["success"], result["message"]
    assert result["successful_samples"] == len(samples)


def test_our_handler_passes_as_a_function(
    clients: Path, client: str, samples: list[Sample], function: Function
) -> None:
    """The client invokes the function by boto3, here in Lambda's emulator."""
    url = function.endpoint_url

    result = verify(clients, client, ARN, samples, AWS_ENDPOINT_URL_LAMBDA=url)

    assert result["success"], result["message"]
    assert result["successful_samples"] == len(samples)


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
def test_the_clients_refuse_rows_that_break_the_contract(
    clients: Path, client: str, row: str, tmp_path: Path
) -> None:
    """The checks of the clients run here: a handler with such a row does not pass."""
    path = local_file(tmp_path, f"def lambda_handler(event, context):\n    return [{row}]\n")

    result = verify(clients, client, path, raw_rows(example_samples()[:1]))

    assert not result["success"]
    assert result["message"]


@pytest.mark.parametrize(
    "rows",
    [
        "{'id': 'a', 'aggregate_reward_score': float('nan')}",
        "{'id': 'a', 'aggregate_reward_score': True}",
        "{'id': 'another', 'aggregate_reward_score': -7}",
        "{'id': 'a', 'aggregate_reward_score': 1}, {'id': 'surplus', 'aggregate_reward_score': 1}",
    ],
)
def test_our_row_check_refuses_rows_that_a_client_accepts(
    clients: Path, rows: str, tmp_path: Path
) -> None:
    """NaN, booleans, unknown ids and surplus rows pass the client, and not `check_response`."""
    path = local_file(tmp_path, f"def lambda_handler(event, context):\n    return [{rows}]\n")
    sample = example_samples()[0] | {"id": "a"}

    result = verify(clients, "amzn-nova-forge", path, [sample])

    assert result["success"]
    returned = [
        row["output"] | {"metrics_list": []} for row in result["results"] if "output" in row
    ]
    assert check_response(returned, sent_ids=["a"]) != []


def test_without_a_network_the_error_quotes_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error ends with the last line that pip printed, and the cache stays empty."""
    pip = tmp_path / "pip"
    pip.write_text("#!/bin/sh\necho 'no route' >&2; exit 1\n")
    pip.chmod(0o755)
    monkeypatch.setattr(fetch_clients_module, "find_pip", lambda: [str(pip)])

    with pytest.raises(ClientsUnavailableError, match="no route"):
        fetch_clients(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
