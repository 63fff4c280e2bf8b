"""The resources server in NeMo Gym: its web application, asked as an agent asks it."""

from importlib.util import find_spec
from typing import Any

import pytest

from tests.trainers.conftest import FENCED, ROWS, documented

if find_spec("nemo_gym") is None:
    pytest.skip(
        "nemo-gym is not installed: make test-trainers, with Python 3.12 or later",
        allow_module_level=True,
    )

pytestmark = [pytest.mark.trainers, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def client() -> Any:
    """Return a client of the application of the manual, with the example's configuration."""
    from fastapi.testclient import TestClient
    from nemo_gym.server_utils import BaseServerConfig, ServerClient
    from omegaconf import OmegaConf

    from nova_code_verifier.adapters.nemo_gym import CodeServerConfig

    [snippet] = documented("NeMo Gym")
    app: dict[str, Any] = {"__name__": "app"}
    exec(snippet, app)
    given = OmegaConf.load("examples/nemo_gym/configs/code_verifier.yaml")
    own = given.code_verifier.resources_servers.code_verifier
    head = BaseServerConfig(host="127.0.0.1", port=1)
    server = app["CodeServer"](
        config=CodeServerConfig(host="127.0.0.1", port=2, name="code_verifier", **own),
        server_client=ServerClient(head_server_config=head, global_config_dict=OmegaConf.create()),
    )
    return TestClient(server.setup_webserver())


def answer(client: Any, row: dict[str, Any]) -> Any:
    """Return what an agent of Gym reads in the answer, for a model that always prints 1."""
    from nemo_gym.base_resources_server import BaseVerifyResponse
    from pydantic import ConfigDict

    class Answer(BaseVerifyResponse):
        # as `SimpleAgentVerifyResponse`
        model_config = ConfigDict(extra="allow")

    content = [{"type": "output_text", "text": FENCED, "annotations": []}]
    message = {"id": "1", "type": "message", "role": "assistant", "status": "completed"}
    body = {
        "responses_create_params": {"input": [{"role": "user", "content": row["prompt"]}]},
        "response": {
            "id": "1", "created_at": 0.0, "model": "any", "object": "response", "tools": [],
            "parallel_tool_calls": False, "tool_choice": "auto",
            "output": [message | {"content": content}],
        },
    }  # fmt: skip
    reply = client.post("/verify", json=row | body)
    assert reply.status_code == 200, reply.text
    return Answer.model_validate(reply.json())


def test_answers_pass_through_an_agent(client: Any) -> None:
    """A right, a wrong and a broken row; only the last is for the file of failures."""
    one, two, broken = (answer(client, row) for row in ROWS)

    assert (one.reward, one.model_extra["verifier_ungraded"]) == (1.0, 0)
    assert 0 < two.reward < 1
    assert "_ng_failure_class" not in one.model_extra | two.model_extra
    assert broken.model_extra["_ng_failure_class"] == "verifier_data"
    assert broken.model_extra["_ng_failure_terminal"] is True
    assert one.response.output_text == FENCED


def test_rows_have_their_tests_in_the_metadata(client: Any) -> None:
    """A row in the form of Gym's own `code_gen` is rewarded."""
    tests = {"unit_tests": {"inputs": [""], "outputs": ["1"], "fn_name": None}}

    assert answer(client, {"prompt": "one", "verifier_metadata": tests}).reward == 1.0


def test_the_metrics_of_gym_read_the_answers(client: Any) -> None:
    """`/aggregate_metrics` accepts them."""
    rows = [
        answer(client, row).model_dump() | {"_ng_task_index": index, "_ng_rollout_index": 0}
        for index, row in enumerate(ROWS[:2])
    ]

    reply = client.post("/aggregate_metrics", json={"verify_responses": rows})

    assert reply.status_code == 200, reply.text
    assert reply.json()["agent_metrics"]["mean/verifier_ungraded"] == 0


@pytest.mark.usefixtures("no_sandbox")
def test_an_outage_is_for_the_file_of_failures(client: Any) -> None:
    """Gym asks again when the collection is resumed."""
    out = answer(client, ROWS[0])

    assert out.model_extra["_ng_failure_class"] == "verifier_infrastructure"
    assert out.model_extra["_ng_failure_terminal"] is False
