"""A reward function for OpenRLHF, which loads it from a file: `--reward.remote_url reward.py`.

    from nova_code_verifier.adapters.openrlhf import reward_func

In: queries, each the text of a prompt and its response with special tokens; the prompts; and
labels, each the tests of a row (`--data.label_key`). Out: rewards, scores for dynamic filtering,
and what is logged, with the same names for every sample. OpenRLHF cannot mask a sample, and loses
what an exception says. So one that stays ungraded gets a number, and `ungraded` is 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nova_code_verifier.adapters.core import Rollout, default_grader
from nova_code_verifier.adapters.rows import cut_end_tokens
from nova_code_verifier.handlers.wire import Entry

try:
    from torch import tensor
except ModuleNotFoundError:  # where nothing is trained
    tensor = list

_END_MIN = 8  # fewer characters may be equal by chance


def reward_func(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object], **_others: object
) -> dict[str, Any]:
    """Return `rewards`, `scores` (the correctness, 0 to 1) and `extra_logs` (all metrics).

    Values are tensors if torch is installed, with an item for each query; OpenRLHF sends one.
    """
    grader = default_grader()
    grades = grader.grade_many(map(_rollout, queries, prompts, labels))
    metrics: list[Mapping[str, float]] = [grade.metrics for grade in grades]
    return {
        "rewards": tensor([float(grader.reward_of(grade)) for grade in grades]),
        "scores": tensor([row["correctness"] for row in metrics]),
        "extra_logs": {name: tensor([row[name] for row in metrics]) for name in metrics[0]},
    }


def _rollout(query: str, prompt: str, label: object) -> Rollout | Entry:
    response = _response(query, prompt)
    if response is None:
        return Entry(id=None, problem="queries: expected each to begin with its prompt")
    return Rollout(cut_end_tokens(response), label)


def _response(query: str, prompt: str) -> str | None:
    """Return what follows the prompt; None if the query does not begin with the end of a prompt.

    A long prompt comes without its beginning, and a tokenizer may change its spaces.
    """
    if query.startswith(prompt):
        return query[len(prompt) :]
    words, start = "".join(prompt.split()), "".join(query[: 2 * len(prompt)].split())
    ends = (words[index:] for index in range(len(words) - _END_MIN + 1))
    found = next((end for end in ends if start.startswith(end)), None)
    return None if found is None else _after(query, len(found))


def _after(text: str, count: int) -> str:
    """Return what follows *count* characters that are no spaces."""
    for index, character in enumerate(text):
        if not count:
            return text[index:]
        count -= not character.isspace()
    return ""
