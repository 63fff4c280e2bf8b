"""The rewards in AReaL's own workflow, with its pool and without it.

Its engines need a GPU: here, what one generates is given.
"""

import asyncio
from importlib.util import find_spec
from typing import Any

import pytest

from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("areal") is None:
    pytest.skip(
        "areal is not installed: make test-trainers, with Python below 3.13",
        allow_module_level=True,
    )

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]

IN_POOL = "nova_code_verifier.adapters.areal.reward_fn"


def workflow(tokenizer: Any, *, in_pool: bool) -> Any:
    """Return the workflow of the manual, or AReaL's own one with the path of the reward."""
    from areal.api.cli_args import GenerationHyperparameters
    from areal.workflow.rlvr import RLVRWorkflow

    options: dict[str, Any] = {
        "gconfig": GenerationHyperparameters(max_new_tokens=64),
        "tokenizer": tokenizer,
        "get_input_ids_fn": lambda prompt, tokenizer, _thinking: tokenizer.encode(prompt),
        "data_extract_prompt_fn": lambda row: row["prompt"],
    }
    if in_pool:
        return RLVRWorkflow(reward_fn=IN_POOL, **options)
    [snippet] = documented("AReaL")
    names: dict[str, Any] = {"__name__": "my_module"}
    exec(snippet, names)
    return names["CodeWorkflow"](**options)


def rewards(tokenizer: Any, *, in_pool: bool) -> list[Any]:
    """Return the reward of an episode for each row, or the error that rejects it."""
    from areal.api import ModelResponse

    class Engine:
        async def agenerate(self, request: Any) -> Any:
            ids = [*tokenizer.encode(FENCED), tokenizer.eos_token_id]
            return ModelResponse(
                input_tokens=request.input_ids, output_tokens=ids,
                output_logprobs=[0.0] * len(ids), output_versions=[0] * len(ids),
            )  # fmt: skip

    async def run() -> list[Any]:
        flow = workflow(tokenizer, in_pool=in_pool)
        episodes = [flow.arun_episode(Engine(), dict(row)) for row in ROWS]
        found = await asyncio.gather(*episodes, return_exceptions=True)
        return [one if isinstance(one, BaseException) else one["rewards"].item() for one in found]

    return asyncio.run(run())


@pytest.mark.parametrize("in_pool", [False, True])
def test_episodes_are_rewarded_or_rejected(tokenizer: Any, *, in_pool: bool) -> None:
    """A right and a wrong row have rewards; a broken one raises, and is no 0."""
    one, two, broken = rewards(tokenizer, in_pool=in_pool)

    assert (one, two) == (1.0, pytest.approx(0.2))
    assert str(broken).startswith("ungraded (data): outputs")


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_rejected(tokenizer: Any) -> None:
    """Without sandboxes every episode raises."""
    found = rewards(tokenizer, in_pool=False)

    assert all(str(one).startswith("ungraded (infrastructure): ") for one in found[:2])
