"""The reward in ms-swift: its loader of plugins, and its own code that calls rewards."""

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("swift") is None:
    pytest.skip("ms-swift is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return the file of the manual."""
    [snippet] = documented("ms-swift")
    path = tmp_path / "code.py"
    path.write_text(snippet)
    return path


def rewards(plugin: Path) -> list[float]:
    """Return the rewards of the rows, for a model that prints 1."""
    import torch
    from swift.arguments.base_args.base_args import BaseArguments
    from swift.rewards import orms
    from swift.rl_core.data import GRPOSample
    from swift.rl_core.grpo_algorithm import compute_rewards_per_func

    arguments = SimpleNamespace(external_plugins=[str(plugin)], custom_register_path=[])
    BaseArguments._import_external_plugins(arguments)
    answer = {"role": "assistant", "content": FENCED}
    samples = []
    for row in ROWS:
        asked = {"role": "user", "content": row["prompt"]}
        samples.append(GRPOSample.from_row({**row, "messages": [asked, answer]}))
    found = compute_rewards_per_func(
        samples, [orms["code"](args=arguments)], [None], torch.device("cpu")
    )
    values: list[float] = found[:, 0].tolist()
    return values


def test_the_plugin_rewards_each_sample(plugin: Path) -> None:
    """A right, a wrong and a broken row each have a number."""
    assert rewards(plugin) == pytest.approx([1.0, 0.2, 0.0])


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_a_number(plugin: Path) -> None:
    """The configured number, and no NaN, which would be added as 0 without a word."""
    assert rewards(plugin) == [0.0, 0.0, 0.0]
