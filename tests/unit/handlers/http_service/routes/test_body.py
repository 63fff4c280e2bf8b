"""Bodies of requests, read as models."""

import asyncio

import pytest
from pydantic import BaseModel, model_validator
from starlette.requests import Request

from nova_code_verifier.handlers.http_service.errors import ServiceError
from nova_code_verifier.handlers.http_service.routes.body import body_of


class Numbers(BaseModel):
    """A body."""

    numbers: list[int]

    @model_validator(mode="after")
    def _is_not_empty(self) -> "Numbers":
        if not self.numbers:
            raise ValueError("numbers: expected one or more")
        return self


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{}", "numbers: missing"),
        (b"[1]", "body: expected an object"),
        (b'{"numbers": []}', "numbers: expected one or more"),
        (b'{"numbers": 7}', "numbers: expected a valid list"),
    ],
)
def test_an_error_says_what_was_expected(text: bytes, message: str) -> None:
    """In the words of the field, not in those of a library."""
    with pytest.raises(ServiceError) as raised:
        read(text)

    assert str(raised.value) == message


def test_an_error_names_all_fields_up_to_five() -> None:
    """A caller should not have to send a request once for each of them."""
    with pytest.raises(ServiceError) as raised:
        read(b'{"numbers": ["a", "b", "c", "d", "e", "f", "g"]}')

    problems = str(raised.value).split("; ")
    assert [each.partition(":")[0] for each in problems[:5]] == [f"numbers.{n}" for n in range(5)]
    assert problems[5:] == ["and 2 more"]


def test_an_error_names_the_field_and_not_what_was_found() -> None:
    """What was found may be secret, huge, or no valid text."""
    with pytest.raises(ServiceError) as raised:
        read(b'{"numbers": [1, "\\ud800 secret"]}')

    assert raised.value.status == 422
    assert str(raised.value).startswith("numbers.1: ")
    assert "secret" not in raised.value.body.decode()
