"""The errors that the service answers with: a status, a code for programs, a message for people.

{"error": {"code": "busy", "message": "the queue is full: …"}}
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from nova_code_verifier.handlers.http_service.json_body import write_json


class ErrorCode(StrEnum):
    """Why a request has no other answer. Each has one status."""

    UNREADABLE = "unreadable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD = "method_not_allowed"
    SLOW_BODY = "slow_body"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    BUSY = "busy"
    BUG = "bug"
    OUTAGE = "outage"
    DRAINING = "draining"
    NOT_READY = "not_ready"
    DEADLINE = "deadline"


STATUSES = {
    ErrorCode.UNREADABLE: 400,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD: 405,
    ErrorCode.SLOW_BODY: 408,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.INVALID: 422,
    ErrorCode.BUSY: 429,
    ErrorCode.BUG: 500,
    ErrorCode.OUTAGE: 503,
    ErrorCode.DRAINING: 503,
    ErrorCode.NOT_READY: 503,
    ErrorCode.DEADLINE: 504,
}


_DESCRIPTIONS = {
    400: "The body is not JSON that this route reads, or a header is wrong",
    401: "The token is missing or wrong",
    403: "The request came from a page of another site, or for another host",
    408: "The body did not arrive in time",
    413: "The body is too large, or has too many samples",
    422: "A field is wrong",
    429: "The queue is full: send the request again after Retry-After",
    500: "A bug of the service",
    503: "Not graded through our own fault, or the service is not ready: send the request again",
    504: "The deadline of the request passed: send it again, with more time",
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"enum": [code.value for code in ErrorCode]},
                "message": {"type": "string"},
                "problems": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
}
"""The body of every error (JSON Schema)."""

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": SCHEMA}}}
    for status, text in _DESCRIPTIONS.items()
}
"""What the description of every route says about errors (OpenAPI)."""


class ServiceError(Exception):
    """A request is answered with an error."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retry_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
        problems: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Prepare the answer. *problems* are those of single samples."""
        super().__init__(message)
        self.code = code
        self.status = STATUSES[code]
        retry = {} if retry_seconds is None else {"retry-after": str(max(1, retry_seconds))}
        self.headers = retry | dict(headers or {})
        self._problems = list(problems)

    @property
    def body(self) -> bytes:
        """The answer, as JSON."""
        error: dict[str, object] = {"code": self.code.value, "message": str(self)}
        if self._problems:
            error["problems"] = self._problems
        return write_json({"error": error})
