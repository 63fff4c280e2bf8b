"""Who may ask, how much, and for how long."""

import asyncio
import math

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

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
        (ServiceSettings(), {"Origin": "http://["}, 403),
        (ServiceSettings(), {"Host": "["}, 403),
        (ServiceSettings(), {"Content-Length": f"{'0' * 5000}2"}, 200),
        (ServiceSettings(), {"Upgrade": "h2c"}, 400),
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


class Connection:
    """One request at the level of ASGI: what the client sends, and what it gets."""

    def __init__(self, *parts: Message) -> None:
        """Send these parts; then send nothing, and stay connected."""
        self._parts = list(parts)
        self.sent: list[Message] = []
        self.aborted = False
        self.reads = True
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        """Return the next part."""
        if self._parts:
            return self._parts.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer, or never, if the client does not read."""
        if not self.reads:
            await asyncio.Event().wait()
        self.sent.append(message)

    async def ask(self, gate: Gate) -> None:
        """Send the request through a gate."""
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/score",
            "headers": [(b"host", b"localhost")],
            "extensions": {"abort": {"call": lambda: setattr(self, "aborted", True)}},
        }
        await gate(scope, self.receive, self.send)

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.sent[0]["status"])


def part(body: bytes, *, more: bool = False) -> Message:
    """Return a part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_slow_body_is_refused_and_forgotten() -> None:
    """A client that stops in the middle of its body gets 408, and its bytes are free again."""
    gate = Gate(echo, settings=ServiceSettings(read_seconds_max=0.1), log=Log())
    slow, next_one = Connection(part(b"x" * 1000, more=True)), Connection(part(b"{}"))

    async def run() -> None:
        await slow.ask(gate)
        await next_one.ask(gate)

    asyncio.run(run())

    assert (slow.status, next_one.status) == (408, 200)
    assert gate._held_bytes == 0


def test_the_bodies_of_all_requests_are_bounded() -> None:
    """While one client holds most of the bytes, another one is sent away, with Retry-After."""
    gate = Gate(echo, settings=ServiceSettings(all_bytes_max=1500), log=Log())
    first, second, third = (Connection(part(b"x" * 1000, more=n == 0)) for n in range(3))

    async def run() -> None:
        holding = asyncio.create_task(first.ask(gate))
        await asyncio.sleep(0)
        while gate._held_bytes < 1000:
            await asyncio.sleep(0)
        await second.ask(gate)
        first.left.set()
        await holding
        await third.ask(gate)

    asyncio.run(run())

    assert (first.sent, second.status, third.status) == ([], 429, 200)
    assert (b"retry-after", b"1") in second.sent[0]["headers"]


def test_a_client_that_reads_nothing_is_cut_off() -> None:
    """Its answer is dropped, with the connection."""
    gate = Gate(echo, settings=ServiceSettings(read_seconds_max=0.1), log=Log())
    client = Connection(part(b"{}"))
    client.reads = False
    asyncio.run(client.ask(gate))

    assert client.aborted


def test_a_caller_who_goes_away_cancels_the_work() -> None:
    """The route is cancelled, and nothing is sent."""
    cancelled = []

    async def work(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    gate = Gate(work, settings=ServiceSettings(), log=Log())
    client = Connection(part(b"{}"))

    async def run() -> None:
        asking = asyncio.create_task(client.ask(gate))
        await asyncio.sleep(0)
        client.left.set()
        await asking

    asyncio.run(run())

    assert cancelled == [True]
    assert client.sent == []


def test_a_bug_of_a_route_has_an_answer() -> None:
    """It is 500, without the text of the exception, which may hold what was sent."""

    async def broken(*_: object) -> None:
        raise RuntimeError("secret")

    gate = Gate(broken, settings=ServiceSettings(), log=Log())
    client = Connection(part(b"{}"))
    asyncio.run(client.ask(gate))

    assert client.status == 500
    assert b"secret" not in client.sent[1]["body"]
