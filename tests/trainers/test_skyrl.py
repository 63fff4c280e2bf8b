"""The environment in SkyRL-gym, made by its registry as SkyRL's generator makes it."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("skyrl_gym") is None:
    pytest.skip("skyrl-gym is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


@pytest.fixture
def make() -> Iterator[Any]:
    """Return a function that makes the environment of a row."""
    import skyrl_gym
    from skyrl_gym.envs.registration import registry

    [snippet] = documented("SkyRL")
    exec(snippet, {})
    yield lambda row: skyrl_gym.make("code", env_config={}, extras={**row, "max_turns": 1})
    del registry["code"]


def steps(make: Any) -> list[tuple[float, dict[str, Any]]]:
    """Return reward and metrics of each row, for a model that always prints 1."""
    found = []
    for row in ROWS:
        environment = make(row)
        environment.init([{"role": "user", "content": row["prompt"]}])
        output = environment.step(FENCED)
        assert output["done"]
        found.append((output["reward"], environment.get_metrics()))
        environment.close()
    return found


def test_episodes_are_rewarded_and_their_metrics_have_means(make: Any) -> None:
    """A right, a wrong and a broken row; SkyRL's own function takes the means."""
    from skyrl_gym.envs.base_text_env import BaseTextEnv

    (one, first), (two, second), (broken, last) = steps(make)

    assert (one, broken) == (1.0, 0.0)
    assert 0 < two < 1
    assert first.keys() == second.keys() == last.keys()
    means = BaseTextEnv.aggregate_metrics([first, second, last])
    assert means["ungraded"] == pytest.approx(1 / 3)


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_seen_in_the_metrics(make: Any) -> None:
    """SkyRL cannot mask a rollout: the metric says that the number means nothing."""
    assert [(reward, metrics["failure"]) for reward, metrics in steps(make)[:2]] == [(0, 2)] * 2
