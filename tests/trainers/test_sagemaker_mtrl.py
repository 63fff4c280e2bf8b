"""The result in SageMaker's own decorator, which reports to a service on this machine."""

import asyncio
import json
from collections.abc import Iterator
from email.message import Message
from importlib.util import find_spec
from typing import Any

import pytest

from tests.fakes import HttpReply, serving
from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("sagemaker") is None:
    pytest.skip("sagemaker-train is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that runs an agent, and returns what its decorator reports of a row."""
    from sagemaker.train.rft import sagemaker_rft_handler

    from nova_code_verifier.adapters.sagemaker_mtrl import rollout_result

    @sagemaker_rft_handler
    def agent(payload: dict[str, Any]) -> dict[str, Any]:
        return rollout_result(FENCED, payload["instance"])

    class Agent:
        async def invoke_async(self, _prompt: str) -> str:
            return FENCED

    [snippet] = documented("SageMaker multi-turn RL")
    names: dict[str, Any] = {"agent": Agent()}
    exec(snippet, names)
    waiting_agent = names["invoke_agent"]

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    reports: list[tuple[str, Any]] = []

    def reply(path: str, _headers: Message, body: bytes) -> HttpReply:
        sent = json.loads(body)
        reports.append((path, sent.get("Status", sent.get("Rewards"))))
        return HttpReply(body=b"{}")

    with serving(reply) as url:
        metadata = {"job_arn": "arn", "trajectory_id": "1", "endpoint": url, "region": "us-west-2"}

        def run(row: dict[str, Any]) -> list[tuple[str, Any]]:
            payload = {"instance": row, "metadata": metadata}
            agent(payload)
            first, reports[:] = list(reports), []
            asyncio.run(waiting_agent(payload))
            second, reports[:] = list(reports), []
            assert first == second
            return first

        yield run


def test_a_graded_rollout_is_completed_with_its_reward(reported: Any) -> None:
    """The service gets the completion, and then the reward."""
    assert reported(ROWS[0]) == [("/complete-rollout", "ready"), ("/update-reward", [1.0])]
    assert reported(ROWS[1])[1] == ("/update-reward", [pytest.approx(0.2)])


def test_a_broken_row_is_completed_without_a_reward(reported: Any) -> None:
    """A reward of 0.0 is what an exception would have got."""
    assert reported(ROWS[2]) == [("/complete-rollout", "ready")]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_completed_without_a_reward(reported: Any) -> None:
    """Without sandboxes the rollout is completed, and nothing is trained as wrong."""
    assert reported(ROWS[0]) == [("/complete-rollout", "ready")]
