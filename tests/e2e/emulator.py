"""Run a function of ours as Lambda does: emulator, Lambda's runtime client, our handler.

In: the emulator's binary, environment variables. Out: a `Function`, which boto3's real client
calls. At the end the function's processes are killed, and the test fails if some of them live on.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.paths import REPOSITORY

_START_SECONDS = 10.0
_END_SECONDS = 5.0
_LOG_SECONDS = 5.0
_ANSWER_SECONDS = 90.0
_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The result of an invocation: the parsed answer, and what the function wrote to its log."""

    answer: Any
    output: str

    @property
    def log_lines(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects."""
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]


class Function:
    """A function in an emulator of its own.

    It takes one call at a time: two calls that overlap crash the emulator.
    """

    def __init__(
        self, emulator: Path, directory: Path, variables: dict[str, str], handler: str
    ) -> None:
        """Start the function, with its files in *directory* and *variables* in its environment."""
        self._directory = directory
        self._output = directory / "output"
        self.port, self.runtime_port = _free_port(20_000), _free_port(26_000)
        command: list[str | Path] = [emulator, "--log-level", "error"]
        command += ["--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{self.runtime_port}"]
        command += [sys.executable, "-m", "awslambdaric", handler]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(directory) | variables,
                cwd=REPOSITORY,
                start_new_session=True,
            )
        self._wait_until_open(self.port)
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        self._client = client_of(self.endpoint_url)

    def invoke(self, event: object) -> Any:
        """Send an event, and return the answer."""
        return self.invoke_with_log(event).answer

    def invoke_with_log(self, event: object) -> Invocation:
        """Send an event, and return the answer and the log."""
        position = self.log_bytes
        response = self._client.invoke(FunctionName="function", Payload=json.dumps(event).encode())
        answer = response["Payload"].read().decode("utf-8")
        return Invocation(
            answer=json.loads(answer, parse_constant=_refuse_constant),
            output=self.log_since(position),
        )

    @property
    def log(self) -> str:
        """All that the function has written so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    @property
    def log_bytes(self) -> int:
        """How much the function has written so far."""
        return self._output.stat().st_size

    def log_since(self, position: int) -> str:
        """Read the log until the emulator's last line, which it writes after the answer."""
        deadline = time.monotonic() + _LOG_SECONDS
        while True:
            output = self._output.read_bytes()[position:].decode("utf-8", "replace")
            if "\nREPORT RequestId" in output or time.monotonic() > deadline:
                return output
            time.sleep(_PAUSE_SECONDS)

    @property
    def runtime_pid(self) -> int:
        """The id of the process that runs the handler. It starts with the first invocation."""
        (pid,) = (process.pid for process in _processes() if process.parent == self._process.pid)
        return pid

    @property
    def processes(self) -> list[int]:
        """The ids of the function's processes: emulator, runtime, zygotes and guests.

        Zygotes and guests have sessions of their own, but their command lines contain the
        function's directory.
        """
        directory = os.fsencode(self._directory)
        return [
            process.pid
            for process in _processes()
            if process.session == self._process.pid or directory in process.command
        ]

    def kill(self) -> None:
        """Kill the function without a warning, as Lambda may do."""
        if self._process.returncode is not None:
            return  # it was reaped, and another process may have its id by now
        for process in _processes():
            if process.session == self._process.pid:
                os.kill(process.pid, signal.SIGKILL)
        self._process.wait()

    def processes_left(self) -> list[int]:
        """Return the ids of processes that are alive some seconds after the function was killed."""
        deadline = time.monotonic() + _END_SECONDS
        while (left := self.processes) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        return left

    def _wait_until_open(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _is_open(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the emulator did not start: {self._output.read_text()}")
            time.sleep(_PAUSE_SECONDS)


@contextmanager
def running_function(
    emulator: Path,
    *,
    handler: str = "nova_code_verifier.handlers.reward.lambda_handler",
    may_leave: bool = False,
    **variables: str,
) -> Iterator[Function]:
    """Run the function for the length of a `with` block.

    Processes that outlive the function are killed. They are a failure, unless it *may_leave*
    them, as hostile candidates do.
    """
    directory = Path(tempfile.mkdtemp(prefix="function-"))
    directory.chmod(0o711)  # guests may have another user id, and must reach their directories
    try:
        function = Function(emulator, directory, variables, handler)
        try:
            yield function
        finally:
            function.kill()
            left = function.processes if may_leave else function.processes_left()
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        assert may_leave or not left, f"processes of the function are left: {left}"
    finally:
        shutil.rmtree(directory)


def _environment(directory: Path) -> dict[str, str]:
    """Return the variables that Lambda sets. The only variable of this machine is PATH."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "TMPDIR": str(directory),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    }


def client_of(url: str) -> Any:
    """Return boto3's client of Lambda, for an endpoint on this machine."""
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        # Without retries, as a retry would overlap with the first call; and without a proxy.
        config=Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=_ANSWER_SECONDS),
    )


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _free_port(lowest: int) -> int:
    # Below the ports that the kernel gives to clients: until the emulator binds the port, a
    # client could get it.
    while True:
        port = lowest + random.randrange(6_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    pid: int
    parent: int
    session: int
    command: bytes


def _processes() -> Iterator[_Process]:
    """Yield all processes of this machine that are alive."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, _, session, *_ = _stat_fields(directory)
            command = (directory / "cmdline").read_bytes()
        except OSError:
            continue  # the process has just ended
        if state not in ("Z", "X"):
            yield _Process(
                pid=int(directory.name),
                parent=int(parent),
                session=int(session),
                command=command,
            )


def _stat_fields(directory: Path) -> list[str]:
    # The second field, a name in parentheses, may contain spaces and parentheses.
    text = (directory / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()
