"""Connections that do not send one request after the other: real sockets, no sandboxes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from nova_code_verifier.handlers.http_service import middleware, process
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.middleware import Gate
from nova_code_verifier.handlers.http_service.settings import ServiceSettings

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n"
HUGE = 2**24


class Service:
    """A gate, and an application behind it: `/never` has no answer, that of `/huge` is large."""

    def __init__(self) -> None:
        """Start without a connection."""
        self.state = ServerState()
        self.gate = Gate(self._app, settings=ServiceSettings(read_seconds_max=0.3), log=Log())
        self.cancelled = 0
        self.port = 0

    @property
    def held_bytes(self) -> int:
        """The bytes of bodies that are held."""
        return self.gate._held_bytes

    @property
    def is_writing(self) -> bool:
        """Return whether a part of an answer waits for its reader."""
        return any(each.transport.get_write_buffer_size() for each in self.state.connections)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        if scope["path"] == "/never":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        text = "x" * HUGE if scope["path"] == "/huge" else str(len(body))
        await PlainTextResponse(text)(scope, receive, send)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def answer_to(self, *parts: bytes) -> bytes:
        """Send these, and return all that comes until the service closes the connection."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b"closed"
        finally:
            writer.close()


@asynccontextmanager
async def serving(connections_max: int | None = None) -> AsyncIterator[Service]:
    """Listen on loopback."""
    service = Service()
    config = uvicorn.Config(
        service.gate, ws="none", lifespan="off", log_config=None, limit_concurrency=connections_max
    )
    config.load()

    def protocol() -> process._Protocol:
        return process._Protocol(config=config, server_state=service.state, app_state={})

    loop = asyncio.get_running_loop()
    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        service.port = server.sockets[0].getsockname()[1]
        yield service
        for connection in list(service.state.connections):
            connection.transport.abort()


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    while not condition():
        await asyncio.sleep(0.005)


def run(check: Callable[[Service], Awaitable[None]], connections_max: int | None = None) -> None:
    """Run a check while the service listens."""

    async def served() -> None:
        async with serving(connections_max) as service:
            await asyncio.wait_for(check(service), 30)

    asyncio.run(served())


def test_what_comes_before_an_answer_is_not_read() -> None:
    """The answer is sent and the connection closed; a caller who goes away is still noticed."""

    async def check(service: Service) -> None:
        answer = await service.answer_to(HEAD + b"Content-Length: 2\r\n\r\n{}" + GET * 1000)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"connection: close" in answer

        _, writer = await service.connect()
        writer.write(GET.replace(b"quick", b"never") + GET * 1000)
        await until(lambda: len(service.state.tasks) == 1)
        writer.close()
        await until(lambda: service.cancelled == 1)

    run(check)


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD + b"a:\r\n" * 2**16],
        [CHUNKED + b"0\r\n", *[b"name: value\r\n" * 1000] * 64],
        [CHUNKED + b"0\r\nname: ", *[b"x" * 2**14] * 64],
        [CHUNKED + b"1;name=", *[b"x" * 2**14] * 64],
    ],
    ids=["headers", "trailers", "one trailer", "chunk extension"],
)
def test_all_but_a_body_is_bounded(parts: list[bytes]) -> None:
    """The connection is closed before it has cost much memory."""

    async def check(service: Service) -> None:
        await service.answer_to(*parts)
        await until(lambda: not service.state.connections)

    run(check)


def test_a_body_in_tiny_chunks_is_read() -> None:
    """The frame of a chunk is larger than the chunk, and does not count as a header."""

    async def check(service: Service) -> None:
        head = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answer = await service.answer_to(head + b"1\r\nx\r\n" * 2**15 + b"0\r\n\r\n")
        assert answer.endswith(b"\r\n\r\n%d" % 2**15)

    run(check)


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"x"),
        (GET, b"\r\n"),
        (HEAD + b"Content-Length: 999999999999\r\n\r\n", b"x"),
    ],
    ids=["first head", "between requests", "body that was refused"],
)
def test_nobody_keeps_a_connection_byte_by_byte(
    start: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends after a while, however often something comes that completes no request."""
    monkeypatch.setattr(process, "_HEAD_SECONDS", 0.2)

    async def check(service: Service) -> None:
        _, writer = await service.connect()
        writer.write(start)
        await until(lambda: len(service.state.connections) == 1)
        while service.state.connections:
            writer.write(drop)
            await asyncio.sleep(0.02)
        writer.close()

    run(check)


def test_an_answer_that_nobody_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its request counts as long as it is kept, and it is not kept for long."""
    monkeypatch.setattr(middleware, "_READ_BYTES_PER_SECOND_MIN", HUGE)

    async def check(service: Service) -> None:
        body = b"x" * 1000
        reader, writer = await service.connect()
        assert reader  # asyncio reads 128 KiB, and the kernel a few MB
        writer.write(HEAD.replace(b"/", b"/huge", 1) + b"Content-Length: 1000\r\n\r\n" + body)
        await until(lambda: service.held_bytes == len(body) and service.is_writing)
        await until(lambda: not service.state.connections)
        await until(lambda: service.held_bytes == 0)
        writer.close()

    run(check)


def test_too_many_connections_disturb_none_that_is_there() -> None:
    """The next one is refused with 503; an old one is still answered."""

    async def check(service: Service) -> None:
        reader, writer = await service.connect()
        await until(lambda: len(service.state.connections) == 1)
        assert (await service.answer_to()).startswith(b"HTTP/1.1 503")
        writer.write(GET)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()

    run(check, connections_max=1)
