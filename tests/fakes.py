"""One fake for each port: the tests use these instead of a sandbox, a language model or AWS.

| port | fake | checked against |
|---|---|---|
| `TimedExecutor` (sandbox/types.py) | `ScriptedExecutor` | mypy: it satisfies the protocol |
| `TextJudge` (handlers/service.py) | `LengthJudge` | mypy: it satisfies the protocol |
| `Grading` (handlers/http_service) | `ScriptedGrading` | mypy: it is a subclass |
| the context of a Lambda handler | `Context` | |
| Lambda's Invoke API | `serving_lambda` | boto3's client calls it, over HTTP |
| Bedrock's Converse API | `serving_bedrock` | the same; botocore's model validates requests |
| a model's chat completions | `serving_chat` | openai's client calls it, over HTTP |
| `Place` (handlers/cli/score/places) | `ScriptedPlace` | mypy: it satisfies the protocol |
"""

import json
import os
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import botocore.session
from botocore.validate import ParamValidator

from nova_code_verifier.handlers.cli.score.places.place import Chunk, Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.places.ungraded import unreadable_sample
from nova_code_verifier.handlers.http_service.grading import BusyError, Grading
from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries, scored_sample
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import (
    Cause,
    Company,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Question,
)
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC
from nova_code_verifier.verifier.types import Comparison, FailureClass, Similarity

if TYPE_CHECKING:
    from nova_code_verifier.handlers.cli.score.places.place import Place
    from nova_code_verifier.handlers.service import TextJudge
    from nova_code_verifier.sandbox.types import Executor, TimedExecutor

Answer = tuple[Execution, ...]


# The sandbox


@dataclass(slots=True)
class ScriptedExecutor:
    """An executor that runs nothing: a script says how questions end. The last job ends first.

    `answer` returns the execution of one question. `answer_job`, where it is set, returns all
    executions of a job instead. With a `refusal`, no isolation level can be read: `level` raises.
    `trusted` runs the jobs of trusted programs, which are then recorded there.
    """

    answer: Callable[[Question], Execution] = lambda _: Execution(ending=Ending.FINISHED)
    answer_job: Callable[[Job], Answer] | None = None
    granted: IsolationLevel = IsolationLevel.KERNEL
    refusal: Exception | None = None
    isolates_trusted_code: bool = False
    fast_paths: bool = False
    environment: str = "scripted"
    jobs: list[Job] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)
    trusted: "ScriptedExecutor | None" = None

    @property
    def level(self) -> IsolationLevel:
        """Return the level that the script grants, or raise its refusal."""
        if self.refusal:
            raise self.refusal
        return self.granted

    def with_deadline(self, deadline: float) -> "ScriptedExecutor":
        """Record the deadline."""
        self.deadlines.append(deadline)
        return self

    def with_preloaded(self, modules: tuple[str, ...]) -> "Executor":
        """Return the executor for trusted programs. Without one, refuse: there is no script."""
        if self.trusted is None:
            raise NotImplementedError(modules)
        return self.trusted

    def with_sessions(self, modules: tuple[str, ...]) -> "Executor":
        """Return the executor for sessions: that of trusted programs."""
        return self.with_preloaded(modules)

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Record the jobs, and answer them by the script."""
        del company
        listed = list(jobs)
        self.jobs += listed
        for index, job in reversed(list(enumerate(listed))):
            if self.answer_job:
                yield index, self.answer_job(job)
            else:
                yield index, tuple(map(self.answer, job.questions))

    def __enter__(self) -> "ScriptedExecutor":
        """Start nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""


# The HTTP service


@dataclass(kw_only=True)
class ScriptedGrading(Grading):
    """The queue and the sandboxes of the HTTP service, for its routes: programs run by a script.

    `executor` runs all programs. The first `busy` requests find the queue full. With a `problem`,
    every sample, and every program, is an outage.
    """

    executor: ScriptedExecutor = field(default_factory=ScriptedExecutor)
    busy: int = 0
    problem: str = ""
    cause: Cause = Cause.NONE
    asked: int = 0

    @property
    def settings(self) -> Settings:
        """Return settings without control samples, which the script does not know."""
        return read_settings({"VERIFIER_CONTROL_SAMPLES": "0"})

    async def score(
        self, entries: Sequence[Entry], *, deadline: float | None = None, full: bool = False
    ) -> list[ScoredSample]:
        """Score *entries* by the real service on the scripted executor."""
        del deadline
        self._ask()
        service = Service(self.executor, self.settings)
        if self.problem:
            lost = [service.lost(index, one, self.problem) for index, one in enumerate(entries)]
            return [scored_sample(entries[one.index], one, full=full) for one in lost]
        scored = dict(score_entries(service, entries, full=full))
        return [scored[index] for index in range(len(entries))]

    async def run(self, job: Job, *, deadline: float | None = None) -> Answer:
        """Run a job on the scripted executor."""
        del deadline
        self._ask()
        if self.problem:
            return (Execution(ending=Ending.NOT_RUN, detail=self.problem, cause=self.cause),)
        [(_, executions)] = self.executor.run([job])
        return executions

    def _ask(self) -> None:
        self.asked += 1
        if self.asked <= self.busy:
            raise BusyError("the queue is full", 1)


