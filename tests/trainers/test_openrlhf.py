"""The file with the reward in OpenRLHF's own executor, which generates and asks for the reward.

Its engine, vLLM, needs a GPU: here, what it generates is given.
"""

import asyncio
import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("openrlhf") is None:
    pytest.skip("openrlhf is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]

PROMPT = "Print it:\n```python\nprint(2)\n```\n"


def response(tokenizer: Any, folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """Return what the executor hands to OpenRLHF, for a model that prints 1."""
    from openrlhf.utils.agent import SingleTurnAgentExecutor

    class Engine:
        async def generate(self, *_: object, **__: object) -> Any:
            ids = [*tokenizer.encode(FENCED), tokenizer.eos_token_id]
            output = SimpleNamespace(token_ids=ids, finish_reason="stop", logprobs=None)
            return SimpleNamespace(outputs=[output])

    [snippet] = documented("OpenRLHF")
    path = folder / "reward.py"
    path.write_text(snippet)
    executor = SingleTurnAgentExecutor(str(path))
    found: dict[str, Any] = asyncio.run(
        executor.execute(
            PROMPT, json.dumps(row), SimpleNamespace(max_tokens=99, logprobs=None), 999,
            tokenizer, Engine(),
        )
    )  # fmt: skip
    return found


def test_the_executor_gets_rewards_scores_and_logs(tokenizer: Any, tmp_path: Path) -> None:
    """A right, a wrong and a broken row have what `samples_generator.py` turns into tensors."""
    import torch

    found = [response(tokenizer, tmp_path, row) for row in ROWS]

    assert [torch.tensor([one["reward"]]).item() for one in found] == pytest.approx([1.0, 0.2, 0.0])
    assert [torch.tensor([one["scores"]]).item() for one in found] == [1.0, 0.0, 0.0]
    logs = [
        {name: value.flatten()[0].item() for name, value in one["extra_logs"].items()}
        for one in found
    ]
    assert [one["ungraded"] for one in logs] == [0, 0, 1]
    assert logs[0].keys() == logs[1].keys() == logs[2].keys()


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_has_a_reward_and_is_marked(tokenizer: Any, tmp_path: Path) -> None:
    """Without a reward, OpenRLHF's run would end."""
    found = response(tokenizer, tmp_path, ROWS[0])

    assert (found["reward"].item(), found["extra_logs"]["failure"].item()) == (0, 2)
