"""The reward for verl: a function, and a manager that is chosen by its class path.

    reward.custom_reward_function.path=pkg://nova_code_verifier.adapters.verl
    reward.custom_reward_function.name=compute_score

or, with this manager instead of verl's own,

    reward.reward_manager.source=importlib
    reward.reward_manager.module.path=pkg://nova_code_verifier.adapters.verl
    reward.reward_manager.name=RewardManager

In: the text of a solution and its ground truth, of any task that the verifier knows: programs and
sentiment. Out: numbers by name, the same names for every sample, because verl reads the names of
the first sample from all of them. verl cannot mask a sample. So one that stays ungraded gets a
configured number, and `ungraded` is 1.0.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from nova_code_verifier.adapters.core import Grade, Grader, Rollout, grader_for

try:
    from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase
except ModuleNotFoundError:  # without verl, there is the function only
    RewardManagerBase = object

__all__ = ["RewardManager", "compute_score", "compute_score_sync"]

_OWN_ARGUMENTS = ("rubric", "ungraded_reward")


async def compute_score(
    *,
    solution_str: str,
    ground_truth: object,
    data_source: str = "",
    extra_info: Mapping[str, Any] | None = None,
    rubric: str | None = None,
    ungraded_reward: float | None = None,
    **others: object,
) -> dict[str, float]:
    """Return `score`, the reward; `acc`, the correctness; and all metrics of the row.

    *rubric* (a path, or JSON) and *ungraded_reward* replace those of the settings; set them in
    `reward_kwargs`. Arguments of verl's own, which begin with `reward_`, are ignored. Raises
    TypeError for any other argument, SettingsError for a bad rubric, and IsolationRefusedError if
    this host may not run programs at all; never for a solution or its ground truth.
    """
    grader = grader_for(rubric)
    [grade] = await grader.grade_many_async(
        [_rollout(solution_str, ground_truth, data_source, extra_info, others)]
    )
    return _numbers(grade, grader, ungraded_reward)


def compute_score_sync(
    *,
    solution_str: str,
    ground_truth: object,
    data_source: str = "",
    extra_info: Mapping[str, Any] | None = None,
    rubric: str | None = None,
    ungraded_reward: float | None = None,
    **others: object,
) -> dict[str, float]:
    """Do the same in a thread that may wait, for managers that do not await the function."""
    grader = grader_for(rubric)
    [grade] = grader.grade_many(
        [_rollout(solution_str, ground_truth, data_source, extra_info, others)]
    )
    return _numbers(grade, grader, ungraded_reward)


class RewardManager(RewardManagerBase):  # type: ignore[misc]  # verl has no types
    """Grades one response. verl makes one in each of its reward workers.

    `rubric` and `ungraded_reward` may be set in `reward.reward_kwargs`. A custom reward function of
    the configuration is not used.
    """

    def __init__(self, config: Any, tokenizer: Any, *_args: object, **_kwargs: object) -> None:  # noqa: ANN401
        """Read our own arguments from *config*. The other arguments differ between versions."""
        self.config = config
        self.tokenizer = tokenizer
        self._arguments = _own_arguments(config)

    async def run_single(self, data: Any) -> dict[str, Any]:  # noqa: ANN401  (a DataProto)
        """Return the reward of the last sequence of *data*, and the numbers behind it."""
        item = data[len(data) - 1]
        responses = item.batch["responses"]
        length = responses.shape[-1]
        written = responses[: item.batch["attention_mask"][-length:].sum()]
        text = await asyncio.to_thread(self.tokenizer.decode, written, skip_special_tokens=True)
        row = item.non_tensor_batch
        numbers = await compute_score(
            solution_str=text,
            ground_truth=row["reward_model"]["ground_truth"],
            data_source=row["data_source"],
            extra_info=row.get("extra_info"),
            **self._arguments,
        )
        return {"reward_score": numbers["score"], "reward_extra_info": numbers}


def _rollout(
    solution: object,
    ground_truth: object,
    data_source: object,
    extra_info: Mapping[str, Any] | None,
    others: Mapping[str, object],
) -> Rollout:
    if unknown := [name for name in others if not name.startswith("reward_")]:
        known = " or ".join(_OWN_ARGUMENTS)
        raise TypeError(f"{unknown[0]}: no such argument; expected {known} in reward_kwargs")
    names = ((extra_info or {}).get("task"), data_source)
    return Rollout(solution, ground_truth, tuple(name for name in names if isinstance(name, str)))


def _numbers(grade: Grade, grader: Grader, ungraded_reward: float | None) -> dict[str, float]:
    reward = grade.reward
    if reward is None:
        rubric = grader.settings.rubric
        reward = rubric.ungraded_reward if ungraded_reward is None else ungraded_reward
    return {"score": float(reward), "acc": grade.metrics["correctness"], **grade.metrics}


def _own_arguments(config: Any) -> dict[str, Any]:  # noqa: ANN401  (a DictConfig)
    """Return what `reward_kwargs` holds for us. Older versions have it in `reward_model`."""
    found: dict[str, Any] = {}
    for section in ("reward_model", "reward"):
        given = (config.get(section) or {}).get("reward_kwargs") or {}
        found |= {name: given[name] for name in _OWN_ARGUMENTS if name in given}
    return found
