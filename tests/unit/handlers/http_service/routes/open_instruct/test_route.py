"""Results for the tests of open-instruct; tests/e2e/test_serve_clients.py runs programs."""

import json
from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.open_instruct.results import ProgramResults
from nova_code_verifier.handlers.http_service.routes.open_instruct.route import router
from nova_code_verifier.sandbox.types import Ending, Execution, Question, Run
from tests.fakes import ScriptedExecutor, ScriptedGrading
from tests.unit.handlers.http_service.routes.asking import answer_of


def echo(question: Question) -> Execution:
    """Print what was read, in 0.25 s; or crash."""
    assert isinstance(question, Run)
    if question.stdin == b"crash":
        return Execution(ending=Ending.CRASHED, signal=11)
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=question.stdin, cpu_seconds=0.25)


def run(grading: ScriptedGrading, tests: Any) -> ProgramResults:
    """Return the results of tests of stdin and stdout."""
    body = {"program": "print(input())", "tests": tests}
    answer = answer_of(router(grading), "/test_program_stdio", body)
    return ProgramResults(**answer.body)


def echoing(*texts: str) -> list[dict[str, str]]:
    """Return tests that expect their own input."""
    return [{"input": text, "output": text} for text in texts]


def test_every_test_has_a_result_and_a_time() -> None:
    """Also if there are more of them than one sample shows."""
    tests = [*echoing(*map(str, range(700)), "crash"), {"input": "1", "output": "2"}]

    results = run(ScriptedGrading(executor=ScriptedExecutor(echo)), json.dumps(tests))

    assert results.results == [1] * 700 + [0, 0]
    assert results.runtimes == [0.25] * 700 + [-1, -1]


def test_an_outage_is_no_result() -> None:
    """The request is refused, and may be sent again."""
    with pytest.raises(ServiceError, match="a worker was lost") as raised:
        run(ScriptedGrading(problem="a worker was lost"), echoing("1"))

    assert raised.value.status == 503
