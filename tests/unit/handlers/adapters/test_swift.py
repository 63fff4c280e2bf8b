"""The reward for ms-swift, called as it calls it.

ms-swift and TRL's newer versions do not go together. The calls are those of
`compute_rewards_per_func` in swift/rl_core/grpo_algorithm.py, with the columns of `to_reward_row`,
@3602360, 2026-08-22, and the same in ms-swift 4.6.0.
"""

from typing import Any, ClassVar

import pytest

from nova_code_verifier.adapters import core
from nova_code_verifier.adapters.swift import CodeReward

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
INPUTS, OUTPUTS = ["1 2", "5 5"], ["3", "10"]


def rewards(completions: list[str], reward: Any = None, **columns: Any) -> list[float]:
    """Call a reward with the columns that ms-swift adds to the dataset's."""
    count = len(completions)
    given: dict[str, Any] = {
        "trainer_state": object(), "request_id": ["7"] * count, "finish_reason": ["stop"] * count,
        "is_truncated": [False] * count, "rollout_infos": [{}] * count,
        "response_token_ids": [[1, 2]] * count, "images": [None] * count,
    }  # fmt: skip
    found: list[float] = (reward or CodeReward(args=None))(completions, **given | columns)
    return found


def test_each_completion_is_judged_by_its_row() -> None:
    """Right and wrong programs, and a broken row, each have a number."""
    assert rewards([RIGHT, WRONG, RIGHT], inputs=[INPUTS] * 3, outputs=[OUTPUTS, OUTPUTS, []]) == [
        1.0,
        0.2,
        0.0,
    ]


def test_a_chat_brings_the_start_of_the_program() -> None:
    """The imports of the last message of the user count; the completion at the end does not."""
    start = "import math\nKNOWN = 3\n\ndef f(x):\n"
    answer = "```python\ndef f(x):\n    return math.floor(x) + KNOWN\n```"
    chat = [{"role": "user", "content": start}, {"role": "assistant", "content": answer}]
    test = "def check(candidate):\n    assert candidate(1.5) == 4\n    assert candidate(2) == 5"

    assert rewards([answer], messages=[chat], test=[test], entry_point=["f"]) == [1.0]


def test_a_subclass_sets_columns_and_rubric() -> None:
    """ms-swift makes the object, so the class has the settings."""

    class Mine(CodeReward):
        columns: ClassVar = {"reference": "mine"}
        rubric = '{"reward": {"range": [0, 2]}}'

    assert rewards([RIGHT], Mine(), mine=[{"inputs": INPUTS, "outputs": OUTPUTS}]) == [2.0]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_a_number_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The number would be 0 for None, too, but without a word."""
    monkeypatch.setattr(core, "_LOGGED", set())  # each problem is logged once

    assert rewards([RIGHT], inputs=[INPUTS], outputs=[OUTPUTS]) == [0.0]
    assert any("is ungraded" in message for message in caplog.messages)
