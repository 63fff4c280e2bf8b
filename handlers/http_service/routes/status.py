"""`GET /health`, `/ready` and `/metrics`: for those who run the service."""

from typing import Any

from fastapi import APIRouter, Response

from nova_code_verifier.handlers.http_service import metrics
from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading

_OK: dict[str, Any] = {"content": {"application/json": {"example": {"status": "ok"}}}}


def router(grading: Grading) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["status"])

    @routes.get("/health", summary="Does the process live?", responses={200: _OK})
    async def health() -> dict[str, str]:
        """Answer. A supervisor should start a process again that does not answer this."""
        return {"status": "ok"}

    @routes.get("/ready", summary="May requests be sent?", responses={200: _OK})
    async def ready() -> dict[str, str]:
        """Answer with 200 if the sandboxes are warm and judge control samples as they should.

        Otherwise with 503 and the reason: they are starting, they misjudged, or the process ends.
        """
        if grading.problem:
            raise ServiceError(ErrorCode.NOT_READY, grading.problem, retry_seconds=1)
        return {"status": "ok"}

    @routes.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    async def read_metrics() -> Response:
        """Return the metrics of all processes of the service, in Prometheus' text format."""
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return routes
