"""The reward function for TRL, called as TRL calls it; tests/trainers runs it in a real trainer."""

import logging
import pickle
import tempfile
from collections import defaultdict

import pytest

from nova_code_verifier.adapters import trl
from nova_code_verifier.adapters.trl import code_reward, code_reward_func

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
INPUTS, OUTPUTS = ["1 2", "5 5"], ["3", "10"]


def chat(text: str) -> list[dict[str, str]]:
    """Return a completion of a chat."""
    return [{"role": "assistant", "content": text}]


def test_columns_become_rows() -> None:
    """Each completion is judged by its own row, in a chat and as a text."""
    rewards = code_reward(
        prompts=["Add.", "Add.", "Add one."],
        completions=[RIGHT, WRONG, "```python\nprint(int(input()) + 1)\n```"],
        completion_ids=[[1], [2], [3]],
        inputs=[INPUTS, INPUTS, ["1", "2"]],
        outputs=[OUTPUTS, OUTPUTS, ["2", "3"]],
    )

    assert rewards == [1.0, 0.2, 1.0]


def test_the_model_of_the_chat_answers_and_not_the_dataset() -> None:
    """A solution in the row is never taken for the completion."""
    gold = [{"role": "user", "content": "Add."}, *chat(RIGHT)]

    rewards = code_reward(
        [gold[:1]], [chat(WRONG)], messages=[gold], solution=[RIGHT], inputs=[INPUTS],
        outputs=[OUTPUTS],
    )  # fmt: skip

    assert rewards == [0.2]


def test_a_chat_brings_the_start_of_the_program() -> None:
    """The imports of a prompt count for its completions, also where the prompt is a message."""
    start = "import math\nKNOWN = 3\n\ndef f(x):\n"

    rewards = code_reward(
        [[{"role": "user", "content": start}]],
        [chat("```python\ndef f(x):\n    return math.floor(x) + KNOWN\n```")],
        test=[
            "def check(candidate):\n    assert candidate(1.5) == 4\n    assert candidate(2) == 5"
        ],
        entry_point=["f"],
    )

    assert rewards == [1.0]


def test_an_unusual_column_is_found_by_its_name() -> None:
    """`columns` names the reference, also inside of another column."""
    reward = code_reward_func(columns={"reference": "checks.mine"}, name="mine")
    tests = {"inputs": INPUTS, "outputs": OUTPUTS}

    assert reward(["Add."], [RIGHT], checks=[{"mine": tests}]) == [1.0]
    assert reward.__name__ == "mine"


def test_missing_columns_and_values_end_the_run() -> None:
    """A column that is not there, or with too few values, is a mistake in the user's code."""
    reward = code_reward_func(columns={"reference": "mine"})

    with pytest.raises(ValueError, match=r"^mine: missing; found inputs$"):
        reward(["Add."], [RIGHT], inputs=[INPUTS])
    with pytest.raises(ValueError, match=r"^inputs: found 1 values for 2 completions"):
        code_reward(["Add."] * 2, [RIGHT] * 2, inputs=[INPUTS], outputs=[OUTPUTS] * 2)
    with pytest.raises(ValueError, match=r"^columns: found \['tests'\]"):
        code_reward_func(columns={"tests": "mine"})


def test_a_broken_row_has_no_reward(caplog: pytest.LogCaptureFixture) -> None:
    """A row that cannot be used gets None and one warning, which names the row and the field."""
    inputs = ["1 2", "3 4", "5 6"]

    with caplog.at_level(logging.WARNING):
        rewards = code_reward(
            ["Add."] * 3, [RIGHT] * 3, task_id=["a", "b", "c"],
            inputs=[INPUTS, inputs, inputs], outputs=[OUTPUTS, ["3"], ["3"]],
        )  # fmt: skip

    assert rewards == [1.0, None, None]
    [message] = caplog.messages
    assert message.startswith("a completion for row b is ungraded: outputs: ")


def test_objects_of_the_trainer_are_no_columns() -> None:
    """Images, and what a trainer passes beside the columns, do not stop a row from being read."""
    rewards = code_reward(
        ["Add."], [RIGHT], trainer_state=object(), environments=[object()], image=[object()],
        images=[[object()]], step=3, inputs=[INPUTS], outputs=[OUTPUTS],
    )  # fmt: skip

    assert rewards == [1.0]


def test_what_is_logged_has_the_same_names_at_every_call() -> None:
    """TRL's processes exchange what they log, so the names do not depend on the results."""
    calls = []
    for texts in ([RIGHT, WRONG], ["no program", ""]):
        extra: dict[str, list[object]] = {}
        metrics: dict[str, float] = {}
        code_reward(
            ["Add."] * 2, texts, inputs=[INPUTS] * 2, outputs=[OUTPUTS] * 2,
            log_extra=extra.__setitem__, log_metric=metrics.__setitem__,
        )  # fmt: skip
        calls.append((extra, metrics))

    (first_extra, first), (last_extra, last) = calls
    assert first.keys() == last.keys()
    assert first_extra.keys() == last_extra.keys()
    assert first_extra["code_reward/verdict"] == ["accepted", "wrong_answer"]
    assert first["rewards/code_reward/accepted"] == 0.5
    assert last["rewards/code_reward/no_candidate"] == 1.0
    assert sum(first.values()) == 1.0  # `outage` is 0


def test_an_outage_is_no_reward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sandbox, a right completion is ungraded, and the metric says whose fault it is."""
    metrics: dict[str, list[float]] = defaultdict(list)
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")  # where processes meet the sandboxes
    # A rubric of its own: another test's grader may be connected already.
    reward = code_reward_func(rubric='{"reward": {"range": [0, 3]}}')

    rewards = reward(
        ["Add."], [RIGHT], inputs=[INPUTS], outputs=[OUTPUTS],
        log_metric=lambda name, value: metrics[name].append(value),
    )  # fmt: skip

    assert rewards == [None]
    assert metrics["rewards/code_reward/outage"] == [1.0]


def test_the_function_can_be_pickled() -> None:
    """A trainer that generates in other processes sends them the function, with its settings."""
    reward = code_reward_func(rubric='{"reward": {"range": [0, 2]}}', name="double")

    copied = pickle.loads(pickle.dumps(reward))

    assert copied.__name__ == "double"
    assert copied(["Add."], [RIGHT], inputs=[INPUTS], outputs=[OUTPUTS]) == [2.0]


@pytest.mark.parametrize(
    ("found", "warnings"), [("1.5.1", 1), ("0.24.0", 1), ("1.6.0", 0), ("1.10.0.dev0", 0)]
)
def test_old_versions_are_named(
    found: str, warnings: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Below TRL 1.6, which trains None as 0, there is a warning when a function is made."""
    monkeypatch.setattr(trl, "version", lambda _: found)
    trl._warn_of_old_trl.cache_clear()

    code_reward_func()

    assert len(caplog.messages) == warnings
    assert all(f"TRL {found} counts" in message for message in caplog.messages)
