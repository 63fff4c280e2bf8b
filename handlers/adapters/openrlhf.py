"""A reward function for OpenRLHF, which loads it from a file: `--reward.remote_url reward.py`.

    from nova_code_verifier.adapters.openrlhf import reward_func

In: queries, each the text of a prompt and its response with special tokens; the prompts; and
labels, each the tests of a row (`--data.label_key`). Out: rewards, scores for dynamic filtering,
and what is logged, with the same names for every sample. OpenRLHF cannot mask a sample, and loses
what an exception says. So one that stays ungraded gets a number, and `ungraded` is 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nova_code_verifier.adapters.bodies import openrlhf_entry
from nova_code_verifier.adapters.core import default_grader

try:
    from torch import tensor
except ModuleNotFoundError:  # where nothing is trained
    tensor = list


def reward_func(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object], **_others: object
) -> dict[str, Any]:
    """Return `rewards`, `scores` (the correctness, 0 to 1) and `extra_logs` (all metrics).

    Values are tensors if torch is installed, with an item for each query; OpenRLHF sends one.
    """
    grader = default_grader()
    grades = grader.grade_many(map(openrlhf_entry, queries, prompts, labels))
    metrics: list[Mapping[str, float]] = [grade.metrics for grade in grades]
    return {
        "rewards": tensor([float(grader.reward_of(grade)) for grade in grades]),
        "scores": tensor([row["correctness"] for row in metrics]),
        "extra_logs": {name: tensor([row[name] for row in metrics]) for name in metrics[0]},
    }
