"""Read the body of a request as a model, away from the event loop if it is large.

FastAPI itself would read it in the event loop, and show what it found in its errors.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from nova_code_verifier.handlers.http_service.errors import SCHEMA, ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.json_body import away_if_large, parse_json

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
_LISTED_MAX = 5


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


def problem_of(error: ValidationError | RequestValidationError, *path: str) -> str:
    """Return which fields are wrong, and what was expected, without what was found.

    *path* leads to the value that was validated.
    """
    errors = error.errors()
    problems = [_problem([*path, *map(str, each["loc"])], each) for each in errors[:_LISTED_MAX]]
    rest = len(errors) - len(problems)
    return "; ".join([*problems, *([f"and {rest} more"] if rest else [])])


def _problem(path: Sequence[str], error: Mapping[str, Any]) -> str:
    where = ".".join(path)
    match error["type"]:
        case "missing":
            return f"{where}: missing"
        case "model_type":
            return f"{where or 'body'}: expected an object"
        case "value_error":  # of our own, which may name several fields
            problem = error["msg"].removeprefix("Value error, ")
            return f"{where}: {problem}" if where else problem
    return f"{where or 'body'}: {error['msg'].replace('Input should be', 'expected')}"


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
            "example": {"error": {"code": "invalid", "message": "code: missing"}},
        }
    },
}
