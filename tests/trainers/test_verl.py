"""The face for verl in verl itself: its reward workers, fed with a real `DataProto`.

It needs verl, torch and ray, in an environment of its own: `make test-trainers`.
"""

import asyncio
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

if find_spec("verl") is None:
    pytest.skip("verl is not installed: make test-trainers", allow_module_level=True)

with warnings.catch_warnings(action="ignore"):  # of packages that are imported here
    import numpy as np
    import ray
    import torch
    import verl
    from omegaconf import DictConfig, OmegaConf
    from transformers import PreTrainedTokenizerFast
    from verl.experimental.reward_loop.reward_loop import RewardLoopWorker

pytestmark = [
    pytest.mark.trainers,
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(600),
]

TESTS = '{"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}'
ROWS = [  # the response, the data source, the ground truth, and the reward
    ("```python\nprint(sum(map(int, input().split())))\n```", "taco", TESTS, 1.0),
    ("```python\nprint(3)\n```", "taco", TESTS, 0.2),
    (r"\boxed{positive}", "chabsa", "positive", 1.0),
    ("anything", "taco", '{"inputs": ["1"]}', -1.0),
]
PATH = "pkg://nova_code_verifier.adapters.verl"
ARGUMENTS = {"ungraded_reward": -1.0}
FUNCTION = {"custom_reward_function": {"path": PATH, "reward_kwargs": ARGUMENTS}}
MANAGER = {
    "reward_kwargs": ARGUMENTS,
    "reward_manager": {
        "source": "importlib",
        "name": "RewardManager",
        "module": {"path": PATH},
    },
}


@pytest.fixture
def batch(tokenizer: PreTrainedTokenizerFast) -> Any:
    """Return what the rollout of verl hands to its reward workers."""
    responses = [[*tokenizer.encode(row[0]), tokenizer.eos_token_id] for row in ROWS]
    length = max(map(len, responses))
    padded = [ids + [tokenizer.pad_token_id] * (length - len(ids)) for ids in responses]
    written = [[1] * len(ids) + [0] * (length - len(ids)) for ids in responses]
    prompts = torch.zeros(len(ROWS), 2, dtype=torch.long)
    return verl.DataProto.from_dict(
        tensors={
            "prompts": prompts,
            "responses": torch.tensor(padded),
            "attention_mask": torch.cat([torch.ones_like(prompts), torch.tensor(written)], dim=1),
        },
        non_tensors={
            "data_source": np.array([row[1] for row in ROWS], dtype=object),
            "reward_model": np.array([{"ground_truth": row[2]} for row in ROWS], dtype=object),
            "extra_info": np.array([{"index": n} for n in range(len(ROWS))], dtype=object),
        },
    )


def config_of(tokenizer: PreTrainedTokenizerFast, reward: dict[str, Any]) -> DictConfig:
    """Return verl's own configuration of rewards with our settings in it."""
    folder = Path(verl.__file__).parent / "trainer" / "config" / "reward"
    defaults = OmegaConf.load(folder / "reward.yaml")
    defaults.pop("defaults", None)
    model = {"tokenizer_path": tokenizer.name_or_path, "path": None}
    return OmegaConf.create(
        {
            "actor_rollout_ref": {"model": model},
            "reward": OmegaConf.merge(defaults, OmegaConf.create(reward)),
        }
    )


@pytest.mark.parametrize("reward", [FUNCTION, MANAGER])
def test_a_reward_worker_scores_a_batch(
    tokenizer: PreTrainedTokenizerFast, batch: Any, reward: dict[str, Any]
) -> None:
    """Verl's own code finds the function or the manager by its path, and gets every reward."""

    async def run() -> list[dict[str, Any]]:
        worker = RewardLoopWorker(config_of(tokenizer, reward))
        outputs: list[dict[str, Any]] = await worker.compute_score_batch(batch)
        return outputs

    outputs = asyncio.run(run())

    assert [output["reward_score"] for output in outputs] == [row[3] for row in ROWS]
    names = {tuple(output["reward_extra_info"]) for output in outputs}
    assert len(names) == 1
    for name in names.pop():
        values = np.array([output["reward_extra_info"][name] for output in outputs])
        assert values.dtype == np.float64
        assert np.isfinite(values).all()


@pytest.fixture
def cluster() -> Iterator[None]:
    """Start Ray on this machine."""
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
def test_reward_workers_of_ray_score_at_the_same_time(
    tokenizer: PreTrainedTokenizerFast, batch: Any
) -> None:
    """Several Ray actors share the sandboxes of the host, and lose or mix up no sample."""
    actor = ray.remote(RewardLoopWorker)
    workers = [actor.options(num_cpus=1).remote(config_of(tokenizer, FUNCTION)) for _ in range(2)]

    calls = [worker.compute_score_batch.remote(batch) for worker in workers for _ in range(3)]

    for outputs in ray.get(calls):
        assert [output["reward_score"] for output in outputs] == [row[3] for row in ROWS]
