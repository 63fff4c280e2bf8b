"""Reward functions for slime and miles, which load them by their paths.

    --custom-rm-path nova_code_verifier.adapters.slime.custom_rm
    --group-rm --custom-rm-path nova_code_verifier.adapters.slime.group_rm

In: samples. The tests are in the label (`--label-key`), or in the metadata (`--metadata-key`). Out:
a number for each, never None, which means "not yet graded" there. A sample that stays ungraded is
taken out of the loss by `remove_sample`. Its number counts in the mean of its group all the same,
so `group_rm` gives it the mean of the others.
"""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from nova_code_verifier.adapters.bodies import slime_entry
from nova_code_verifier.adapters.core import Grade, default_grader
from nova_code_verifier.handlers.wire import Entry

METADATA_KEY = "code_verifier"
"""Where a sample gets its metrics in its metadata."""


async def custom_rm(_args: object, sample: Any, **_others: object) -> Any:  # noqa: ANN401
    """Return the reward of a sample of slime; those of a list, which some rollouts generate."""
    if isinstance(sample, list):
        return await _rewards(sample)
    [reward] = await _rewards([sample])
    return reward


async def group_rm(_args: object, samples: Sequence[Any], **_others: object) -> list[float]:
    """Return the reward of each sample of a group."""
    return await _rewards(samples)


async def _rewards(samples: Sequence[Any]) -> list[float]:
    grader = default_grader()
    grades = await grader.grade_many_async(map(_entry, samples))
    graded = [grade.reward for grade in grades if grade.reward is not None]
    return [
        _reward(sample, grade, fmean(graded) if graded else grader.reward_of(grade))
        for sample, grade in zip(samples, grades, strict=True)
    ]


def _reward(sample: Any, grade: Grade, substitute: float) -> float:  # noqa: ANN401  (of slime)
    sample.metadata = {**(sample.metadata or {}), METADATA_KEY: dict(grade.metrics)}
    if grade.reward is None:
        sample.remove_sample = True
        return float(substitute)
    return float(grade.reward)


def _entry(sample: Any) -> Entry:  # noqa: ANN401  (of slime)
    metadata = {key: value for key, value in (sample.metadata or {}).items() if key != METADATA_KEY}
    return slime_entry(sample.response, sample.label, metadata)
