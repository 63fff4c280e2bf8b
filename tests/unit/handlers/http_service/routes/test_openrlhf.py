"""The rewards of OpenRLHF's remote reward model."""

import json
from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.openrlhf import router
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.fakes import ScriptedExecutor, ScriptedGrading
from tests.unit.handlers.http_service.routes.asking import answer_of

LABEL = json.dumps({"inputs": ["1", "2"], "outputs": ["1", "2"]})
QUERY = "Print.\n```python\nprint(1)\n```"


def ask(grading: ScriptedGrading, queries: list[str]) -> Any:
    """Return the answer for samples with the same prompt and tests."""
    count = len(queries)
    body = {"query": queries, "prompts": ["Print.\n"] * count, "labels": [LABEL] * count}
    return answer_of(router(grading), "/openrlhf", body).body


def test_there_is_an_item_for_each_query() -> None:
    """A query without its prompt is ungraded, as in the adapter."""
    executor = ScriptedExecutor(
        lambda _: Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"1")
    )

    answer = ask(ScriptedGrading(executor=executor), [QUERY, "Another prompt."])

    assert answer["rewards"] == pytest.approx([0.6, 0.0])
    assert answer["scores"] == [0.5, 0.0]
    assert answer["extra_logs"]["ungraded"] == [0, 1]
    assert {len(values) for values in answer["extra_logs"].values()} == {2}


def test_nothing_is_asked_for_an_empty_list() -> None:
    """OpenRLHF sends one to each server beside the first."""
    answer = ask(ScriptedGrading(), [])

    assert (answer["rewards"], answer["scores"], answer["extra_logs"]) == ([], [], {})


def test_an_outage_is_no_reward() -> None:
    """OpenRLHF sends all of it again."""
    with pytest.raises(ServiceError, match="a worker was lost") as raised:
        ask(ScriptedGrading(problem="a worker was lost"), [QUERY, QUERY])

    assert raised.value.status == 503
