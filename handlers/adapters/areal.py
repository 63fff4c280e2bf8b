"""Reward functions for AReaL, which loads them by their paths.

    RLVRWorkflow(reward_fn="nova_code_verifier.adapters.areal.reward_fn", …)

In: the text of a completion, and the columns of its row. Out: a reward; or UngradedError, by which
AReaL rejects the rollout. `reward_fn` is for AReaL's pool of processes, which waits 15 seconds,
four times, and then pays 0. So it ends before, and programs are stopped earlier than elsewhere: a
candidate that does not end is a wrong answer, and not an outage. `reward_fn_async` waits as long as
needed, for workflows that await their reward.
"""

import asyncio

from nova_code_verifier.adapters.core import Grader, default_grader, grader_for
from nova_code_verifier.adapters.grade import UngradedError, reward_or_raise
from nova_code_verifier.adapters.rows import cut_end_tokens, entry_of_row
from nova_code_verifier.verifier.types import FailureClass

_SECONDS = 13.0
# A program that does not end costs three time limits: docs/architecture.md.
_LIMITS = (("VERIFIER_CPU_SECONDS", "3"), ("VERIFIER_WALL_SECONDS", "3.5"))


def reward_fn(
    _prompt: object = None,
    completions: str | None = None,
    _prompt_ids: object = None,
    _completion_ids: object = None,
    **row: object,
) -> float:
    """Return the reward of a completion within 13 seconds.

    Time limits are 3 seconds of the processor and 3.5 in all for each test, unless the environment
    or the row sets others. Raises UngradedError for an outage or a broken row.
    """
    graded = asyncio.wait_for(_reward(grader_for(None, _LIMITS), completions, row), _SECONDS)
    try:
        return asyncio.run(graded)
    except TimeoutError:  # AReaL would take this type for its own, and pay 0
        raise UngradedError(f"no grade within {_SECONDS:g} s", FailureClass.TIME) from None


async def reward_fn_async(
    _prompt: object = None,
    completions: str | None = None,
    _prompt_ids: object = None,
    _completion_ids: object = None,
    **row: object,
) -> float:
    """Do the same without a time limit of its own, and with the usual limits of programs."""
    return await _reward(default_grader(), completions, row)


async def _reward(grader: Grader, completion: str | None, row: dict[str, object]) -> float:
    entry = entry_of_row(cut_end_tokens(completion or ""), row)
    [grade] = await grader.grade_many_async([entry])
    return reward_or_raise(grade)
