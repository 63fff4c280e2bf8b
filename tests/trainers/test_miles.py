"""The reward functions for slime in miles, which has slime's calls and its `Sample`."""

import asyncio
import json
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

from tests.trainers.conftest import FENCED, ROWS

if find_spec("miles") is None:
    pytest.skip("miles is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


def samples() -> list[Any]:
    """Return a sample for each row, for a model that prints 1."""
    from miles.utils.types import Sample

    return [
        Sample(prompt="Print it.", response=f"{FENCED}<|im_end|>", label=json.dumps(row))
        for row in ROWS
    ]


def test_each_sample_is_rewarded() -> None:
    """`--custom-rm-path` leads to the function, by the loader of miles."""
    from miles.rollout.rm_hub import async_rm

    arguments = SimpleNamespace(custom_rm_path="nova_code_verifier.adapters.slime.custom_rm")
    group = samples()

    async def run() -> list[float]:
        return list(await asyncio.gather(*(async_rm(arguments, one) for one in group)))

    assert asyncio.run(run()) == [1.0, 0.2, 0.0]
    assert [sample.remove_sample for sample in group] == [False, False, True]


@pytest.mark.parametrize("name", ["custom_rm", "group_rm"])
def test_a_group_is_rewarded_in_place(name: str) -> None:
    """With `--group-rm`, a broken row has the mean of its group; no reward is None."""
    from miles.rollout.rm_hub import batched_async_rm

    arguments = SimpleNamespace(custom_rm_path=f"nova_code_verifier.adapters.slime.{name}")
    group = samples()

    asyncio.run(batched_async_rm(arguments, group, inplace_set_reward_field=True))

    assert [sample.reward for sample in group] == [1.0, 0.2, 0.6]


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_removes_the_samples() -> None:
    """Without sandboxes no sample is trained, and `Sample` can still be saved."""
    from miles.rollout.rm_hub import batched_async_rm

    arguments = SimpleNamespace(custom_rm_path="nova_code_verifier.adapters.slime.group_rm")
    group = samples()

    asyncio.run(batched_async_rm(arguments, group, inplace_set_reward_field=True))

    assert [sample.to_dict()["remove_sample"] for sample in group] == [True] * 3
