"""The answer to `/verify` of NeMo Gym, without it; tests/trainers asks the package's server."""

import asyncio
import json
from typing import Any

import pytest

from nova_code_verifier.adapters.nemo_gym import verify

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(4)\n```"
TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}


def answer(*texts: str, **row: Any) -> dict[str, Any]:
    """Return the answer to a request with these messages of the model."""
    messages = [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        for text in texts
    ]
    output = [{"type": "reasoning", "summary": []}, *messages, {"type": "function_call_output"}]
    body = {"responses_create_params": {"input": []}, "response": {"output": output}}
    return asyncio.run(verify(body | row))


@pytest.mark.parametrize(
    "row",
    [
        {"verifier_metadata": {"unit_tests": {**TESTS, "fn_name": None}}},
        {"verifier_metadata": {"unit_tests": json.dumps(TESTS)}},
        {"verifier_metadata": TESTS},
        {**TESTS, "mask_sample": True, "reward": 0.0, "_ng_failure_class": "verifier_data"},
    ],
)
def test_the_last_message_is_graded(row: dict[str, Any]) -> None:
    """The answer holds the row, the reward and the metrics, and nothing of an earlier failure."""
    right = answer("A thought.", RIGHT, **row)

    assert (right["reward"], right["mask_sample"], right["verifier_tests_passed"]) == (
        1.0,
        False,
        2,
    )
    assert not any(name.startswith("_ng_") for name in right)
    assert answer(RIGHT, WRONG, **row)["reward"] == 0.2
    assert answer(**row)["verifier_correctness"] == 0
    assert answer(**row)["mask_sample"] is False
    json.dumps(right)


@pytest.mark.parametrize(
    "metadata",
    [
        {"answer": "positive", "task": "sentiment"},
        {"label": "positive", "task": "chabsa"},
        {"opinions": [], "task": "sentiment"},
    ],
)
def test_metadata_may_hold_a_label(metadata: dict[str, Any]) -> None:
    """A row of sentiment, as `verifier convert --to gym` writes it, is graded."""
    graded = answer(
        "[]" if "opinions" in metadata else r"\boxed{positive}", verifier_metadata=metadata
    )

    assert (graded["verifier_correctness"], graded["mask_sample"]) == (1.0, False)


def test_metadata_may_hold_a_rubric_beside_the_tests() -> None:
    """`verifier convert --to gym` writes it there."""
    metadata = {"unit_tests": TESTS, "rubric": {"reward": {"range": [0, 2]}}}

    assert answer(RIGHT, verifier_metadata=metadata)["reward"] == 2.0


def test_a_broken_row_is_a_failure_that_is_never_tried_again() -> None:
    """Gym writes it into the file of failures, and resumes without it."""
    broken = answer(RIGHT, inputs=["1"], outputs=[])

    assert (broken["reward"], broken["mask_sample"]) == (0.0, True)
    assert broken["_ng_failure_class"] == "verifier_data"
    assert broken["_ng_failure_terminal"] is True
    assert broken["_ng_failure_problem"].startswith("outputs: ")


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_a_failure_that_is_tried_again() -> None:
    """Gym asks again when a collection is resumed."""
    out = answer(RIGHT, **TESTS)

    assert (out["reward"], out["mask_sample"]) == (0.0, True)
    assert out["_ng_failure_class"] == "verifier_infrastructure"
    assert out["_ng_failure_terminal"] is False
