"""`verifier serve`: real processes on loopback, real sandboxes, real connections."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import read_event
from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.paths import REPOSITORY
from tests.processes import descendants, is_running, start_python, wait_until
from tests.service import Running, running_service, sample

DOUBLE = "print(2 * int(input()))"
ENDLESS = {"limits": {"wall_seconds": 600, "cpu_seconds": 600}}
SLEEPER = sample("import time\ntime.sleep(3600)", name="sleeper", **ENDLESS)
FLOOD = sample("while True:\n    print('x' * 1000, flush=True)", name="flood", **ENDLESS)
TOKEN = "a token of the tests"
EXECUTOR = "from nova_code_verifier import LocalExecutor\nwith LocalExecutor(workers=1): pass"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start a service with one process and two workers."""
    directory = tmp_path_factory.mktemp("service")
    with running_service(directory, "--processes", "1", "--workers", "2") as running:
        yield running


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start a service with one worker and a token, that takes four samples and 1 MiB."""
    options = ("--processes", "1", "--workers", "1", "--max-queue", "4", "--max-body-mb", "1")
    directory = tmp_path_factory.mktemp("small")
    with running_service(directory, *options, token=TOKEN) as running:
        yield running


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what is measured."""
    metrics = [metric for metric in row["metrics_list"] if metric["name"] != "duration_ms"]
    return row | {"metrics_list": metrics}


def test_rows_are_those_of_the_library(service: Running) -> None:
    """A list and lines give the same rows as the library, and lines name the sample's index."""
    lines = (REPOSITORY / "examples/completions.jsonl").read_text().splitlines()[:8]
    samples = [json.loads(line) for line in lines]
    entries = read_event(samples).entries
    with LocalExecutor(workers=2) as executor:
        outcomes = {o.index: o.row for o in Service(executor, Settings()).score(entries)}
    expected = [comparable(outcomes[index]) for index in range(len(samples))]

    with service.client() as client:
        as_list = client.post("/score", json={"batch": samples})
        kind = {"Content-Type": "application/x-ndjson"}
        as_lines = client.post("/score", content="\n".join(lines), headers=kind)

    assert list(map(comparable, as_list.json())) == expected
    found = {row.pop("index"): row for row in map(json.loads, as_lines.text.splitlines())}
    assert [comparable(found[index]) for index in range(len(samples))] == expected


def test_lines_come_as_soon_as_they_are_known(service: Running) -> None:
    """The line of a quick sample can be read while a slow one before it still runs."""
    body = "\n".join(map(json.dumps, [SLEEPER, sample(DOUBLE, name="quick")]))
    kind = {"Content-Type": "application/x-ndjson"}
    with (
        service.client() as client,
        client.stream("POST", "/score?details=summary", content=body, headers=kind) as answer,
    ):
        line = json.loads(next(answer.iter_lines()))

    assert (line["index"], line["id"], line["aggregate_reward_score"]) == (1, "quick", 1.0)
    assert line["details"]["verdict"] == "accepted"
    wait_until(lambda: service.metric("verifier_queue_samples") == 0)


def test_a_flood_delays_no_other_sample(service: Running) -> None:
    """While one program floods its output without end, those of other callers are graded."""
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        flood = pool.submit(client.post, "/score", json=FLOOD, headers={"X-Request-Timeout": "60"})
        rows = [client.post("/score", json=sample(f"{DOUBLE}  # {n}")).json() for n in range(8)]
        [row] = flood.result().json()

    assert [row["aggregate_reward_score"] for [row] in rows] == [1.0] * 8
    assert row["id"] == "flood"
    wait_until(lambda: _verdict_in_log(service, "flood") == "output_limit_exceeded")


def _verdict_in_log(service: Running, name: str) -> str:
    return "".join(line["verdict"] for line in service.lines if line.get("id") == name)


