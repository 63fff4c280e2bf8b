"""The routes `/test_program` and `/test_program_stdio`.

Their client gives everything but a 200 the reward 0, and never tries again. So a full queue or an
outage is waited for, almost as long as the client waits; then the status is 503.
"""

from fastapi import APIRouter, Request, Response

from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.json_body import json_answer
from nova_code_verifier.handlers.http_service.routes.body import body_of, operation_of
from nova_code_verifier.handlers.http_service.routes.open_instruct.plan import (
    Plan,
    ProgramRequest,
    plan_asserts,
    plan_stdio,
)
from nova_code_verifier.handlers.http_service.routes.open_instruct.results import (
    ProgramResults,
    results_of,
)
from nova_code_verifier.handlers.http_service.routes.patience import deadline_after, patiently

_MARGIN_SECONDS = 2.0
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
    read_asserts = body_of(ProgramRequest, plan_asserts)
    read_stdio = body_of(ProgramRequest, plan_stdio)

    @routes.post(
        "/test_program",
        response_model=ProgramResults,
        summary="Run asserts (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_ASSERTS_EXAMPLE),
    )
    async def test_program(request: Request) -> Response:
        return await _run(grading, await read_asserts(request))

    @routes.post(
        "/test_program_stdio",
        response_model=ProgramResults,
        summary="Run tests of stdin and stdout (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_STDIO_EXAMPLE),
    )
    async def test_program_stdio(request: Request) -> Response:
        return await _run(grading, await read_stdio(request))

    return routes


async def _run(grading: Grading, plan: Plan) -> Response:
    deadline = deadline_after(plan.client_seconds - _MARGIN_SECONDS)
    scored = await patiently(
        lambda: grading.score(plan.entries, deadline=deadline, full=True), deadline=deadline
    )
    return json_answer(results_of(plan, scored).model_dump(mode="json"))
