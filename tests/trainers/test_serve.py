"""The trainers' own code for remote graders, unchanged, against a running service.

Each is in an environment of its own: `make test-trainers`.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.service import running_service
from tests.trainers.conftest import FENCED, ROWS

TRAINERS = ("miles", "nemo_gym", "openrlhf", "verl")
if not any(map(find_spec, TRAINERS)):
    pytest.skip(f"none of {TRAINERS} is installed: make test-trainers", allow_module_level=True)

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]

TESTS = {"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]}
RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"


def needs(package: str) -> pytest.MarkDecorator:
    """Skip where *package* is not installed."""
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a running service."""
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running.url


@needs("verl")
@pytest.mark.parametrize(
    ("solution", "tests", "score"),
    [
        (RIGHT, TESTS, 1.0),
        ("```python\nprint(3)\n```", TESTS, 0.5),
        ("```python\nprint(\n```", TESTS, 0.0),
        ("```python\ndef f(a, b): return a + b\n```",
         {"inputs": ["1\n2"], "outputs": ["3"], "fn_name": "f"}, 1.0),
        ("```python\ndef f(a): return a\n```",
         {"assert_case": ["assert f(1) == 1", "assert f(1) == 2"]}, 0.5),
    ],
)  # fmt: skip
def test_verl_scores_by_sandbox_fusion(
    service: str, solution: str, tests: dict[str, Any], score: float
) -> None:
    """`reward.sandbox_fusion.url` leads to these calls."""
    from verl.utils.reward_score import default_compute_score

    found = default_compute_score(
        "taco", solution, json.dumps(tests), sandbox_fusion_url=f"{service}/run_code",
        concurrent_semaphore=threading.Semaphore(8), memory_limit_mb=1024,
    )  # fmt: skip

    assert found == score


@needs("openrlhf")
def test_openrlhf_gets_rewards_by_http(service: str, tokenizer: Any) -> None:
    """Its executor has what `samples_generator.py` turns into tensors; two addresses are fine."""
    import torch
    from openrlhf.utils.agent import SingleTurnAgentExecutor

    class Engine:
        async def generate(self, *_: object, **__: object) -> Any:
            ids = [*tokenizer.encode(FENCED), tokenizer.eos_token_id]
            output = SimpleNamespace(token_ids=ids, finish_reason="stop", logprobs=None)
            return SimpleNamespace(outputs=[output])

    executor = SingleTurnAgentExecutor([f"{service}/openrlhf"] * 2)

    def ask(row: dict[str, Any]) -> Any:
        sampling = SimpleNamespace(max_tokens=99, logprobs=None)
        return asyncio.run(
            executor.execute("Print it.", json.dumps(row), sampling, 999, tokenizer, Engine())
        )

    found = [ask(row) for row in ROWS]

    assert [torch.tensor([one["reward"]]).item() for one in found] == pytest.approx([1.0, 0.2, 0.0])
    assert [torch.tensor([one["scores"]]).item() for one in found] == [1.0, 0.0, 0.0]
    ungraded = [torch.tensor([one["extra_logs"]["ungraded"]]).item() for one in found]
    assert ungraded == [0, 0, 1]


@needs("miles")
def test_miles_gets_rewards_by_its_remote_reward_model(service: str) -> None:
    """`--rm-type remote_rm --rm-url`: a number, or an object for `--reward-key`."""
    from miles.rollout.rm_hub import batched_async_rm
    from miles.utils.types import Sample

    samples = [
        Sample(prompt="Print it.", response=f"{FENCED}<|im_end|>", label=json.dumps(row))
        for row in ROWS
    ]

    def ask(path: str) -> Any:
        arguments = SimpleNamespace(
            custom_rm_path=None, rm_type="remote_rm", rm_url=f"{service}{path}"
        )
        return asyncio.run(batched_async_rm(arguments, samples))

    assert ask("/slime") == [1.0, 0.2, 0.0]
    assert [one["reward"] for one in ask("/slime/metrics")] == [1.0, 0.2, 0.0]
    assert [one["ungraded"] for one in ask("/slime/metrics")] == [0, 0, 1]


@needs("nemo_gym")
def test_gyms_resources_server_may_ask_the_service(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the manual, asked as an agent of Gym asks it."""
    monkeypatch.setenv("NEMO_GYM_CONFIG_DICT", "{}")  # as Gym itself sets it for its servers
    from fastapi.testclient import TestClient
    from nemo_gym.base_resources_server import BaseVerifyResponse
    from nemo_gym.server_utils import BaseServerConfig, ServerClient
    from omegaconf import OmegaConf
    from pydantic import ConfigDict

    class Answer(BaseVerifyResponse):
        # as `SimpleAgentVerifyResponse`
        model_config = ConfigDict(extra="allow")

    page = Path("docs/serve-clients.md").read_text().partition("\n## NeMo Gym\n")[2]
    app: dict[str, Any] = {"__name__": "app"}
    exec(page.partition("```python\n")[2].partition("```")[0], app)
    given = OmegaConf.load("examples/nemo_gym/configs/code_verifier.yaml")
    own = given.code_verifier.resources_servers.code_verifier
    head = BaseServerConfig(host="127.0.0.1", port=1)
    server = app["RemoteVerifier"](
        config=app["RemoteConfig"](
            host="127.0.0.1", port=2, name="code_verifier", verifier_url=service, **own
        ),
        server_client=ServerClient(head_server_config=head, global_config_dict=OmegaConf.create()),
    )
    content = [{"type": "output_text", "text": FENCED, "annotations": []}]
    message = {"id": "1", "type": "message", "role": "assistant", "status": "completed"}
    body = {
        "responses_create_params": {"input": [{"role": "user", "content": "Print it."}]},
        "response": {
            "id": "1", "created_at": 0.0, "model": "any", "object": "response", "tools": [],
            "parallel_tool_calls": False, "tool_choice": "auto",
            "output": [message | {"content": content}],
        },
    }  # fmt: skip
    with TestClient(server.setup_webserver()) as client:
        replies = [client.post("/verify", json=row | body) for row in ROWS]

    answers = [Answer.model_validate(reply.json()) for reply in replies]
    assert [one.reward for one in answers] == [1.0, 0.2, 0.0]
    assert answers[2].model_extra["_ng_failure_class"] == "verifier_data"