def test_every_sample_is_counted_and_logged_once(service: Running) -> None:
    """The metrics count samples and rewards; the log has a line for each, without its program."""
    before = service.metric("verifier_samples_total"), service.metric("verifier_reward_count")
    marked = [sample(f"{DOUBLE}  # marked", name=f"counted {n}") for n in range(5)]
    broken = sample(DOUBLE, name="broken", inputs="nothing")
    with service.client() as client:
        client.post("/score", json=[*marked, broken], headers={"X-Request-Id": "counted"})

    assert service.metric("verifier_samples_total") == before[0] + 6
    assert service.metric("verifier_reward_count") == before[1] + 5
    wait_until(lambda: sum(line.get("request") == "counted" for line in service.lines) == 6)
    assert "marked" not in service.log.read_text()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "unreadable"),
        (b"[" * 100_000, 400, "unreadable"),
        (b"[1" + b"0" * 5000 + b"]", 400, "unreadable"),
        (b"\xff", 400, "unreadable"),
        (b"3", 400, "unreadable"),
        (b'{"batch": [], "details": "all"}', 400, "unreadable"),
        (b'{"batch": []}', 200, ""),
    ],
)
def test_a_broken_body_is_refused(service: Running, body: bytes, status: int, code: str) -> None:
    """Each has a code and a message, and none of what was sent."""
    with service.client() as client:
        answer = client.post("/score", content=body)

    assert answer.status_code == status
    assert not code or answer.json()["error"]["code"] == code


@pytest.mark.parametrize("query", ["details=all", "detail=full"])
def test_a_wrong_query_is_refused(service: Running, query: str) -> None:
    """The error names it."""
    with service.client() as client:
        answer = client.post(f"/score?{query}", json=[])

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid")
    assert error["message"].startswith(f"query.{query.split('=', maxsplit=1)[0]}: ")


def test_a_request_without_the_token_is_refused(small: Running) -> None:
    """Only health, readiness and the description are for everybody."""
    with httpx.Client(base_url=small.url, trust_env=False) as client:
        paths = ("/score", "/metrics", "/health", "/ready", "/openapi.json")
        found = [client.get(path).status_code for path in paths]
        with_password = client.get(small.url.replace("://", f"://user:{TOKEN}@") + "/metrics")

    assert found == [401, 401, 200, 200, 200]
    assert with_password.status_code == 200


def test_a_large_body_is_refused_while_it_is_read(small: Running) -> None:
    """One whose length is declared, and one that comes in chunks; then the service goes on."""

    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 2**16

    with small.client() as client:
        declared = client.post("/score", content=b" " * (2**20 + 1))
        chunked = client.post("/score", content=chunks())
        many = client.post("/score", json=[sample(DOUBLE)] * 5)
        after = client.post("/score", json=[sample(DOUBLE)] * 4)

    assert [r.status_code for r in (declared, chunked, many, after)] == [413, 413, 413, 200]
    assert small.metric("verifier_body_bytes") == 0


def test_headers_without_end_are_refused(small: Running) -> None:
    """The connection is closed, and the service goes on."""
    host, port = small.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /score HTTP/1.1\r\n")
        answer = b""
        try:
            for _ in range(64):
                connection.sendall(b"x: " + b"y" * 2**14 + b"\r\n")
            answer = connection.recv(2**16)
        except OSError:
            pass  # closed while we were sending

    assert b"200" not in answer
    with small.client() as client:
        assert client.get("/health").status_code == 200


