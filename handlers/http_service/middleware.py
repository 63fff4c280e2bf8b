"""Check every request before a route sees it.

In: ASGI messages. Out: the same, for a request that may be answered: its caller may ask, its body
is whole, bounded and came in time. A caller who goes away cancels the work for its request.
"""

import asyncio
import hmac
import math
import re
import secrets
import time
from base64 import b64decode
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nova_code_verifier.handlers.http_service import metrics
from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.request import REQUEST, RequestContext
from nova_code_verifier.handlers.http_service.settings import ServiceSettings, is_loopback

OPEN_PATHS = frozenset({"/health", "/ready", "/openapi.json"})
"""Paths that need no token: nothing there is secret."""

TIMEOUT_HEADER = "x-request-timeout"
_ID_HEADER = "x-request-id"
_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)
_BYTES_PER_SECOND_MIN = 2**16
_READ_BYTES_PER_SECOND_MIN = 2**20
_ERROR_STATUS_MIN = 400
_GONE = 499  # as nginx logs it: nobody was there to read an answer


class Gate:
    """The middleware: an ASGI application around another one."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings, log: Log) -> None:
        """Guard *app*."""
        self._app = app
        self._settings = settings
        self._log = log
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run()

    # The rest is for `_Exchange`.

    @property
    def app(self) -> ASGIApp:
        """The guarded application."""
        return self._app

    @property
    def settings(self) -> ServiceSettings:
        """The settings."""
        return self._settings

    @property
    def log(self) -> Log:
        """The log."""
        return self._log

    def hold(self, size: int) -> None:
        """Count bytes of a body that are kept. Raises ServiceError if there is no room."""
        if self._held_bytes + size > self._settings.all_bytes_max:
            raise ServiceError(
                ErrorCode.BUSY,
                f"the bodies of all requests would take more than {self._settings.all_bytes_max}"
                " bytes; send fewer at a time",
                retry_seconds=1,
            )
        self.release(-size)

    def release(self, size: int) -> None:
        """Count bytes as free."""
        self._held_bytes -= size
        metrics.BODY_BYTES.set(self._held_bytes)


class _Exchange:
    """One request and its answer."""

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._settings = gate.settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self._started = time.monotonic()
        self._end = self._started + self._settings.seconds_max
        self._status = 0
        self._held = 0
        self._body: bytes | None = b""
        self._gone = asyncio.Event()
        self._is_answered = False
        given = self._headers.get(_ID_HEADER, "")
        self._id = given if _ID.fullmatch(given) else secrets.token_hex(8)

    async def run(self) -> None:
        """Answer the request."""
        metrics.IN_FLIGHT.inc()
        code = ""
        try:
            self._check_caller()
            self._end = self._deadline()
            REQUEST.set(RequestContext(id=self._id, deadline=self._end))
            self._body = await self._read_body()
            await self._answer()
        except ServiceError as error:
            code = error.code.value
            metrics.REJECTED.labels(code).inc()
            await self._refuse(error)
        except ConnectionError:
            self._status = _GONE
        except Exception:  # noqa: BLE001  (the entry point: a bug costs its own request only)
            code = ErrorCode.BUG.value
            self._gate.log.write_bug(self._id)
            await self._refuse(
                ServiceError(ErrorCode.BUG, "a bug of the verifier's own; see its log")
            )
        finally:
            self._gate.release(self._held)
            self._body = None
            metrics.IN_FLIGHT.dec()
            self._report(code)

    # -- who may ask -------------------------------------------------------------------

    def _check_caller(self) -> None:
        settings, headers = self._settings, self._headers
        host = _parts_of(f"//{headers.get('host', '')}").hostname or ""
        if settings.checks_host and not is_loopback(host):
            raise ServiceError(
                ErrorCode.FORBIDDEN,
                "the request is for another host: a page in a browser may have sent it; use "
                "http://127.0.0.1 or http://localhost, or set a token",
            )
        origin = headers.get("origin")
        if not settings.token and origin and _parts_of(origin).netloc != headers.get("host"):
            raise ServiceError(
                ErrorCode.FORBIDDEN, "a page of another site may not ask this service"
            )
        if settings.token and self._scope["path"] not in OPEN_PATHS:
            given = _token_in(headers.get("authorization", ""))
            if not hmac.compare_digest(given, settings.token.encode()):
                raise ServiceError(
                    ErrorCode.UNAUTHORIZED,
                    "the token is missing or wrong: send it as `Authorization: Bearer …`, or in "
                    "the address: http://user:TOKEN@host",
                    headers={"www-authenticate": "Bearer"},
                )

    def _deadline(self) -> float:
        most = self._settings.seconds_max
        written = self._headers.get(TIMEOUT_HEADER)
        if written is None:
            return self._started + most
        try:
            seconds = float(written)
        except ValueError:
            seconds = math.nan
        if not seconds > 0:
            raise ServiceError(
                ErrorCode.UNREADABLE, "x-request-timeout: expected a number of seconds above 0"
            )
        return self._started + min(seconds, most)

    # -- the body ----------------------------------------------------------------------

    async def _read_body(self) -> bytes:
        if "upgrade" in self._headers and self._scope["method"] != "GET":
            raise ServiceError(
                ErrorCode.UNREADABLE,
                "upgrade: the body cannot be read; send HTTP/1.1 without this header",
            )
        declared = self._headers.get("content-length", "")
        # Python reads no thousands of zeros.
        if declared.isdecimal() and float(declared) > self._settings.body_bytes_max:
            raise self._too_large()
        parts: list[bytes] = []
        patience = self._settings.read_seconds_max
        try:
            while True:
                # A slow client may take longer for a large body, but must not stop.
                end = self._started + patience + self._held / _BYTES_PER_SECOND_MIN
                async with asyncio.timeout_at(end):
                    message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionError("the caller went away")
                if part := message.get("body", b""):
                    self._hold(len(part))
                    parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
        except TimeoutError:
            raise ServiceError(
                ErrorCode.SLOW_BODY,
                f"the body did not arrive within {patience:g} seconds, or came too slowly",
                headers={"connection": "close"},
            ) from None

    def _hold(self, size: int) -> None:
        self._gate.hold(size)
        self._held += size
        if self._held > self._settings.body_bytes_max:
            raise self._too_large()

    def _too_large(self) -> ServiceError:
        most = self._settings.body_bytes_max
        return ServiceError(
            ErrorCode.TOO_LARGE, f"the body is larger than {most} bytes: send several requests"
        )

    # -- the answer --------------------------------------------------------------------

    async def _answer(self) -> None:
        answering = asyncio.current_task()
        assert answering  # noqa: S101  (this is a coroutine)
        watching = asyncio.ensure_future(self._watch(answering))
        try:
            await self._gate.app(self._scope, self._receive_body, self._send_part)
        except asyncio.CancelledError:
            if self._gone.is_set() and not answering.uncancel():
                raise ConnectionError("the caller went away") from None
            raise
        finally:
            watching.cancel()

    async def _watch(self, answering: asyncio.Task[None]) -> None:
        """Cancel the work when the caller goes away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
        if not self._is_answered:
            answering.cancel()

    async def _receive_body(self) -> Message:
        if self._body is None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send_part(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (_ID_HEADER.encode(), self._id.encode()),
            ]
        elif not message.get("more_body", False):
            self._is_answered = True
        connection = self._scope.get("extensions", {})
        size = len(message.get("body", b""))
        # A slow reader may take longer for a large answer, but not long after the deadline.
        now, patience = time.monotonic(), self._settings.read_seconds_max
        end = min(now, self._end) + patience + size / _READ_BYTES_PER_SECOND_MIN
        try:
            async with asyncio.timeout_at(end):
                await self._send(message)
                if "drain" in connection:  # its body counts until the answer has left
                    await connection["drain"]["call"]()
        except TimeoutError:
            if "abort" in connection:
                connection["abort"]["call"]()
            raise ConnectionError("the caller does not read the answer") from None

    async def _refuse(self, error: ServiceError) -> None:
        if self._status:
            return  # an answer has begun
        body = error.body
        headers = error.headers | {
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send_part(
            {"type": "http.response.start", "status": error.status, "headers": encoded}
        )
        await self._send_part({"type": "http.response.body", "body": body})

    def _report(self, code: str) -> None:
        route = getattr(self._scope.get("route"), "path", "other")
        seconds = time.monotonic() - self._started
        metrics.REQUESTS.labels(route, str(self._status)).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        code = code or self._scope.get("error_code", "")
        # Whoever asks whether it is ready asks again and again.
        if self._status >= _ERROR_STATUS_MIN and code != ErrorCode.NOT_READY:
            fields = {
                "request": self._id,
                "route": route,
                "method": self._scope["method"],
                "status": self._status,
                "code": code,
                "seconds": round(seconds, 3),
            }
            self._gate.log.write("request", fields, severity="WARNING")


def _token_in(authorization: str) -> bytes:
    """Return the token: that of a bearer, or the password of those who can send no other header.

    Clients turn `http://user:TOKEN@host/` into the second.
    """
    scheme, _, given = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip().encode()
        case "basic":
            with suppress(ValueError):
                return b64decode(given.strip()).partition(b":")[2]
    return b""


def _parts_of(url: str) -> SplitResult:
    """Return the parts of *url*; empty ones if it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
