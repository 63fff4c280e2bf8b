"""The reward of an agent in SageMaker's multi-turn RL (AgentRFT).

    @app.entrypoint
    @sagemaker_rft_handler
    async def invoke_agent(payload):
        answer = await agent.invoke_async(payload["instance"]["prompt"])
        return await rollout_result_async(str(answer), payload["instance"])

In: the agent's last answer, and the row of the dataset. Out: what the decorator expects. It trains
an exception, and a status "error", as a reward of 0.0. So nothing is raised here, and what stays
ungraded has no key `reward`: the decorator then completes the rollout without one.
"""

import logging
from collections.abc import Mapping
from typing import Any

from nova_code_verifier.adapters.core import Grade, default_grader
from nova_code_verifier.adapters.rows import entry_of_row
from nova_code_verifier.handlers.wire import Entry

_LOG = logging.getLogger(__name__)


def rollout_result(completion: object, instance: Mapping[str, object]) -> dict[str, Any]:
    """Return the `reward` and the `metrics` of a rollout; or why it is `ungraded`.

    *completion* is a text, or a list of messages that ends with the model's.
    """
    try:
        [grade] = default_grader().grade_many([_entry(completion, instance)])
    except Exception as error:  # noqa: BLE001  (raised, it would be trained as 0.0)
        return _unexpected(error)
    return _result(grade)


async def rollout_result_async(
    completion: object, instance: Mapping[str, object]
) -> dict[str, Any]:
    """Do the same without blocking the event loop."""
    try:
        [grade] = await default_grader().grade_many_async([_entry(completion, instance)])
    except Exception as error:  # noqa: BLE001  (raised, it would be trained as 0.0)
        return _unexpected(error)
    return _result(grade)


def _entry(completion: object, instance: Mapping[str, object]) -> Entry:
    return entry_of_row(completion, instance)


def _result(grade: Grade) -> dict[str, Any]:
    if grade.reward is None:
        return {"ungraded": grade.problem, "metrics": dict(grade.metrics)}
    return {"reward": float(grade.reward), "metrics": dict(grade.metrics)}


def _unexpected(error: Exception) -> dict[str, Any]:
    _LOG.exception("a rollout is ungraded")
    return {"ungraded": f"{type(error).__name__}: {error}"}
