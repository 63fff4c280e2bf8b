"""Who may ask, how much, and for how long."""

import asyncio
import math

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.middleware import Gate
from nova_code_verifier.handlers.http_service.request import REQUEST
from nova_code_verifier.handlers.http_service.settings import ServiceSettings

TOKEN = "t0ken"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body, and whether the request has a deadline."""
    body = await Request(scope, receive).body()
    has_deadline = math.isfinite(REQUEST.get().deadline)
    await PlainTextResponse(f"{len(body)} {has_deadline}")(scope, receive, send)


def ask(settings: ServiceSettings, headers: dict[str, str]) -> httpx.Response:
    """Send a request through a gate."""

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(Gate(echo, settings=settings, log=Log()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:80") as client:
            return await client.post("/score", headers=headers, content=b"{}")

    return asyncio.run(post())


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        (ServiceSettings(), {}, 200),
        (ServiceSettings(), {"Host": "localhost:8000"}, 200),
        (ServiceSettings(), {"Host": "[::1]"}, 200),
        (ServiceSettings(), {"Host": "attacker.example"}, 403),
        (ServiceSettings(), {"Origin": "https://attacker.example"}, 403),
        (ServiceSettings(), {"Origin": "null"}, 403),
        (ServiceSettings(), {"Origin": "http://127.0.0.1"}, 200),
        (ServiceSettings(is_loopback=False), {"Host": "verifier.internal"}, 200),
        (ServiceSettings(is_loopback=False), {"Origin": "https://attacker.example"}, 403),
        (ServiceSettings(token=TOKEN), {}, 401),
        (ServiceSettings(token=TOKEN), {"Authorization": "Bearer t0keN"}, 401),
        (ServiceSettings(token=TOKEN), {"Authorization": f"Basic {TOKEN}"}, 401),
        (ServiceSettings(token=TOKEN), {"Authorization": f"Bearer {TOKEN}"}, 200),
        (ServiceSettings(), {"X-Request-Timeout": "2.5"}, 200),
        (ServiceSettings(), {"X-Request-Timeout": "soon"}, 400),
        (ServiceSettings(), {"X-Request-Timeout": "nan"}, 400),
        (ServiceSettings(), {"X-Request-Timeout": "0"}, 400),
    ],
)
def test_only_those_who_may_ask_are_answered(
    settings: ServiceSettings, headers: dict[str, str], status: int
) -> None:
    """A browser on another site, a wrong token and a broken header are refused, each by a code."""
    answer = ask(settings, headers)

    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["error"]["code"]
