"""Several functions under one address, each in as many environments as calls overlap, as in Lambda.

In: functions by name, with their handlers, variables and concurrency. Out: a URL for boto3
(`AWS_ENDPOINT_URL_LAMBDA`). An emulator takes one call at a time and answers in dialect; the
front hands out idle ones, and says what Lambda says: 429 when all are busy, 413, failures with
`X-Amz-Function-Error`. Must not know: what is sent, and what the answer should be.
"""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.e2e.emulator import Function, running_function

_PAYLOAD_BYTES_MAX = 6 * 2**20
_ANSWER_SECONDS = 100.0


@dataclass(slots=True, kw_only=True)
class Deployment:
    """A function by its handler: its variables, and how many calls it takes at a time.

    Where it *mixes_tenants*, which Lambda never does, one may be served after another.
    """

    handler: str
    variables: dict[str, str] = field(default_factory=dict)
    concurrency: int = 2
    may_leave: bool = False
    mixes_tenants: bool = False
    idle: list[Function] = field(default_factory=list)
    busy: int = 0
    calls: int = 0
    throttled: int = 0
    tenants: list[str] = field(default_factory=list)


class Fleet:
    """Functions, and the environments that serve them."""

    def __init__(self, emulator: Path, deployments: dict[str, Deployment]) -> None:
        """Serve *deployments* on loopback; environments are started when they are wanted."""
        self.deployments = deployments
        self._emulator = emulator
        self._lock = threading.Lock()
        self._environments = ExitStack()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fleet = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address of all functions."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def invoke(self, name: str, payload: bytes, tenant: str | None) -> tuple[int, str, bytes]:
        """Serve one call. Returns status, error (a header's text, or none) and answer."""
        deployment = self.deployments.get(name)
        if deployment is None:
            return 404, "ResourceNotFoundException", b"{}"
        if len(payload) > _PAYLOAD_BYTES_MAX:
            return 413, "RequestTooLargeException", b"{}"
        with self._lock:
            if deployment.busy >= deployment.concurrency:
                deployment.throttled += 1
                return 429, "TooManyRequestsException", b'{"message": "Rate Exceeded."}'
            deployment.busy += 1
            deployment.calls += 1
        try:
            return (200, *self._answer(deployment, payload, tenant))
        finally:
            with self._lock:
                deployment.busy -= 1

    def _answer(
        self, deployment: Deployment, payload: bytes, tenant: str | None
    ) -> tuple[str, bytes]:
        if tenant is not None:
            deployment.tenants.append(tenant)
        if tenant is not None and not deployment.mixes_tenants:
            with self._running(deployment) as function:  # nobody will be this tenant again
                return _call(function, payload, tenant)
        with self._lock:
            function = deployment.idle.pop() if deployment.idle else None
            if function is None:
                function = self._environments.enter_context(self._running(deployment))
        answer = _call(function, payload, tenant)
        with self._lock:
            deployment.idle.append(function)
        return answer

    def _running(self, deployment: Deployment) -> Any:
        return running_function(
            self._emulator,
            handler=deployment.handler,
            may_leave=deployment.may_leave,
            **deployment.variables,
        )

    def close(self) -> None:
        """End it, with all its environments."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._environments.close()


@contextmanager
def running_fleet(emulator: Path, **deployments: Deployment) -> Iterator[Fleet]:
    """Serve functions for the length of a `with` block."""
    fleet = Fleet(emulator, deployments)
    try:
        yield fleet
    finally:
        fleet.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fleet: Fleet


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True  # with neither, every call takes 45 ms
    server: _Server

    def do_POST(self) -> None:
        """Take a call."""
        name = self.path.split("/")[3]
        payload = self.rfile.read(int(self.headers["Content-Length"]))
        status, error, answer = self.server.fleet.invoke(
            name, payload, self.headers.get("X-Amz-Tenant-Id")
        )
        self.send_response(status)
        if error:
            self.send_header("X-Amz-Function-Error" if status == 200 else "x-amzn-ErrorType", error)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def _call(function: Function, payload: bytes, tenant: str | None) -> tuple[str, bytes]:
    """Call an environment, and say in Lambda's words what the emulator says in its own."""
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=_ANSWER_SECONDS)
    headers = {} if tenant is None else {"X-Amz-Tenant-Id": tenant}
    try:
        connection.request("POST", "/2015-03-31/functions/function/invocations", payload, headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if answer.startswith(b"Task timed out"):
        words = {"errorType": "Sandbox.Timedout", "errorMessage": answer.decode()}
        return "Unhandled", json.dumps(words).encode()
    has_failed = response.status != 200 or b'"errorType":' in answer.replace(b" ", b"")[:10_000]
    return "Unhandled" if has_failed else "", answer
