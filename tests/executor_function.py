"""An executor function on this machine: the real handler in a process of its own, without Lambda.

As a program, it answers requests on its standard input. `LoopbackFunction` is its other side. It
does what Lambda does: a process that ends is an error of its request, and the next request starts
another.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from nova_code_verifier.handlers.executor_function.client import read_answer
from nova_code_verifier.handlers.executor_function.envelope import wrap
from nova_code_verifier.sandbox.errors import FunctionCrashedError
from nova_code_verifier.sandbox.types import IsolationLevel
from tests.paths import REPOSITORY

_SIZE_BYTES = 4


class LoopbackFunction:
    """Sends payloads to a function, one at a time. The end of a `with` block ends it."""

    def __init__(self, level: IsolationLevel) -> None:
        """Start nothing: the first request does. Guests get isolation *level*."""
        self._level = level
        # A directory of its own: it looks for files that its guests have left.
        self._directory = tempfile.TemporaryDirectory(prefix="function-")
        Path(self._directory.name).chmod(0o711)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "LoopbackFunction":
        """Return this function."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, which ends its zygotes, and remove the directory."""
        if self._process:
            self._process.communicate()
        self._directory.cleanup()

    def __call__(self, payload: bytes) -> bytes:
        """Return the response to a request. Raises FunctionCrashedError if there is none."""
        process = self._running()
        assert process.stdin
        assert process.stdout
        try:
            _write(process.stdin, json.dumps(wrap(payload)).encode("ascii"))
            answer = _read(process.stdout)
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise FunctionCrashedError(f"it exited with status {process.wait()}")
        return read_answer(answer, has_failed=False)

    def kill(self) -> None:
        """Kill the process, as Lambda may do at any time."""
        if self._process:
            os.kill(self._process.pid, signal.SIGKILL)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._close_pipes()
            environment = os.environ | {
                "VERIFIER_ISOLATION": self._level,
                "VERIFIER_WORKERS": "1",
                "TMPDIR": self._directory.name,
                "PYTHONPATH": str(REPOSITORY),
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.executor_function"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=REPOSITORY,
                env=environment,
            )
        return self._process

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            if pipe:
                pipe.close()


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_SIZE_BYTES, "big") + message)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes:
    return pipe.read(int.from_bytes(pipe.read(_SIZE_BYTES), "big"))


def _serve() -> None:
    from nova_code_verifier.handlers.executor import lambda_handler  # noqa: PLC0415  (it starts)

    while event := _read(sys.stdin.buffer):
        try:
            answer: object = lambda_handler(json.loads(event))
        except Exception as error:  # noqa: BLE001  (Lambda reports any)
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
        _write(sys.stdout.buffer, json.dumps(answer).encode("ascii"))


if __name__ == "__main__":
    _serve()
