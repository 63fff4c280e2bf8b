"""The reward functions for slime, called as it calls them.

slime needs a GPU to be installed. The fields of `Sample` are those of slime/utils/types.py, and
the calls those of slime/rollout/rm_hub/__init__.py @624b824, 2026-08-21.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from nova_code_verifier.adapters.slime import custom_rm, group_rm

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```<|im_end|>"
WRONG = "```python\nprint(4)\n```"
TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}
BROKEN = {"inputs": ["1"], "outputs": []}


@dataclass
class Sample:
    """The fields of a sample of slime that a reward may use."""

    response: str = RIGHT
    label: str | None = json.dumps(TESTS)
    prompt: str | list[dict[str, str]] = "Add them."
    reward: float | dict[str, Any] | None = None
    remove_sample: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    "sample",
    [
        Sample(),
        Sample(metadata={"task_id": "one"}),
        Sample(label=None, metadata=TESTS),
        Sample(label="", metadata={"test_cases": json.dumps(TESTS)}),
    ],
)
def test_tests_are_found_in_label_and_metadata(sample: Sample) -> None:
    """A sample is rewarded by the tests in its label or its metadata, and gets its metrics."""
    assert asyncio.run(custom_rm(None, sample, evaluation=False)) == 1.0
    assert sample.remove_sample is False
    assert sample.metadata["code_verifier"]["tests_passed"] == 2


def test_a_second_call_reads_the_same_row() -> None:
    """What the first call left in the metadata is not taken for tests."""
    sample = Sample(label=None, metadata=dict(TESTS))

    assert [asyncio.run(custom_rm(None, sample)) for _ in range(2)] == [1.0, 1.0]


def test_an_ungraded_sample_is_removed_and_has_a_number() -> None:
    """None would mean "not yet graded" to slime."""
    sample = Sample(label=json.dumps(BROKEN))

    assert asyncio.run(custom_rm(None, sample)) == 0.0
    assert sample.remove_sample is True


def test_a_group_is_not_moved_by_what_is_ungraded() -> None:
    """An ungraded sample has the mean of its group, which is the baseline of the others."""
    group = [Sample(), Sample(response=WRONG), Sample(label=json.dumps(BROKEN))]

    assert asyncio.run(group_rm(None, group)) == [1.0, 0.2, 0.6]
    assert [sample.remove_sample for sample in group] == [False, False, True]


def test_a_list_of_samples_has_a_list_of_rewards() -> None:
    """A list comes where one rollout generates several samples."""
    assert asyncio.run(custom_rm(None, [Sample(), Sample(response=WRONG)])) == [1.0, 0.2]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_removes_the_samples() -> None:
    """Without sandboxes no sample is trained."""
    group = [Sample(), Sample(response=WRONG)]

    assert asyncio.run(group_rm(None, group)) == [0.0, 0.0]
    assert [sample.remove_sample for sample in group] == [True, True]
    assert group[0].metadata["code_verifier"]["failure"] == 2