def test_a_full_queue_says_when_to_come_back(small: Running) -> None:
    """429 with Retry-After; when the callers of the queue have gone away, there is room again."""
    sleepers = json.dumps([SLEEPER] * 4)
    with small.client() as client, socket.socket() as caller:
        host, port = small.url.removeprefix("http://").split(":")
        caller.connect((host, int(port)))
        head = f"POST /score HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        caller.sendall(f"{head}Content-Length: {len(sleepers)}\r\n\r\n{sleepers}".encode())
        wait_until(lambda: small.metric("verifier_queue_samples") == 4)
        full = client.post("/score", json=sample(DOUBLE))
        caller.close()
        # The only worker ran one of them: it is free again, long before the sleeper's limits.
        wait_until(lambda: small.metric("verifier_queue_samples") == 0)
        after = client.post("/score", json=sample(DOUBLE))

    assert full.status_code == 429
    assert int(full.headers["Retry-After"]) >= 1
    assert after.json()[0]["aggregate_reward_score"] == 1.0
    assert small.metric("verifier_abandoned_samples_total") >= 4


def test_the_deadline_of_a_request_ends_its_programs(small: Running) -> None:
    """It is an outage, and never a reward; the only worker is free for the next request."""
    body = "\n".join(map(json.dumps, [sample(DOUBLE, name="quick"), SLEEPER]))
    with small.client() as client:
        late = client.post("/score", json=SLEEPER, headers={"X-Request-Timeout": "1"})
        headers = {"Content-Type": "application/x-ndjson", "X-Request-Timeout": "5"}
        lines = client.post("/score", content=body, headers=headers).text.splitlines()
        after = client.post("/score", json=sample(DOUBLE))

    assert late.status_code == 504
    assert late.json()["error"]["problems"][0]["id"] == "sleeper"
    quick, slow = map(json.loads, lines)
    assert quick["aggregate_reward_score"] == 1.0
    assert (slow["id"], slow["error"]["code"]) == ("sleeper", "deadline")
    assert "aggregate_reward_score" not in slow
    assert after.json()[0]["aggregate_reward_score"] == 1.0


def test_no_accepted_request_is_lost(tmp_path: Path) -> None:
    """A killed process costs its own requests only; at SIGTERM, all 30 callers are answered."""
    with (
        running_service(tmp_path, "--processes", "2", "--workers", "2") as running,
        running.client() as client,
        ThreadPoolExecutor(30) as pool,
    ):
        killed = pool.submit(client.post, "/score", json=SLEEPER)
        wait_until(lambda: running.metric("verifier_queue_samples") == 1)
        # The kernel chose the process of that connection; the ready ones are in the log.
        wait_until(lambda: len(_ready(running)) == 2)
        pids = _ready(running)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            killed.result()
        wait_until(lambda: _is_restarted(running, pids))

        slow = "import time\ntime.sleep(1)\n" + DOUBLE
        samples = [sample(f"{slow}  # {number}") for number in range(30)]  # no two are equal
        calls = [pool.submit(client.post, "/score", json=each) for each in samples]
        wait_until(lambda: running.metric("verifier_queue_samples") == 30)
        status = running.end()
        rewards = [call.result().json()[0]["aggregate_reward_score"] for call in calls]
        with pytest.raises(httpx.ConnectError):
            client.get("/health")

    assert (rewards, status) == ([1.0] * 30, 0)
    assert sum(line["message"] == "sample" for line in running.lines) == 30


def _ready(running: Running) -> set[int]:
    return {line["pid"] for line in running.lines if line["message"] == "ready"}


def _is_restarted(running: Running, killed: set[int]) -> bool:
    is_ready = len(_ready(running) - killed) == 2
    return is_ready and running.metric("verifier_process_restarts_total") == 2


def test_a_killed_service_leaves_nothing_behind(tmp_path: Path) -> None:
    """After SIGKILL its processes end, and the next executor removes its directories."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    options = ("--processes", "1", "--workers", "1")
    with running_service(tmp_path, *options, TMPDIR=str(temporary)) as running:
        processes = descendants(running.process.pid)
        assert len(processes) >= 2  # the serving process, and a zygote
        running.process.kill()
        running.process.wait()
        wait_until(lambda: not any(is_running(pid) for pid in processes))

    assert list(temporary.iterdir())
    start_python(EXECUTOR, temporary).communicate()
    assert not list(temporary.iterdir())
