"""The route `/run_code`.

A status of 504 means that the program was not run through our fault. It is the only one after which
verl's client tries again; others count as a failed test there. So a full queue is no 429 here.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from nova_code_verifier.handlers.http_service.grading import Grading, GradingError
from nova_code_verifier.handlers.http_service.json_body import json_answer
from nova_code_verifier.handlers.http_service.routes.body import body_of, operation_of
from nova_code_verifier.handlers.http_service.routes.patience import deadline_after, patiently
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.messages import (
    RUN_SECONDS_MAX,
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
)
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.plan import (
    RefusedError,
    plan_of,
)
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.reply import reply_to
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import Cause, Ending

_OUTAGE = 504
_CLIENT_SECONDS = 8.0  # verl's client waits 10 s longer than both time limits


_EXAMPLE = {
    "code": "print(int(input()) + 1)",
    "language": "python",
    "stdin": "1\n",
    "run_timeout": 10,
    "memory_limit_MB": 1024,
}


def router(grading: Grading) -> APIRouter:
    """Return the route, which runs programs by *grading*."""
    routes = APIRouter(tags=["SandboxFusion"])
    read = body_of(RunCodeRequest, _unchanged)

    @routes.post(
        "/run_code",
        response_model=RunCodeResponse,
        summary="Run a program (SandboxFusion)",
        openapi_extra=operation_of(RunCodeRequest, example=_EXAMPLE),
        responses={_OUTAGE: {"model": RunCodeResponse, "description": "Not run: try again"}},
    )
    async def run_code(request: Request) -> Response:
        order = await read(request)
        deadline = deadline_after(_client_seconds(order))
        try:
            plan = plan_of(order, grading.settings.limits)
            [execution] = await patiently(
                lambda: grading.run(plan.job, deadline=deadline), deadline=deadline
            )
        except RefusedError as error:
            return _not_run(str(error))
        except (GradingError, SandboxError) as error:
            return _outage(str(error))
        if execution.cause is Cause.NO_ROOM:
            return _not_run(f"memory_limit_MB: {execution.detail}")
        if execution.ending is Ending.UNSENDABLE:
            return _not_run(f"code: {execution.detail}")
        if execution.ending is Ending.NOT_RUN:
            return _outage(execution.detail)
        return _answer(reply_to(order, plan, execution))

    return routes


def _unchanged(request: RunCodeRequest) -> RunCodeRequest:
    return request


def _client_seconds(request: RunCodeRequest) -> float:
    """Return for how long the client waits at least."""
    compiling = min(request.compile_timeout, RUN_SECONDS_MAX)
    return compiling + min(request.run_timeout, RUN_SECONDS_MAX) + _CLIENT_SECONDS


def _answer(
    reply: RunCodeResponse, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return json_answer(reply.model_dump(mode="json"), status=status, headers=headers)


def _not_run(problem: str) -> Response:
    return _answer(_failed(problem))


def _outage(problem: str) -> Response:
    return _answer(_failed(problem), status=_OUTAGE, headers={"Retry-After": "1"})


def _failed(problem: str) -> RunCodeResponse:
    return RunCodeResponse(status=RunStatus.SANDBOX_ERROR, message=problem)
