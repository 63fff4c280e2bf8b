"""The reward of a task in verifiers v1: whole rollouts, by examples/verifiers/code_taskset.py."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import serving_chat

if find_spec("verifiers") is None:
    pytest.skip("verifiers is not installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]

HARNESS = '''
import verifiers.v1 as vf

from tests.trainers.test_verifiers import ask

__all__ = ["AskOnce"]


class AskOnce(vf.Harness[vf.HarnessConfig]):
    """Ask the model once, in this process."""

    EXECUTES_CODE = NEEDS_CONTAINER = False

    async def launch(self, ctx, trace, runtime, endpoint, secret, mcp_urls, data, **_):
        await ask(endpoint, secret, ctx.model, data.prompt)
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")
'''


async def ask(endpoint: str, secret: str, model: str, prompt: str) -> None:
    """Send one request to the model, through the address that records the rollout."""
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{endpoint}/chat/completions", json.dumps(body).encode(), headers
    )
    await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())


@pytest.fixture
def run(rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that runs the example's tasks with a model that prints 1."""
    import verifiers.v1 as vf

    (tmp_path / "ask_once.py").write_text(HARNESS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend("examples/verifiers")
    monkeypatch.setenv("ANY_KEY", "none")

    async def episodes(url: str, task: dict[str, Any]) -> dict[str, Any]:
        config = vf.resolve_env_config(
            {
                "taskset": {"id": "code_taskset", "path": str(rows), "task": task},
                "agent": {"harness": {"id": "ask_once"}, "runtime": {"type": "subprocess"}},
            }
        )
        environment = vf.load_environment(config)
        client = vf.EvalClientConfig(base_url=url, api_key_var="ANY_KEY")
        context = vf.ModelContext(model="any", client=client, sampling=vf.SamplingConfig())
        traces = {}
        async with environment.serving():
            for problem in environment.taskset:
                [slot] = environment.slots(problem)
                episode = await environment.run_slot(slot, context)
                [traces[problem.data.prompt]] = episode.traces
        return traces

    with serving_chat(lambda _: "```python\nprint(1)\n```") as url:
        yield lambda **task: asyncio.run(episodes(url, task))
    sys.modules.pop("ask_once", None)


def test_traces_are_rewarded(run: Any) -> None:
    """A trace's reward is that of its row's tests; a broken row is an error, and no reward."""
    traces = run()

    assert traces["one"].reward == 1.0
    assert traces["two"].reward == pytest.approx(0.2)
    assert traces["two"].metrics["tests_passed"] == 0
    assert not traces["one"].has_error
    assert not traces["two"].has_error
    assert traces["broken"].has_error
    assert traces["broken"].rewards == {"code": None}
    assert traces["broken"].last_error.type == "TaskError"
    assert "info.outputs: " in traces["broken"].last_error.message


def test_a_configuration_can_name_the_reward(run: Any) -> None:
    """The reward can be plugged into any taskset by its path, with a weight."""
    fn = "nova_code_verifier.adapters.verifiers:task_reward"

    traces = run(rewards={"plugged": {"fn": fn, "weight": 2.0}, "code": {"weight": 0.0}})

    assert traces["one"].reward == 2.0


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_an_error_of_the_sandbox(run: Any) -> None:
    """Without sandboxes there is no reward, and the error has the type of an outage."""
    trace = run()["one"]

    assert trace.has_error
    assert trace.rewards == {"code": None}
    assert trace.last_error.type == "SandboxError"
