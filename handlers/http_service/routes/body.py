"""Read the body of a request as a model, away from the event loop if it is large.

FastAPI itself would read it in the event loop, and show what it found in its errors.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from nova_code_verifier.handlers.http_service.errors import SCHEMA, ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.json_body import away_if_large, parse_json

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


def body_of(
    model: type[Model], read: Callable[[Model], T]
) -> Callable[[Request], Coroutine[None, None, T]]:
    """Return the dependency of a route: what *read* makes of its body, a *model*.

    Another body is refused.
    """

    def parse(text: bytes) -> T:
        try:
            value = model.model_validate(parse_json(text))
        except ValidationError as error:
            raise ServiceError(ErrorCode.INVALID, problem_of(error)) from None
        return read(value)

    async def body(request: Request) -> T:
        text = await request.body()
        return await away_if_large(len(text), lambda: parse(text))

    return body


def problem_of(error: ValidationError) -> str:
    """Say which field is wrong, and what was expected, without what was found."""
    [first, *_] = error.errors(include_input=False, include_url=False, include_context=False)
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def operation_of(model: type[BaseModel], *, example: object) -> dict[str, Any]:
    """Return the description of a route with this body, and of its errors, for OpenAPI."""
    body = {"schema": model.model_json_schema(), "example": example}
    return {
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {"default": _ERROR},
    }


_ERROR = {
    "description": "No result. 400 and 422: the request is wrong; 429 and 503: send it again",
    "content": {
        "application/json": {
            "schema": SCHEMA,
            "example": {"error": {"code": "invalid", "message": "code: Field required"}},
        }
    },
}
