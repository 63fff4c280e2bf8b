"""Ask a route of the service, without a server."""

import asyncio
import json
from typing import Any, NamedTuple

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute
from starlette.requests import Request


class Answer(NamedTuple):
    """The status and the JSON of an answer."""

    status: int
    body: Any


def answer_of(router: APIRouter, path: str, body: object) -> Answer:
    """Return the answer of the route at *path* to a body."""
    text = json.dumps(body).encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": text}

    async def ask() -> Response:
        headers = [(b"content-length", b"%d" % len(text))]
        request = Request({"type": "http", "headers": headers, "query_string": b""}, receive)
        answer: Response = await endpoint(request)
        return answer

    [endpoint] = [
        route.endpoint
        for route in router.routes
        if isinstance(route, APIRoute) and route.path == path
    ]
    answer = asyncio.run(ask())
    return Answer(answer.status_code, json.loads(bytes(answer.body)))
