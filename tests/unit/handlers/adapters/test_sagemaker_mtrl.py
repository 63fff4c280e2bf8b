"""The result of an agent's rollout; tests/trainers gives it to the decorator of the package."""

import asyncio
from typing import Any

import pytest

from nova_code_verifier.adapters.sagemaker_mtrl import rollout_result, rollout_result_async

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
ROW = {"prompt": "Add them.", "inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}


def results(completion: object, instance: Any) -> list[dict[str, Any]]:
    """Return the results of both functions."""
    waited = asyncio.run(rollout_result_async(completion, instance))
    return [rollout_result(completion, instance), waited]


@pytest.mark.parametrize(("completion", "reward"), [(RIGHT, 1.0), (WRONG, 0.2)])
def test_a_rollout_has_its_reward(completion: str, reward: float) -> None:
    """An answer may be a text, or a chat that ends with it."""
    chat = [{"role": "user", "content": "Add."}, {"role": "assistant", "content": completion}]
    for result in results(completion, ROW) + results(chat, ROW):
        assert result["reward"] == reward
        assert result["metrics"]["ungraded"] == 0


@pytest.mark.parametrize("instance", [{"inputs": ["1"], "outputs": []}, {}, None, "text"])
def test_what_is_ungraded_has_no_reward(instance: Any) -> None:
    """No row makes it raise, which would be trained as 0; nor is there a status."""
    for result in results(RIGHT, instance):
        assert result.keys() <= {"ungraded", "metrics"}
        assert result["ungraded"]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_has_no_reward() -> None:
    """The decorator then completes the rollout without one."""
    for result in results(RIGHT, ROW):
        assert "reward" not in result
        assert result["metrics"]["failure"] == 2
