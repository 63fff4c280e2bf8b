"""The environment for SkyRL-gym, without it; tests/trainers makes it in the package."""

import json
from typing import Any

import pytest

from nova_code_verifier.adapters.skyrl import CodeEnv

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```<|im_end|>"
WRONG = "```python\nprint(4)\n```"
TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}
ROW = {"reward_spec": {"method": "rule", "ground_truth": json.dumps(TESTS)}, "max_turns": 1}


def step(action: str, extras: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return what an environment answers to an action, with the metrics of the environment."""
    environment = CodeEnv(env_config={}, extras=extras, **options)
    prompt = [{"role": "user", "content": "Add them."}]
    assert environment.init(prompt) == (prompt, {})
    output = environment.step(action)
    assert output["done"]
    assert output["observations"] == []
    return output | environment.get_metrics()


@pytest.mark.parametrize("extras", [ROW, TESTS, {"data_source": "lcb", **ROW}])
def test_answers_are_rewarded(extras: dict[str, Any]) -> None:
    """The tests are in `reward_spec`, or in columns."""
    assert step(RIGHT, extras)["reward"] == 1.0
    assert step(WRONG, extras)["reward"] == 0.2


def test_the_registration_may_set_a_rubric() -> None:
    """SkyRL passes what an environment was registered with."""
    assert step(RIGHT, ROW, rubric='{"reward": {"range": [0, 2]}}')["reward"] == 2.0


def test_a_broken_row_gets_a_number_and_is_marked() -> None:
    """An exception would end the run, so `ungraded` says that the number means nothing."""
    output = step(RIGHT, {"reward_spec": {"ground_truth": {"inputs": ["1"], "outputs": []}}})

    assert (output["reward"], output["ungraded"], output["failure"]) == (0.0, 1, 1)
    assert output["metadata"]["problem"].startswith("outputs: ")


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_gets_a_number_and_is_marked() -> None:
    """`failure` says that it is our fault."""
    output = step(RIGHT, ROW)

    assert (output["reward"], output["ungraded"], output["failure"]) == (0.0, 1, 2)
