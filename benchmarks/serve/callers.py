"""Callers of the service: each sends its next request when the last one is answered.

In, on stdin: an `Order` as JSON. Out, on stdout: what happened, as JSON. It is a process of its
own, so that its processor time is known. httptools reads the answers, as in the server: a client
library would take as much time as the server.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httptools

ID, MARK = "@id@", "@mark@"
"""Placeholders of a template: for the id, and for a comment that no other request has."""
_DONE, _BUSY, _DRAINING = 200, 429, 503
_PROBLEMS_SHOWN = 20
_ANSWER_SECONDS_MAX = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A body for `POST /score` with one sample: its kind, and the reward that it has to get."""

    kind: str
    body: str
    reward: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Requests to send: *callers* at a time, for *seconds*; every id begins with *name*.

    With *until_the_end*, a caller stops, without a problem, when the server does not take its
    request any more.
    """

    name: str
    url: str
    callers: int
    seconds: float
    templates: list[Template]
    until_the_end: bool = False


@dataclass(slots=True, kw_only=True)
class Report:
    """What happened.

    `seconds` are those of each request, by its kind, from its first attempt to its answer.
    `answered_in_time` were answered before the time was over, `done` with status 200. A request is
    in `problems` if it was lost, or if its answer was not the one that it has to get.
    """

    answered: int = 0
    answered_in_time: int = 0
    busy: int = 0
    done: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0
    cpu_seconds: float = 0.0

    def add_problem(self, text: str) -> None:
        """Count a problem, and keep its text if there are few."""
        self.problem_count += 1
        if len(self.problems) < _PROBLEMS_SHOWN:
            self.problems.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status of an answer, its body, and after how many seconds to try again."""

    status: int
    retry_after: float
    body: bytes


class Connection(asyncio.Protocol):
    """A connection that is kept, and sends one request at a time."""

    def __init__(self, url: str) -> None:
        """Prepare requests to *url*."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._transport: asyncio.Transport | None = None
        self._future: asyncio.Future[Answer] | None = None

    async def post(self, body: bytes) -> Answer:
        """Send a body, and return the answer. Raises OSError if the connection ends before."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, self._host, self._port)
        assert self._transport is not None
        self._future = loop.create_future()
        self._pieces: list[bytes] = []
        self._retry_after = 0.0
        self._transport.write(self._head + b"%d\r\n\r\n" % len(body) + body)
        return await asyncio.wait_for(self._future, _ANSWER_SECONDS_MAX)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # -- called by the event loop and by the parser --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read answers."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        """Read a part of an answer."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that waits for an answer."""
        self._transport = None
        if self._future is not None and not self._future.done():
            self._future.set_exception(exc or ConnectionResetError("closed without an answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the time after which to try again."""
        if name.lower() == b"retry-after":
            self._retry_after = float(value)

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Return the answer to the caller."""
        if self._future is not None and not self._future.done():
            status = self._parser.get_status_code()
            body = b"".join(self._pieces)
            self._future.set_result(Answer(status=status, retry_after=self._retry_after, body=body))


class Callers:
    """All callers of this process."""

    def __init__(self, order: Order) -> None:
        """Prepare what is in the *order*."""
        self.report = Report()
        self._order = order
        self._requests = self._endless()

    def _endless(self) -> Iterator[tuple[str, bytes, Template]]:
        """Yield the id and the body of one request after the other, and its template."""
        for number in count():
            template = self._order.templates[number % len(self._order.templates)]
            request_id = f"{self._order.name}-{number}"
            body = template.body.replace(ID, request_id).replace(MARK, request_id)
            yield request_id, body.encode(), template

    async def run(self) -> None:
        """Call until the time is over, and wait for the last answers."""
        self._end = time.monotonic() + self._order.seconds
        await asyncio.gather(*(self._call() for _ in range(self._order.callers)))

    async def _call(self) -> None:
        connection = Connection(self._order.url)
        while time.monotonic() < self._end:
            request_id, body, template = next(self._requests)
            started = time.monotonic()
            try:
                answer = await self._answered(connection, body)
            except (OSError, TimeoutError, httptools.HttpParserError) as error:
                if self._order.until_the_end:
                    break
                self.report.add_problem(f"{request_id}: lost: {type(error).__name__}: {error}")
                connection.close()
                continue
            ended = time.monotonic()
            if answer.status == _DRAINING and self._order.until_the_end:
                break
            self.report.answered += 1
            self.report.answered_in_time += ended <= self._end
            self.report.seconds.setdefault(template.kind, []).append(ended - started)
            self.report.done += answer.status == _DONE
            if problem := problem_of(answer, request_id, template.reward):
                self.report.add_problem(f"{request_id}: {problem}")
        connection.close()

    async def _answered(self, connection: Connection, body: bytes) -> Answer:
        """Send a body until it is accepted, with the pauses that the service asks for."""
        while True:
            answer = await connection.post(body)
            if answer.status != _BUSY:
                return answer
            self.report.busy += 1
            connection.close()  # it may be closed by the server while it is idle
            await asyncio.sleep(answer.retry_after)


def problem_of(answer: Answer, request_id: str, reward: float) -> str:
    """Return what is wrong with an answer: "" if it is the row of the request with its reward."""
    if answer.status != _DONE:
        return f"status {answer.status}: {answer.body[:200]!r}"
    try:
        row = row_in(json.loads(answer.body))
    except ValueError as error:
        return f"{error}: {answer.body[:200]!r}"
    if row["id"] != request_id:
        return f"answered with the row of {row['id']}"
    found = row["aggregate_reward_score"]
    if found is None or abs(found - reward) > 1e-9:
        return f"reward {found}, expected {reward}"
    return ""


def row_in(answer: Any) -> Any:  # noqa: ANN401
    """Return the only row of an answer. Raises ValueError."""
    match answer:
        case [dict() as row] if {"id", "aggregate_reward_score"} <= row.keys():
            return row
    raise ValueError("not one row")


def main() -> None:
    """Run the order on stdin, and print the report."""
    raw = json.load(sys.stdin)
    templates = [Template(**template) for template in raw.pop("templates")]
    callers = Callers(Order(templates=templates, **raw))
    asyncio.run(callers.run())
    callers.report.cpu_seconds = time.process_time()
    json.dump(asdict(callers.report), sys.stdout)


if __name__ == "__main__":
    main()
