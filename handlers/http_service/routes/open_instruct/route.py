"""The routes `/test_program` and `/test_program_stdio`.

Their client gives everything but a 200 the reward 0, and never tries again. So a full queue or an
outage is waited for, almost as long as the client waits; then the status is 503.
"""

from typing import Annotated

from fastapi import APIRouter, Depends

from nova_code_verifier.handlers.http_service.grading import Grading
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

    @routes.post(
        "/test_program",
        summary="Run asserts (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_ASSERTS_EXAMPLE),
    )
    async def test_program(
        plan: Annotated[Plan, Depends(body_of(ProgramRequest, plan_asserts))],
    ) -> ProgramResults:
        return await _run(grading, plan)

    @routes.post(
        "/test_program_stdio",
        summary="Run tests of stdin and stdout (open-instruct)",
        openapi_extra=operation_of(ProgramRequest, example=_STDIO_EXAMPLE),
    )
    async def test_program_stdio(
        plan: Annotated[Plan, Depends(body_of(ProgramRequest, plan_stdio))],
    ) -> ProgramResults:
        return await _run(grading, plan)

    return routes


async def _run(grading: Grading, plan: Plan) -> ProgramResults:
    deadline = deadline_after(plan.client_seconds - _MARGIN_SECONDS)
    scored = await patiently(
        lambda: grading.score(plan.entries, deadline=deadline, full=True), deadline=deadline
    )
    return results_of(plan, scored)