# The judge


@dataclass(slots=True, kw_only=True)
class LengthJudge:
    """A text judge: the similarity of two texts is the ratio of their lengths.

    With a `problem` it returns no value; with a `bug` its future raises.
    """

    problem: str = ""
    failure: FailureClass = FailureClass.INFRASTRUCTURE
    bug: Exception | None = None
    deadlines: list[float] = field(default_factory=list)

    def submit(self, comparison: Comparison, *, deadline: float) -> Future[Similarity]:
        """Return a future that is done already."""
        self.deadlines.append(deadline)
        future: Future[Similarity] = Future()
        lengths = sorted((len(comparison.response), len(comparison.reference)))
        value = None if self.problem else lengths[0] / lengths[1]
        if self.bug:
            future.set_exception(self.bug)
        else:
            similarity = Similarity(value=value, problem=self.problem, failure=self.failure)
            future.set_result(similarity)
        return future


Choose = Callable[[deque[Chunk]], Chunk]


class ScriptedPlace:
    """A place that runs nothing: all samples are unreadable.

    It scores some chunks at once, and finishes the one that *choose* takes from them; the last
    sample of a chunk is scored first.
    """

    chunk_bytes = 1000
    level = None
    status = bug = ""
    facts = ()

    def __init__(
        self, choose: Choose = deque.popleft, *, chunk_samples: int = 2, chunks_at_once: int = 3
    ) -> None:
        """Score chunks of at most so many samples."""
        self.choose = choose
        self.chunk_samples, self.chunks_at_once = chunk_samples, chunks_at_once
        self.taken: list[Chunk] = []

    def __enter__(self) -> "ScriptedPlace":
        """Start nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""

    def wait_ready(self) -> None:
        """Be ready."""

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Score the samples of each chunk."""
        running: deque[Chunk] = deque()
        while True:
            while len(running) < self.chunks_at_once and (chunk := chunks.take()):
                running.append(chunk)
                self.taken.append(chunk)
            if not running:
                return
            done = self.choose(running)
            for index in reversed(range(len(done.entries))):
                entry = done.entries[index]
                sample = unreadable_sample(entry, rubric=DEFAULT_RUBRIC, level=None, full=full)
                yield done.number, index, sample


def _check_protocols() -> "tuple[TimedExecutor, TextJudge, Place]":
    """Let mypy compare the fakes with the protocols that they implement."""
    return ScriptedExecutor(), LengthJudge(), ScriptedPlace()


# AWS


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda passes to a handler, with a remaining time that does not run down."""

    milliseconds: int
    aws_request_id: str = "r-1"

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time."""
        return self.milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An HTTP response, sent after `delay_seconds`. With `is_reset`, a TCP reset instead."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    is_reset: bool = False


HttpAnswer = Callable[[str, Message, bytes], HttpReply]
"""Answers a POST request: its path, headers and body."""


