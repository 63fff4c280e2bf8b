"""A shard as the command sees it: a process, and a socket to it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nova_code_verifier.handlers.cli.score.places.shard_messages import Frames
from nova_code_verifier.sandbox.errors import SandboxError

_EXIT_SECONDS = 10.0
_PIECE_BYTES = 2**20
_SHARD = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given.pop('import_path'); "
    "from nova_code_verifier.handlers.cli.score.places.shard import main; main(**given)"
)


class ShardProcess:
    """A process that scores. No call waits for it, except `stop`'s second half, `wait`."""

    def __init__(self) -> None:
        """Start it. Raises SandboxError."""
        try:
            self._start()
        except OSError as error:
            raise SandboxError(f"a process that scores does not start: {error}") from error
        self._frames = Frames()
        self._outgoing = bytearray()

    def _start(self) -> None:
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(0)
        given = {
            "import_path": [str(Path(path).absolute()) for path in sys.path if path],
            "descriptor": theirs.fileno(),
            "parent_pid": os.getpid(),
        }
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter, our own module)
                # -P: or a json.py in the current directory is imported in place of Python's own.
                [sys.executable, "-P", "-c", _SHARD, json.dumps(given)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the command, which ends its shards
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def has_outgoing(self) -> bool:
        """Return whether something is to be sent when the socket has room."""
        return bool(self._outgoing)

    def send(self, frame: bytes = b"") -> None:
        """Send *frame* after all before it, as far as that does not wait."""
        self._outgoing += frame
        with suppress(BlockingIOError, ConnectionError):  # its end is noticed when we read
            while self._outgoing:
                sent = self.connection.send(self._outgoing)
                del self._outgoing[:sent]

    def receive(self) -> Iterator[object]:
        """Yield the messages that are there. Raises ConnectionError if the process has ended."""
        try:
            piece = self.connection.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        if not piece:
            raise ConnectionResetError
        yield from self._frames.add(piece)

    def kill(self) -> None:
        """Kill the process, even if it is stopped."""
        self._process.kill()

    def stop(self) -> None:
        """Let the process end, however busy it is. Then `wait` for it."""
        self.connection.close()
        self._process.terminate()

    def wait(self) -> str:
        """Wait until it has ended, and return how. Kill it if that takes long."""
        try:
            self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:  # also after a second Ctrl-C
            self._process.kill()
            status = self._process.wait()
        if status >= 0:
            return f"exit status {status}"
        with suppress(ValueError):
            return signal.Signals(-status).name
        return f"signal {-status}"
