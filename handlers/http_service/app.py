"""The application: its routes, and the errors that they answer with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from nova_code_verifier.handlers.http_service import metrics
from nova_code_verifier.handlers.http_service.direct import Direct
from nova_code_verifier.handlers.http_service.errors import RESPONSES, ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import (
    BusyError,
    DrainingError,
    Grading,
    GradingError,
    TooManySamplesError,
)
from nova_code_verifier.handlers.http_service.json_body import UnreadableBodyError
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.middleware import Gate
from nova_code_verifier.handlers.http_service.routes import (
    nemo_gym,
    openrlhf,
    score,
    slime,
    status,
)
from nova_code_verifier.handlers.http_service.routes.body import problem_of
from nova_code_verifier.handlers.http_service.routes.open_instruct import route as open_instruct
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion import route as sandbox_fusion
from nova_code_verifier.handlers.http_service.settings import ServiceSettings
from nova_code_verifier.handlers.settings import SettingsError
from nova_code_verifier.handlers.wire import MalformedEventError
from nova_code_verifier.sandbox.errors import SandboxError

_DESCRIPTION = """
Headers of every request, all optional:

- `X-Request-Timeout`: a number of seconds, after which the caller waits no longer. Programs that
  run for the request are then ended.
- `X-Request-Id`: the id of the request in the log and in the answer.
- `Authorization: Bearer …`: the token, where the service has one.
"""
ROUTERS = (
    score.router,
    sandbox_fusion.router,
    open_instruct.router,
    slime.router,
    openrlhf.router,
    nemo_gym.router,
    status.router,
)


def create_app(settings: ServiceSettings, log: Log | None = None) -> FastAPI:
    """Return the application of one process. Its start starts the sandboxes."""
    log = log or Log()
    grading = Grading(settings, log)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            grading.start()
        except (SettingsError, SandboxError) as error:
            grading.refuse(str(error))
        try:
            yield
        finally:
            grading.close()

    app = FastAPI(
        title="nova-code-verifier",
        summary="Rewards for programs that language models wrote",
        description=_DESCRIPTION,
        responses=RESPONSES,
        lifespan=lifespan,
        docs_url=None,  # the page loads scripts of another host
        redoc_url=None,
        redirect_slashes=False,  # behind a proxy, it would lead from https to http
    )
    app.state.grading = grading
    routes: dict[str, Route] = {}
    for router in ROUTERS:
        app.include_router(found := router(grading))
        for route in found.routes:
            if isinstance(route, Route) and "POST" in (route.methods or ()):
                routes[route.path] = route
    for kind in _KINDS:
        app.add_exception_handler(kind, _on_error)
    app.add_middleware(Direct, routes=routes, on_error=_on_error, kinds=_KINDS)
    app.add_middleware(Gate, settings=settings, log=log)
    return app


_KINDS = (
    ServiceError,
    GradingError,
    UnreadableBodyError,
    MalformedEventError,
    RequestValidationError,
    HTTPException,
)


async def _on_error(request: Request, error: Exception) -> Response:
    answer = _answer_to(error)
    request.scope["error_code"] = answer.code.value
    metrics.REJECTED.labels(answer.code.value).inc()
    return Response(
        answer.body, answer.status, headers=answer.headers, media_type="application/json"
    )


def _answer_to(error: Exception) -> ServiceError:
    """Return the answer to a request that ended with one of `_KINDS`."""
    code, message = ErrorCode.UNREADABLE, str(error)
    retry_seconds, headers = None, None
    match error:
        case ServiceError():
            return error
        case BusyError():
            code, retry_seconds = ErrorCode.BUSY, error.retry_seconds
        case DrainingError():
            code, retry_seconds = ErrorCode.DRAINING, 1
        case TooManySamplesError():
            code = ErrorCode.TOO_LARGE
        case RequestValidationError():
            code, message = ErrorCode.INVALID, problem_of(error)
        case HTTPException(status_code=404):
            code, message = ErrorCode.NOT_FOUND, "no such path; GET /openapi.json lists all"
        case HTTPException(status_code=405):
            headers = error.headers or {}
            code, message = ErrorCode.METHOD, f"this path takes {headers.get('Allow')} only"
    return ServiceError(code, message, retry_seconds=retry_seconds, headers=headers)
