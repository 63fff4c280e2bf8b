"""The answers to `/verify` of NeMo Gym."""

from typing import Any

import pytest
from pydantic import ValidationError

from nova_code_verifier.handlers.http_service.routes import nemo_gym
from nova_code_verifier.handlers.http_service.routes.nemo_gym import GymRequest, router
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.fakes import ScriptedExecutor, ScriptedGrading
from tests.unit.handlers.http_service.routes.asking import answer_of


def body(**fields: Any) -> dict[str, Any]:
    """Return the body of a request, with a response that prints 1."""
    content = [{"type": "output_text", "text": "```python\nprint(1)\n```"}]
    return {
        "responses_create_params": {"input": []},
        "response": {"output": [{"type": "message", "content": content}]},
        "verifier_metadata": {"unit_tests": {"inputs": ["1", "2"], "outputs": ["1", "2"]}},
        **fields,
    }


def answer(grading: ScriptedGrading) -> Any:
    """Return the answer to a request."""
    return answer_of(router(grading), "/verify", body(other=[None, 1])).body


def test_the_body_comes_back_with_a_reward() -> None:
    """And with all columns of its row."""
    executor = ScriptedExecutor(
        lambda _: Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"1")
    )

    found = answer(ScriptedGrading(executor=executor))

    assert body(other=[None, 1]).items() <= found.items()
    assert found["reward"] == pytest.approx(0.6)
    assert (found["mask_sample"], found["verifier_tests_passed"]) == (False, 1)


@pytest.mark.parametrize(
    "grading", [ScriptedGrading(problem="a worker was lost"), ScriptedGrading(busy=10**6)]
)
def test_an_outage_is_for_the_file_of_failures(
    grading: ScriptedGrading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gym asks again when the collection is resumed; so it does if the queue stays full."""
    monkeypatch.setattr(nemo_gym, "_CLIENT_SECONDS", 0.0)

    found = answer(grading)

    assert (found["mask_sample"], found["_ng_failure_terminal"]) == (True, False)
    assert found["_ng_failure_class"] == "verifier_infrastructure"
    assert found["verifier_failure"] == 2


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"output": {}},
        {"output": ["x"]},
        {"output": [{"type": "message"}]},
        {"output": [{"type": "message", "content": "x"}]},
        {"output": [{"type": "message", "content": [{"text": 5}]}]},
    ],
)
def test_a_response_of_another_form_is_refused(response: dict[str, Any]) -> None:
    """The error names the field."""
    with pytest.raises(ValidationError, match="response"):
        GymRequest(**body(response=response))
