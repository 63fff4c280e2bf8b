"""The reward of slime's remote reward model."""

import json
from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.slime import router
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.fakes import ScriptedExecutor, ScriptedGrading
from tests.unit.handlers.http_service.routes.asking import answer_of

LABEL = json.dumps({"inputs": ["1", "2"], "outputs": ["1", "2"]})


def ask(grading: ScriptedGrading, path: str = "/slime", **fields: Any) -> Any:
    """Return the answer to a sample."""
    given = {"prompt": "", "response": "```python\nprint(1)\n```", "label": LABEL, **fields}
    return answer_of(router(grading), path, given).body


def test_a_reward_is_a_number_or_has_metrics() -> None:
    """The same reward on both paths."""
    executor = ScriptedExecutor(
        lambda _: Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"1")
    )
    grading = ScriptedGrading(executor=executor)

    answer = ask(grading, "/slime/metrics")

    assert ask(grading) == answer["reward"] == pytest.approx(0.6)
    assert answer["tests_passed"] == 1


def test_an_outage_is_no_reward() -> None:
    """Slime sends the sample again."""
    with pytest.raises(ServiceError, match="a worker was lost") as raised:
        ask(ScriptedGrading(problem="a worker was lost"))

    assert raised.value.status == 503


@pytest.mark.parametrize("label", [None, "", '{"inputs": ["1"], "outputs": []}', {"inputs": 1}])
def test_a_broken_row_has_the_rubrics_number(label: object) -> None:
    """Slime would send it again in vain, and end its run."""
    assert ask(ScriptedGrading(), label=label) == 0.0
    assert ask(ScriptedGrading(), "/slime/metrics", label=label)["ungraded"] == 1