@contextmanager
def serving(answer: HttpAnswer) -> Iterator[str]:
    """Serve HTTP on loopback for the length of a `with` block, which gets the URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answer = answer
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    answer: HttpAnswer

    def handle_error(self, *_: object) -> None:
        """Print nothing: a client that does not wait any longer has closed the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16
    disable_nagle_algorithm = True  # without a buffer or with Nagle, every call takes 45 ms
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = self.server.answer(self.path, self.headers, body)
        if reply.is_reset:
            # A socket that lingers for 0 seconds is closed with a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body))}
        headers |= reply.headers
        self.send_response(reply.status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = int(headers["Content-Length"]) != len(reply.body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaCall:
    """A call of Lambda's Invoke API. `tenant` is set for functions with tenant isolation."""

    function: str
    payload: bytes
    tenant: str | None
    wants_log: bool


@contextmanager
def serving_lambda(answer: Callable[[LambdaCall], HttpReply]) -> Iterator[str]:
    """Serve Lambda's Invoke API for the length of a `with` block, which gets the URL.

    Every other request is answered with status 404.
    """

    def invoke(path: str, headers: Message, body: bytes) -> HttpReply:
        found = re.fullmatch(r"/2015-03-31/functions/([^/]+)/invocations", path)
        if found is None:
            return HttpReply(status=404, body=b"{}")
        tenant = headers.get("X-Amz-Tenant-Id")
        wants_log = headers.get("X-Amz-Log-Type") == "Tail"
        return answer(
            LambdaCall(function=found[1], payload=body, tenant=tenant, wants_log=wants_log)
        )

    with serving(invoke) as url:
        yield url


MODEL = "amazon.nova-lite-v1:0"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Environment variables with which boto3 finds credentials and looks for no others."""

RESET = HttpReply(is_reset=True)
CUT_SHORT = HttpReply(body=b"{", headers={"Content-Length": "100"})
SILENCE_SECONDS = 3600.0


def says(text: str, *, stop_reason: str = "end_turn", delay_seconds: float = 0.0) -> HttpReply:
    """Return a reply of Converse: the model answers with *text*."""
    return sends([{"text": text}], stop_reason=stop_reason, delay_seconds=delay_seconds)


def sends(
    content: list[object], *, stop_reason: str = "end_turn", delay_seconds: float = 0.0
) -> HttpReply:
    """Return a reply of Converse: the model answers with blocks of *content*."""
    reply = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12},
        "metrics": {"latencyMs": 5},
    }
    return HttpReply(body=json.dumps(reply).encode(), delay_seconds=delay_seconds)


def fails(code: str, status: int, message: str = "as scripted", **headers: str) -> HttpReply:
    """Return an error of an AWS service. *headers* have `_` where the wire has `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpReply(
        body=json.dumps({"message": message}).encode(),
        status=status,
        headers={"x-amzn-ErrorType": code, **named},
    )


THROTTLED = fails("ThrottlingException", 429, "Too many requests")

Script = Callable[[dict[str, Any]], HttpReply] | Sequence[HttpReply]
"""Answers a request to Converse, or lists the replies: the last one is repeated."""


@dataclass(slots=True)
class FakeBedrock:
    """Bedrock's Converse API: a script answers; the requests, as arguments of `converse`, are kept.

    A request that Bedrock would refuse is refused, and fails the test when the fake is closed.
    """

    script: Script
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    open_requests: int = 0
    open_requests_max: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_closing: threading.Event = field(default_factory=threading.Event)

    @property
    def questions(self) -> list[str]:
        """The text of each request's message."""
        return [request["messages"][0]["content"][0]["text"] for request in self.requests]

    def answer(self, path: str, headers: Message, body: bytes) -> HttpReply:
        """Answer one HTTP request, after the delay that its reply has."""
        with self.lock:
            self.open_requests += 1
            self.open_requests_max = max(self.open_requests_max, self.open_requests)
        try:
            reply = self._reply(path, headers, body)
            self.is_closing.wait(reply.delay_seconds)
        finally:
            with self.lock:
                self.open_requests -= 1
        return reply

    def _reply(self, path: str, headers: Message, body: bytes) -> HttpReply:
        try:
            request = read_converse_request(path, body)
            _check_signature(headers.get("Authorization", ""))
        except ValueError as error:
            self.refusals.append(str(error))
            return fails("ValidationException", 400, str(error))
        with self.lock:
            self.requests.append(request)
            count = len(self.requests)
        if callable(self.script):
            return self.script(request)
        return self.script[min(count, len(self.script)) - 1]


@contextmanager
def serving_bedrock(script: Script) -> Iterator[FakeBedrock]:
    """Serve Converse for the length of a `with` block.

    Raises AssertionError at its end, if the service would have refused a request.
    """
    bedrock = FakeBedrock(script)
    with serving(bedrock.answer) as bedrock.url:
        try:
            yield bedrock
        finally:
            bedrock.is_closing.set()
    assert not bedrock.refusals, bedrock.refusals


@cache
def _input_shape() -> Any:
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    return model.operation_model("Converse").input_shape


def read_converse_request(path: str, body: bytes) -> dict[str, Any]:
    """Return the arguments of `converse`. Raises ValueError for a request that Bedrock refuses."""
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
    """Refuse requests that botocore's model of the service allows, and the service does not."""
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


# Tables


class Array:
    """An array as numpy has it: it has a `tolist`, and cannot be compared."""

    def __init__(self, *items: object) -> None:
        """Hold *items*."""
        self.items = items

    def __eq__(self, other: object) -> bool:
        """Fail, as arrays do where a truth value is expected."""
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the same text in every process, for the ids of tests."""
        return f"Array{self.items}"

    def tolist(self) -> list[object]:
        """Return the items, without converting them."""
        return list(self.items)


# A model behind the chat completions that trainers' environments call


@contextmanager
def serving_chat(answer: Callable[[str], str]) -> Iterator[str]:
    """Serve a model for the length of a `with` block, which gets the base URL of its API.

    *answer* returns the completion for the text of the last message.
    """

    def reply(path: str, _headers: Message, body: bytes) -> HttpReply:
        if path != "/v1/chat/completions":
            return HttpReply(status=404)
        request = json.loads(body)
        message = {"role": "assistant", "content": answer(request["messages"][-1]["content"])}
        completion = {
            "id": "1", "object": "chat.completion", "created": 0, "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }  # fmt: skip
        return HttpReply(body=json.dumps(completion).encode())

    with serving(reply) as url:
        yield f"{url}/v1"
