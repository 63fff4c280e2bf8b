"""`POST /test_program` and `/test_program_stdio`: run tests, for open-instruct.

In: a request of its `CodeVerifier` (open_instruct/ground_truth_utils.py @e6c3044): a program, and
its tests: asserts, or inputs and outputs. Out: 1 or 0 for each test, and for how long it ran; -1
for one that failed.

Tests are JSON: a list, or a text that holds one. open-instruct also packs them as a pickle. That is
refused, because to read a pickle is to run it.

Its client gives everything but a 200 the reward 0, and never tries again. So a full queue or an
outage is waited for, almost as long as the client waits; then the status is 503.
"""

import ast
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.routes.body import (
    body_of,
    operation_of,
    problem_of,
)
from nova_code_verifier.handlers.http_service.routes.patience import deadline_after, patiently
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import Sample, Verdict

T = TypeVar("T")

EXECUTION_SECONDS_MAX = 60.0
TESTS_MAX = 10_000
_CASES_MAX = 500
"""How many tests go into one sample: its details list no more than 1000 cases."""
_MARGIN_SECONDS = 2.0
_BACKTICKS = re.compile("`+")


class StdioTest(BaseModel):
    """A test: what the program reads, and what it should print."""

    input: str
    output: str


_ASSERTS = TypeAdapter(list[str])
_STDIO_TESTS = TypeAdapter(list[StdioTest])


class ProgramRequest(BaseModel):
    """A program and its tests."""

    program: str = Field(description="Python. It is graded, also if it does not compile.")
    tests: list[object] | str = Field(description="The tests, as a list or as JSON in a text.")
    max_execution_time: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description=f"CPU time and wall time in seconds for each test, {EXECUTION_SECONDS_MAX:g} "
        "at most.",
    )


