"""One process that serves: uvicorn, with bounds on what comes before a request.

In: a listening socket. Out: nothing, when it has answered all that it had accepted. It imports the
web framework, so the supervisor imports it only when the directory of the metrics is there.
"""

import asyncio
import gc
import logging
import mmap
import resource
import socket
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nova_code_verifier.handlers.http_service.app import create_app
from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.settings import (
    BACKLOG,
    REFUSED_STATUS,
    ServiceSettings,
)

_BEAT_SECONDS = 1.0
_HEAD_BYTES_MAX = 2**16
_HEAD_SECONDS = 30.0
_KEEP_ALIVE_SECONDS = 75  # longer than clients keep an idle connection, so that they close it
_CONNECTIONS_MAX = 4096
_CONNECTIONS_MIN = 16
_ACCEPTED_AT_ONCE = 16
_DESCRIPTORS = 65_536
_OWN_DESCRIPTORS = 64
_DESCRIPTORS_OF_WORKER = 16
_FRAME_BYTES_MAX = 8  # around one byte of a body that is a chunk of its own, and that byte
_COLLECTED_OBJECTS = 10_000  # Python would collect after 700 new ones: several times a request


def run_process(
    settings: ServiceSettings, listener: socket.socket, parent: int, heartbeat: mmap.mmap
) -> None:
    """Serve on *listener* until SIGTERM, or until the other end of *parent* is closed.

    The first byte of *heartbeat* changes as long as the event loop runs.
    Exits with `REFUSED_STATUS`, and a line on standard error, if it can never serve.
    """
    connections_max = _allow_descriptors(settings.workers or 1)
    gc.set_threshold(_COLLECTED_OBJECTS)
    log = Log()
    try:
        app = create_app(settings, log)
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_ACCEPTED_AT_ONCE,
            limit_concurrency=connections_max,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        _log_errors_of_uvicorn(log)
        server = _Server(config, app.state.grading, log, parent=parent, heartbeat=heartbeat)
        server.run(sockets=[listener])
        if refusal := app.state.grading.refusal:
            sys.stderr.write(f"verifier: {refusal}\n")
            sys.exit(REFUSED_STATUS)
    finally:
        log.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which ends without a signal of its own, and with its parent."""

    def __init__(
        self,
        config: uvicorn.Config,
        grading: Grading,
        log: Log,
        *,
        parent: int,
        heartbeat: mmap.mmap,
    ) -> None:
        super().__init__(config)
        self._grading = grading
        self._log = log
        self._parent = parent
        self._heartbeat = heartbeat

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and watch the parent."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_failure)
        await super().startup(sockets)
        for listener in sockets or ():
            # asyncio takes its backlog for both: what may wait, and what it accepts at once, which
            # may be more than there are descriptors.
            listener.listen(BACKLOG)
        loop.add_reader(self._parent, self._on_parent_end)
        self._beat()

    def _beat(self) -> None:
        self._heartbeat[0] = self._heartbeat[0] % 255 + 1
        asyncio.get_running_loop().call_later(_BEAT_SECONDS, self._beat)

    def _on_failure(self, _loop: object, context: dict[str, Any]) -> None:
        """Log what failed in the event loop. asyncio itself writes to standard error, and waits."""
        error = context.get("exception")
        lines = traceback.format_exception(error) if error else []
        fields = {"problem": context["message"], "traceback": lines}
        self._log.write("asyncio", fields, severity="ERROR")

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end."""
        return await super().on_tick(counter) or bool(self._grading.refusal)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (as there)
        """Begin to drain; at the second signal, wait for nothing."""
        self.force_exit = self.should_exit
        self._begin_drain()

    def _on_parent_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._parent)
        self._begin_drain()

    def _begin_drain(self) -> None:
        self.should_exit = True
        self._grading.drain()
        # Also for a connection that is accepted now, and would not end.
        for headers in (self.config.encoded_headers, self.server_state.default_headers):
            headers.append((b"connection", b"close"))


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on all that is not the body of a request.

    A request that is sent before the one ahead of it has its answer (pipelining) is not read: the
    connection ends after that answer, as HTTP allows. uvicorn itself would stop reading, and not
    notice when the caller goes away.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (uvicorn's own)
        super().__init__(*args, **kwargs)
        self._other_bytes = 0  # that were read of a message, and are not its body
        self._ignores_input = False
        self._timer: asyncio.TimerHandle | None = None
        # uvicorn would refuse requests on connections that are there already.
        self._connections_max, self.limit_concurrency = self.limit_concurrency, None

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        """Expect the first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # so that `drain` waits until all is written
        self._start_timer()
        if self._connections_max and len(self.connections) > self._connections_max:
            self._refuse(503, "Too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request. Refuse headers that are too large."""
        if self._ignores_input:
            return
        if self._is_answered and not self._timer:
            # Bytes that begin no request must not keep the connection open.
            self._start_timer()
        self._other_bytes += len(data)
        super().data_received(data)
        self._other_bytes = max(0, self._other_bytes)
        if self._other_bytes > _HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("Headers too large.")

    def on_message_begin(self) -> None:
        """Begin to read headers."""
        if not self._is_answered:
            raise _PipelinedError
        super().on_message_begin()
        self._start_timer()
        self.scope["extensions"] = {
            "abort": {"call": self.transport.abort},
            "drain": {"call": self.flow.drain},
        }

    def on_headers_complete(self) -> None:
        """Begin to read a body."""
        self._stop_timer()
        super().on_headers_complete()
        if self.parser.should_upgrade():  # nothing can be read after it
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._other_bytes -= _FRAME_BYTES_MAX * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body."""
        self._other_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no request. If a request before them has no answer, send that."""
        if self._is_answered or self.cycle.more_body:
            self._refuse(400, msg)
        else:
            self._ignores_input = True
            self.cycle.keep_alive = False

    def _refuse(self, status: int, message: str) -> None:
        self._ignores_input = True
        self.transport.write(
            f"HTTP/1.1 {status} \r\ncontent-type: text/plain\r\ncontent-length: {len(message)}\r\n"
            f"connection: close\r\n\r\n{message}".encode("ascii")
        )
        self.transport.close()
        self._start_timer()  # the client may never read that

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class _PipelinedError(Exception):
    """A request came before the one ahead of it was answered."""


class _Handler(logging.Handler):
    """Writes what uvicorn logs into our log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        text = self.format(record)
        self._log.write("uvicorn", {"problem": text[-4000:]}, severity=record.levelname)


def _log_errors_of_uvicorn(log: Log) -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers = [_Handler(log)]
    logger.propagate = False


def _allow_descriptors(workers: int) -> int:
    """Allow many connections: each takes a descriptor. Guests have limits of their own.

    Return how many connections leave enough descriptors for this process and its *workers*.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    left = (_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft) - _OWN_DESCRIPTORS
    left -= _DESCRIPTORS_OF_WORKER * workers
    return max(_CONNECTIONS_MIN, min(left, _CONNECTIONS_MAX))
