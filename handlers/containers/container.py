"""Run the image as Lambda does, with stricter limits: in a container without a network.

In: the image, and a client of the engine that has it. Out: answers to events, as bytes. The
container cannot be reached from outside. So the engine starts a messenger in it, a few lines of
Python, which reads an event from its input and sends it to the function's emulator.
"""

import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from docker.errors import DockerException
from docker.types import LogConfig, Ulimit

from nova_code_verifier.handlers.containers.image import ContainerError, docker_errors

REWARD_HANDLER = "nova_code_verifier.handlers.reward.lambda_handler"
EXECUTOR_HANDLER = "nova_code_verifier.handlers.executor.lambda_handler"
_EXECUTOR_SETTINGS = frozenset(
    f"VERIFIER_{name}" for name in ("WORKERS", "ISOLATION", "REQUIRED_ISOLATION", "DEFAULT_SECONDS")
)
_NETWORK_SETTINGS = ("VERIFIER_EXECUTOR_", "VERIFIER_JUDGE_")  # useless without a network
PAYLOAD_BYTES_MAX = 6 * 2**20
_ANSWER_BYTES_MAX = PAYLOAD_BYTES_MAX + 2**16
_FUNCTION_SECONDS = 900  # Lambda's maximum
_FUNCTION_TIMEOUT = {"AWS_LAMBDA_FUNCTION_TIMEOUT": str(_FUNCTION_SECONDS)}
_CLOSING_SECONDS = 30.0  # after the function's time, for the emulator and the transport
_MIB = 2**20
_LOG_LINES_SHOWN = 8

# As in Lambda: the same user, only /tmp is writable, no shared memory, 1024 open files, the memory
# of one processor. Stricter than Lambda: no network, no capability, few processes.
HARDENED: dict[str, object] = {
    "cap_drop": ["ALL"],
    "ipc_mode": "none",
    "mem_limit": 1769 * _MIB,
    "memswap_limit": 1769 * _MIB,
    "network_mode": "none",
    "pids_limit": 256,
    "read_only": True,
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=512m,mode=1777"},  # noqa: S108  (Lambda's)
    "user": "993:990",
}
_MESSENGER = f"""
import http.client, sys, time
size, seconds, tenant = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
event = sys.stdin.buffer.read(size)
deadline = time.monotonic() + 10
while True:
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=seconds)
    try:
        connection.connect()
        break
    except ConnectionRefusedError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.02)
headers = {{"X-Amz-Tenant-Id": tenant}} if tenant else {{}}
connection.request("POST", "/2015-03-31/functions/function/invocations", event, headers)
response = connection.getresponse()
sys.stdout.buffer.write(b"%d\\n" % response.status + response.read({_ANSWER_BYTES_MAX + 1}))
"""
_FRAME = struct.Struct(">BxxxL")
_STDOUT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of the function's emulator: an HTTP status, and a body that is not checked."""

    status: int
    body: bytes


class Container:
    """A function in a running container. It serves one call at a time."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401  (the SDK has no types)
        """Wrap *container*, an object of the SDK for a running container."""
        self._container = container

    def invoke(
        self, event: bytes, *, seconds: float = _FUNCTION_SECONDS, tenant: str = ""
    ) -> Answer:
        """Send *event* to the function, and return its answer. Raises ContainerError."""
        if len(event) > PAYLOAD_BYTES_MAX:
            raise ContainerError(
                f"an event of {len(event)} bytes: an invocation has at most {PAYLOAD_BYTES_MAX}"
            )
        deadline = time.monotonic() + seconds + _CLOSING_SECONDS
        command = ["python3", "-I", "-c", _MESSENGER, str(len(event)), str(seconds), tenant]
        api = self._container.client.api
        try:
            created = api.exec_create(self._container.id, command, stdin=True)
            with _connection_of(api.exec_start(created["Id"], socket=True)) as connection:
                connection.settimeout(max(1.0, deadline - time.monotonic()))
                connection.sendall(event)
                output = b"".join(_stdout_of(connection, deadline))
        except (DockerException, OSError) as error:
            raise ContainerError(f"the container: {error}; its log ends:\n{self.log()}") from error
        status, newline, body = output.partition(b"\n")
        if not newline or not status.isdigit():
            raise ContainerError(f"the function does not answer; its log ends:\n{self.log()}")
        return Answer(status=int(status), body=body)

    def restart(self) -> None:
        """Kill all processes in the container, drop its files, and start the function again.

        Raises ContainerError.
        """
        with docker_errors("the container"):
            self._container.restart(timeout=0)

    def log(self) -> str:
        """Return the last lines that the emulator and the function wrote."""
        try:
            lines = self._container.logs(tail=_LOG_LINES_SHOWN)
        except DockerException as error:
            return f"(no log: {error})"
        return str(lines.decode("utf-8", "replace"))


@contextmanager
def _connection_of(stream: Any) -> Iterator[socket.socket]:  # noqa: ANN401
    """Yield the socket below the SDK's *stream*, which has no write method and no timeout."""
    connection = getattr(stream, "_sock", stream)
    response = getattr(stream, "_response", stream)
    with closing(connection), closing(stream), closing(response):  # closed in reverse order
        yield connection


def _stdout_of(connection: socket.socket, deadline: float) -> Iterator[bytes]:
    """Yield the stdout of a process in the container until it ends; skip its stderr."""
    size_bytes = 0
    while len(head := _read(connection, _FRAME.size, deadline)) == _FRAME.size:
        stream, length = _FRAME.unpack(head)
        size_bytes += length
        if size_bytes > 2 * _ANSWER_BYTES_MAX:
            raise OSError("the answer is larger than Lambda allows")
        piece = _read(connection, length, deadline)
        if stream == _STDOUT:
            yield piece


def _read(connection: socket.socket, count: int, deadline: float) -> bytes:
    pieces = []
    while count:
        if time.monotonic() > deadline:
            raise TimeoutError("no answer before the timeout")
        piece = connection.recv(min(count, 2**16))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


@contextmanager
def running(
    client: Any,  # noqa: ANN401
    image: str,
    *,
    handler: str = REWARD_HANDLER,
    options: Mapping[str, object] = HARDENED,
    **variables: str,
) -> Iterator[Container]:
    """Run *image* in a `with` block, hardened, with the `VERIFIER_*` settings of this process.

    *variables* override these settings. Raises ContainerError.
    """
    with docker_errors("the container does not start"):
        container = client.containers.create(
            image,
            [handler],
            detach=True,
            environment=_settings(handler) | variables | _FUNCTION_TIMEOUT,
            # A function could write without end.
            log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": "10m"}),
            ulimits=[Ulimit(name="nofile", soft=1024, hard=1024)],
            **options,
        )
    try:
        with docker_errors("the container does not start"):
            container.start()
        yield Container(container)
    finally:
        with suppress(DockerException):  # otherwise it would hide an earlier error
            container.remove(force=True, v=True)


def _settings(handler: str) -> dict[str, str]:
    """Return the settings of this process that the handler can use in a container."""
    ours = {name: text for name, text in os.environ.items() if name.startswith("VERIFIER_")}
    if handler == EXECUTOR_HANDLER:
        return {name: text for name, text in ours.items() if name in _EXECUTOR_SETTINGS}
    rubric = ours.get("VERIFIER_RUBRIC", "").lstrip()
    if rubric and not rubric.startswith("{"):
        raise ContainerError(
            "VERIFIER_RUBRIC: a path, which the container cannot read; set it to JSON"
        )
    return {name: text for name, text in ours.items() if not name.startswith(_NETWORK_SETTINGS)}
