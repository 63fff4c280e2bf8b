"""Start `verifier serve` as a user does, with real sandboxes, and ask it."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.paths import REPOSITORY
from tests.processes import wait_until
from tests.unit.handlers.cli.command_line import ENVIRONMENT

TIMEOUT_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service that runs."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    headers: dict[str, str]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def client(self) -> httpx.Client:
        """Return a client. It sends the token."""
        return httpx.Client(
            base_url=self.url, headers=self.headers, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        with self.client() as client:
            text = client.get("/metrics").text
        values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, values))

    def end(self) -> int:
        """Ask the service to end; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


@contextmanager
def running_service(
    directory: Path, *options: str, token: str = "", **environment: str
) -> Iterator[Running]:
    """Start a service with these options, and yield it when it is ready. Its log is a file."""
    log, errors = directory / "log.jsonl", directory / "stderr.txt"
    command = [sys.executable, "-m", "nova_code_verifier.handlers.cli", "serve", "--port", "0"]
    variables = ENVIRONMENT | environment | ({"VERIFIER_SERVE_TOKEN": token} if token else {})
    with log.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [*command, *options], stdout=out, stderr=err, cwd=REPOSITORY, env=variables
        )
    try:
        wait_until(lambda: process.poll() is not None or "http://" in errors.read_text())
        found = re.search(r"http://[^/]+", errors.read_text())
        assert found, errors.read_text()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        running = Running(process=process, url=found[0], log=log, headers=headers)
        wait_until(lambda: process.poll() is not None or _is_ready(running))
        assert process.poll() is None, errors.read_text()
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_ready(running: Running) -> bool:
    with running.client() as client:
        return client.get("/ready").status_code == httpx.codes.OK


def sample(program: str, *, name: object = None, **reference: Any) -> dict[str, Any]:
    """Return a sample whose program is to print 8 for 4."""
    return {
        "id": name,
        "messages": [{"role": "assistant", "content": f"```python\n{program}\n```"}],
        "reference_answer": {"inputs": ["4\n"], "outputs": ["8\n"]} | reference,
    }