class ProgramResults(BaseModel):
    """The results of a program, in the order of the tests."""

    results: list[int] = Field(description="1: passed; 0: failed.")
    runtimes: list[float] = Field(
        description="CPU time in seconds; -1 for a test that failed. The time of an assert is not "
        "measured: 0."
    )
    notes: list[str] = Field(default=[], description="What was changed of the request.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedSample:
    """A sample that stands for *count* tests of a program, from number *first* on."""

    tests: dict[str, object]
    first: int
    count: int


_ASSERTS_EXAMPLE = {
    "program": "def add(a, b): return a + b",
    "tests": ["assert add(1, 2) == 3", "assert add(0, 0) == 1"],
    "max_execution_time": 1.0,
}
_STDIO_EXAMPLE = {
    "program": "print(int(input()) + 1)",
    "tests": [{"input": "1\n", "output": "2\n"}, {"input": "100\n", "output": "101\n"}],
    "max_execution_time": 1.0,
}


def router(grading: Grading) -> APIRouter:
    """Return the routes, which grade by *grading*."""
    routes = APIRouter(tags=["open-instruct"])

    @routes.post(
        "/test_program",
        summary="Run asserts (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_ASSERTS_EXAMPLE),
    )
    async def test_program(
        request: Annotated[ProgramRequest, Depends(body_of(ProgramRequest))],
    ) -> ProgramResults:
        tests = _read_tests(_ASSERTS, request.tests)
        return await _run(grading, request, samples_of_asserts(tests))

    @routes.post(
        "/test_program_stdio",
        summary="Run tests of stdin and stdout (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_STDIO_EXAMPLE),
    )
    async def test_program_stdio(
        request: Annotated[ProgramRequest, Depends(body_of(ProgramRequest))],
    ) -> ProgramResults:
        tests = _read_tests(_STDIO_TESTS, request.tests)
        return await _run(grading, request, samples_of_stdio(tests))

    return routes


def _read_tests(form: TypeAdapter[list[T]], tests: list[object] | str) -> list[T]:
    """Return the tests of a request. Raises ServiceError."""
    try:
        found = form.validate_python(json.loads(tests) if isinstance(tests, str) else tests)
    except ValidationError as error:
        raise _refusal(f"tests.{problem_of(error)}") from None
    except (ValueError, RecursionError):
        raise _refusal(
            "tests: found a text that is not JSON, expected a list or JSON of one; tests that "
            "open-instruct packed as a pickle are not read, send them as JSON"
        ) from None
    if not 0 < len(found) <= TESTS_MAX:
        raise _refusal(f"tests: found {len(found)}, expected 1 to {TESTS_MAX}")
    return found


def _refusal(problem: str) -> ServiceError:
    return ServiceError(ErrorCode.INVALID, problem)


def samples_of_asserts(tests: Sequence[str]) -> list[TestedSample]:
    """Return samples for tests that are code: one for each, or for many if each is one assert.

    An assert is one case of a sample; other code may be several cases, and all of them must pass.
    """
    size = _CASES_MAX if all(map(_is_one_assert, tests)) else 1
    return [
        TestedSample(
            tests={"kind": "code", "style": "script", "code": "\n".join(part)},
            first=first,
            count=len(part),
        )
        for first, part in _parts(tests, size)
    ]


def _is_one_assert(test: str) -> bool:
    tree = read_python(test)
    return tree is not None and [type(node) for node in tree.body] == [ast.Assert]


def samples_of_stdio(tests: Sequence[StdioTest]) -> list[TestedSample]:
    """Return samples for tests of stdin and stdout."""
    return [
        TestedSample(
            tests={
                "kind": "stdio",
                "cases": [{"stdin": test.input, "stdout": test.output} for test in part],
            },
            first=first,
            count=len(part),
        )
        for first, part in _parts(tests, _CASES_MAX)
    ]


def _parts(tests: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    for first in range(0, len(tests), size):
        yield first, tests[first : first + size]


async def _run(
    grading: Grading, request: ProgramRequest, samples: Sequence[TestedSample]
) -> ProgramResults:
    seconds = min(request.max_execution_time, EXECUTION_SECONDS_MAX)
    notes = []
    if seconds < request.max_execution_time:
        notes.append(
            f"max_execution_time: found {request.max_execution_time:g} s, used {seconds:g} s"
        )
    # For so long the client waits.
    client_seconds = max(30.0, min(300.0, 10 * request.max_execution_time))
    completion = fenced(request.program)
    limits = {
        "cpu_seconds": seconds,
        "wall_seconds": seconds,
        # A slow program fails before its client stops waiting.
        "total_cpu_seconds": client_seconds / 2,
        "total_wall_seconds": client_seconds / 2,
    }
    entries = [
        Entry(
            id=None,
            sample=Sample(
                completion=completion, reference={"tests": sample.tests, "limits": limits}
            ),
        )
        for sample in samples
    ]
    deadline = deadline_after(client_seconds - _MARGIN_SECONDS)
    scored = await patiently(
        lambda: grading.score(entries, deadline=deadline, full=True), deadline=deadline
    )
    passed, runtimes = [], []
    for sample, result in zip(samples, scored, strict=True):
        for runtime in runtimes_of(result, sample):
            passed.append(int(runtime is not None))
            runtimes.append(-1.0 if runtime is None else runtime)
    return ProgramResults(results=passed, runtimes=runtimes, notes=notes)


def fenced(program: str) -> str:
    """Return a completion that is *program* and nothing else."""
    longest = max(map(len, _BACKTICKS.findall(program)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{program}\n{fence}"


def runtimes_of(scored: ScoredSample, sample: TestedSample) -> list[float | None]:
    """Return how long each test of *sample* ran; None for one that failed. Raises ServiceError.

    If the sample is a single test, all its cases must have passed.
    """
    count = sample.count
    if scored.is_outage:
        raise ServiceError(ErrorCode.OUTAGE, str(scored.details["problem"]), retry_seconds=1)
    if scored.verdict is Verdict.UNGRADED:
        last = sample.first + count - 1
        raise _refusal(f"tests {sample.first} to {last}: {scored.details['problem']}")
    cases = scored.details["cases"]
    if scored.verdict is Verdict.SECURITY_VIOLATION or not isinstance(cases, list) or not cases:
        return [None] * count
    runtimes = [
        float(case["cpu_seconds"]) if case["verdict"] == Verdict.ACCEPTED else None
        for case in cases
    ]
    if len(runtimes) == count:
        return runtimes
    if count == 1:
        return [None if None in runtimes else math.fsum(filter(None, runtimes))]
    raise AssertionError(f"{len(runtimes)} cases for {count} tests")
