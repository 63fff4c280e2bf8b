"""A stand-in for Amazon Bedrock: the wire format of Converse, on loopback.

In: a script, which answers each request. Out: an address for boto3's own client, and the requests.
Each request is checked against botocore's model of the service, and against what the service is
known to refuse beyond that. A wrong request is refused, and fails the test at its end.
"""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import botocore.session
from botocore.validate import ParamValidator

MODEL = "amazon.nova-lite-v1:0"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "standin",
    "AWS_SECRET_ACCESS_KEY": "standin",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the stand-in sends after `delay_seconds`; with `drops`, a TCP reset."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0.0
    drops: bool = False


RESET = Reply(drops=True)
CUT_SHORT = Reply(body=b"{", headers=(("Content-Length", "100"),))
SILENCE_SECONDS = 3600.0


def says(text: str, *, stop_reason: str = "end_turn", delay_seconds: float = 0.0) -> Reply:
    """Return the reply of a model that writes *text*."""
    return sends([{"text": text}], stop_reason=stop_reason, delay_seconds=delay_seconds)


def sends(
    content: list[object], *, stop_reason: str = "end_turn", delay_seconds: float = 0.0
) -> Reply:
    """Return the reply of a model that writes blocks of *content*."""
    reply = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12},
        "metrics": {"latencyMs": 5},
    }
    return Reply(body=json.dumps(reply).encode(), delay_seconds=delay_seconds)


def fails(code: str, status: int, message: str = "as scripted", **headers: str) -> Reply:
    """Return an error of the service. *headers* have `_` in place of `-`."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(
        body=json.dumps({"message": message}).encode(),
        status=status,
        headers=(("x-amzn-ErrorType", code), *named),
    )


THROTTLED = fails("ThrottlingException", 429, "Too many requests")

Script = Callable[[dict[str, Any]], Reply] | Sequence[Reply]


@dataclass(slots=True)
class Standin:
    """The script, all requests so far (as arguments of `converse`), and how many came at once."""

    script: Script
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_leaving: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: dict[str, Any]) -> Reply:
        """Return the reply to one request. The last reply of a list is repeated."""
        with self.lock:
            self.requests.append(request)
            number = len(self.requests)
        if callable(self.script):
            return self.script(request)
        return self.script[min(number, len(self.script)) - 1]

    @property
    def questions(self) -> list[str]:
        """Return the text of the message in each request."""
        return [request["messages"][0]["content"][0]["text"] for request in self.requests]


@contextmanager
def running_standin(script: Script) -> Iterator[Standin]:
    """Run a stand-in. Raises AssertionError at the end if it refused a request."""
    standin = Standin(script)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.standin = standin
    standin.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield standin
    finally:
        standin.is_leaving.set()
        server.shutdown()
        thread.join()
        server.server_close()
    assert not standin.complaints, standin.complaints


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    standin: Standin

    def handle_error(self, *_: object) -> None:
        """Ignore errors: a client whose deadline has passed closes its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        standin = self.server.standin
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with standin.lock:
            standin.at_once += 1
            standin.most_at_once = max(standin.most_at_once, standin.at_once)
        try:
            reply = self._reply(standin, body)
            standin.is_leaving.wait(reply.delay_seconds)
        finally:
            with standin.lock:
                standin.at_once -= 1
        self._send(reply)

    def _reply(self, standin: Standin, body: bytes) -> Reply:
        try:
            request = read_request(self.path, body)
            _check_signature(self.headers["Authorization"] or "")
        except ValueError as error:
            standin.complaints.append(str(error))
            return fails("ValidationException", 400, str(error))
        return standin.answer(request)

    def _send(self, reply: Reply) -> None:
        if reply.drops:
            # A linger time of zero makes close() send a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body))}
        headers |= dict(reply.headers)
        self.send_response(reply.status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = int(headers["Content-Length"]) != len(reply.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@cache
def _input_shape() -> Any:
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    return model.operation_model("Converse").input_shape


def read_request(path: str, body: bytes) -> dict[str, Any]:
    """Return the arguments of `converse`. Raises ValueError for what Bedrock refuses."""
    _, first, model, last = [*path.split("/"), "", "", ""][:4]
    if (first, last) != ("model", "converse"):
        raise ValueError(f"{path}: expected /model/MODEL/converse")
    request = {"modelId": unquote(model), **json.loads(body)}
    report = ParamValidator().validate(request, _input_shape())
    if report.has_errors():
        raise ValueError(report.generate_report())
    _check_messages(request)
    return request


def _check_messages(request: dict[str, Any]) -> None:
    """Raise for requests that the service refuses although its model allows them."""
    messages = request.get("messages", [])
    if not messages or messages[0]["role"] != "user":
        raise ValueError("messages: a conversation must start with a user message")
    texts = [block.get("text", "-") for message in messages for block in message["content"]]
    texts += [block.get("text", "-") for block in request.get("system", [])]
    if not all(text.strip() for text in texts):
        raise ValueError("text: the text field in the ContentBlock object is blank")
    settings = request.get("inferenceConfig", {})
    if not 0 <= settings.get("temperature", 0) <= 1 or settings.get("maxTokens", 1) < 1:
        raise ValueError("inferenceConfig: out of range")


def _check_signature(header: str) -> None:
    if not header.startswith("AWS4-HMAC-SHA256 ") or "/bedrock/aws4_request" not in header:
        raise ValueError("Authorization: not signed for bedrock with SigV4")
