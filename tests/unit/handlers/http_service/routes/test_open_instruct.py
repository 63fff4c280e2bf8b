"""Results for the tests of open-instruct; tests/e2e/test_serve_clients.py runs programs."""

import asyncio
import json
from typing import Any

import pytest
from fastapi.routing import APIRoute

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.open_instruct import (
    ProgramRequest,
    ProgramResults,
    fenced,
    router,
    samples_of_asserts,
)
from nova_code_verifier.sandbox.types import Ending, Execution, Question, Run
from nova_code_verifier.verifier.completion.extraction import extract_candidate
from nova_code_verifier.verifier.completion.parsing import parse_completion
from tests.fakes import ScriptedExecutor, ScriptedGrading


def echo(question: Question) -> Execution:
    """Print what was read, in 0.25 s; or crash."""
    assert isinstance(question, Run)
    if question.stdin == b"crash":
        return Execution(ending=Ending.CRASHED, signal=11)
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=question.stdin, cpu_seconds=0.25)


def run(grading: ScriptedGrading, tests: Any, **fields: Any) -> ProgramResults:
    """Return the results of tests of stdin and stdout."""
    [_, route] = router(grading).routes
    assert isinstance(route, APIRoute)
    request = ProgramRequest(program="print(input())", tests=tests, **fields)
    results: ProgramResults = asyncio.run(route.endpoint(request))
    return results


def echoing(*texts: str) -> list[dict[str, str]]:
    """Return tests that expect their own input."""
    return [{"input": text, "output": text} for text in texts]


def test_every_test_has_a_result_and_a_time() -> None:
    """Also if there are more of them than one sample shows."""
    tests = [*echoing(*map(str, range(700)), "crash"), {"input": "1", "output": "2"}]

    results = run(ScriptedGrading(executor=ScriptedExecutor(echo)), json.dumps(tests))

    assert results.results == [1] * 700 + [0, 0]
    assert results.runtimes == [0.25] * 700 + [-1, -1]


def test_limits_are_for_each_test_and_all_of_them() -> None:
    """All tests end before the client stops waiting; what was changed is said."""
    executor = ScriptedExecutor(echo)

    results = run(ScriptedGrading(executor=executor), echoing("1"), max_execution_time=500.0)

    limits = executor.jobs[0].limits
    assert (limits.cpu_seconds, limits.wall_seconds) == (60, 60)
    assert (limits.total_cpu_seconds, limits.total_wall_seconds) == (150, 150)
    assert results.notes == ["max_execution_time: found 500 s, used 60 s"]


def test_an_outage_is_no_result() -> None:
    """The request is refused, and may be sent again."""
    with pytest.raises(ServiceError, match="a worker was lost") as raised:
        run(ScriptedGrading(problem="a worker was lost"), echoing("1"))

    assert raised.value.status == 503


@pytest.mark.parametrize(
    "tests", ["gASVBQ==", "[" * 10**5, "{}", [], [{"input": "1"}], [["1", "2"]], [1] * 10_001]
)
def test_broken_tests_are_refused(tests: Any) -> None:
    """By the name of their field, and without a place in the queue."""
    grading = ScriptedGrading()

    with pytest.raises(ServiceError, match=r"^tests") as raised:
        run(grading, tests)

    assert (raised.value.status, grading.asked) == (422, 0)


def test_asserts_share_a_sample_and_other_code_does_not() -> None:
    """Each assert is a case; other tests may be several cases."""
    asserts = [f"assert f({n}) == {n}" for n in range(600)]
    loop = "for n in (1, 2):\n    assert f(n) == n"

    assert [(one.first, one.count) for one in samples_of_asserts(asserts)] == [(0, 500), (500, 100)]
    assert [(one.first, one.count) for one in samples_of_asserts([*asserts[:2], loop])] == [
        (0, 1), (1, 1), (2, 1),
    ]  # fmt: skip
    assert [one.count for one in samples_of_asserts(["assert f(1"])] == [1]


@pytest.mark.parametrize(
    "program",
    [
        "print(1)",
        "x = '''\n```python\nprint(2)\n```\n'''\nprint(x)",
        "`" * 10**6,
        "I think",
        "~~~\nx\n~~~",
    ],
)
def test_a_program_is_all_that_is_found(program: str) -> None:
    """Whatever fences it contains."""
    candidate = extract_candidate(parse_completion(fenced(program)))

    assert candidate is not None
    assert candidate.program.strip() == program
