"""Bodies of requests, read as models."""

import asyncio

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.body import body_of


class Numbers(BaseModel):
    """A body."""

    numbers: list[int]


def read(text: bytes) -> list[int]:
    """Return the body of a request, as a route gets it."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": text}

    async def run() -> list[int]:
        body = body_of(Numbers, lambda found: found.numbers)
        return await body(Request({"type": "http", "headers": []}, receive))

    return asyncio.run(run())


@pytest.mark.parametrize("count", [2, 200_000])
def test_a_body_is_read(count: int) -> None:
    """Small or large."""
    assert len(read(b'{"numbers": [1' + b", 1" * (count - 1) + b"]}")) == count


def test_an_error_names_the_field_and_not_what_was_found() -> None:
    """What was found may be secret, huge, or no valid text."""
    with pytest.raises(ServiceError) as raised:
        read(b'{"numbers": [1, "\\ud800 secret"]}')

    assert raised.value.status == 422
    assert str(raised.value).startswith("numbers.1: ")
    assert "secret" not in raised.value.body.decode()
