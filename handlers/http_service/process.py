"""One process that serves: uvicorn, with bounds on what comes before a request.

In: a listening socket. Out: nothing, when it has answered all that it had accepted. It imports the
web framework, so the supervisor imports it only when the directory of the metrics is there.
"""

import asyncio
import gc
import logging
import resource
import socket
import sys
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

_HEAD_BYTES_MAX = 2**16
_HEAD_SECONDS = 30.0
_KEEP_ALIVE_SECONDS = 75  # longer than clients keep an idle connection, so that they close it
_CONNECTIONS_MAX = 4096
_DESCRIPTORS = 65_536
_COLLECTED_OBJECTS = 10_000  # Python would collect after 700 new ones: several times a request


def run_process(settings: ServiceSettings, listener: socket.socket, parent: int) -> None:
    """Serve on *listener* until SIGTERM, or until the other end of *parent* is closed.

    Exits with `REFUSED_STATUS`, and a line on standard error, if it can never serve.
    """
    _allow_descriptors()
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
            backlog=BACKLOG,
            limit_concurrency=_CONNECTIONS_MAX,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        _log_errors_of_uvicorn(log)
        server = _Server(config, app.state.grading, parent)
        server.run(sockets=[listener])
        if refusal := app.state.grading.refusal:
            sys.stderr.write(f"verifier: {refusal}\n")
            sys.exit(REFUSED_STATUS)
    finally:
        log.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which ends without a signal of its own, and with its parent."""

    def __init__(self, config: uvicorn.Config, grading: Grading, parent: int) -> None:
        super().__init__(config)
        self._grading = grading
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and watch the parent."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._parent, self._on_parent_end)

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


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on the size and the time of what precedes a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (uvicorn's own)
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        """Expect the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request. Refuse headers that are too large."""
        super().data_received(data)
        if self._is_in_head and self._head_timer:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES_MAX and not self.transport.is_closing():
                self.send_400_response("Headers too large.")

    def on_message_begin(self) -> None:
        """Begin to read headers."""
        super().on_message_begin()
        self._expect_head()
        self.scope["extensions"] = {"abort": {"call": self.transport.abort}}

    def on_headers_complete(self) -> None:
        """Begin to read a body."""
        self._end_head()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._end_head()
        self._is_in_head = True
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self._on_slow_head)

    def _end_head(self) -> None:
        self._is_in_head = False
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_slow_head(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.abort()


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


def _allow_descriptors() -> None:
    """Allow many connections: each takes a descriptor. Guests have limits of their own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
