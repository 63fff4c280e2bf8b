"""Samples for the tests of open-instruct."""

from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.open_instruct.plan import (
    ProgramRequest,
    fenced,
    plan_asserts,
    plan_stdio,
)
from nova_code_verifier.verifier.completion.extraction import extract_candidate
from nova_code_verifier.verifier.completion.parsing import parse_completion


def request(tests: Any, **fields: Any) -> ProgramRequest:
    """Return a request with these tests."""
    return ProgramRequest(program="print(input())", tests=tests, **fields)


@pytest.mark.parametrize(
    "tests", ["gASVBQ==", "[" * 10**5, "{}", [], [{"input": "1"}], [["1", "2"]], [1] * 10_001]
)
def test_broken_tests_are_refused(tests: Any) -> None:
    """By the name of their field."""
    with pytest.raises(ServiceError, match=r"^tests") as raised:
        plan_stdio(request(tests))

    assert raised.value.status == 422


def test_asserts_share_a_sample_and_other_code_does_not() -> None:
    """Each assert is a case; other tests may be several cases."""
    asserts = [f"assert f({n}) == {n}" for n in range(600)]
    loop = "for n in (1, 2):\n    assert f(n) == n"

    def parts(tests: list[str]) -> list[tuple[int, int]]:
        return [(part.first, part.count) for part in plan_asserts(request(tests)).parts]

    assert parts(asserts) == [(0, 500), (500, 100)]
    assert parts([*asserts[:2], loop]) == [(0, 1), (1, 1), (2, 1)]
    assert parts(["assert f(1"]) == [(0, 1)]


@pytest.mark.parametrize(
    ("wanted", "each", "all_", "waits"), [(1, 1, 15, 30), (6, 6, 30, 60), (500, 60, 150, 300)]
)
def test_a_slow_program_fails_before_its_client_stops_waiting(
    wanted: float, each: float, all_: float, waits: float
) -> None:
    """Each test has its limit, and all of them have half of the client's time."""
    plan = plan_stdio(request([{"input": "", "output": ""}], max_execution_time=wanted))

    [entry] = plan.entries
    assert entry.sample is not None
    assert isinstance(entry.sample.reference, dict)
    assert entry.sample.reference["limits"] == {
        "cpu_seconds": each, "wall_seconds": each,
        "total_cpu_seconds": all_, "total_wall_seconds": all_,
    }  # fmt: skip
    assert plan.client_seconds == waits
    assert len(plan.notes) == (each != wanted)


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
