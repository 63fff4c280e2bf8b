"""Where the processes of a host meet the process that owns the sandboxes: a socket, and a lock.

In: a name. Out: connected sockets. Both are in a directory that only our user can enter, and each
side checks that the other one runs as the same user. Paths go through the descriptor of the
directory: so it cannot be exchanged after the check, and the length of its path does not matter.
"""

import fcntl
import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
from pathlib import Path

import nova_code_verifier
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError

REFUSED_STATUS = 3
"""The exit status of an owner that may not run programs here. It prints the reason."""

_PEER = struct.Struct("3i")  # pid, uid, gid
_BACKLOG = 1024


class MeetingPoint:
    """The socket and the lock of a name. The directory is made if it is not there."""

    def __init__(self, name: str) -> None:
        """Open the directory. Raises SandboxError if another user could enter it."""
        self._name = name
        self.path = Path(tempfile.gettempdir()) / f"nova-code-verifier-{os.geteuid()}"
        try:
            self.path.mkdir(0o700, exist_ok=True)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            self._directory = os.open(self.path, flags)
        except OSError as error:
            raise SandboxError(
                f"no directory to meet the owner of the sandboxes: {error}"
            ) from None
        found = os.fstat(self._directory)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            self.close()
            raise SandboxError(
                f"{self.path}: expected a directory that is ours alone, found owner "
                f"{found.st_uid} and mode {stat.S_IMODE(found.st_mode):o}; remove it"
            )

    def close(self) -> None:
        """Close the directory."""
        os.close(self._directory)

    def connect(self) -> socket.socket | None:
        """Connect to the owner; None if there is none that listens. Raises SandboxError."""
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            peer.connect(self._path_of("socket"))
            require_same_user(peer)
        except (FileNotFoundError, ConnectionError):
            peer.close()
            return None
        except BaseException:
            peer.close()
            raise
        return peer

    def listen(self) -> socket.socket:
        """Return a socket that listens. Only the holder of the lock may call this."""
        self.stop_listening()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self._path_of("socket"))
        listener.listen(_BACKLOG)
        return listener

    def stop_listening(self) -> None:
        """Remove the socket, so that nobody connects any more."""
        Path(self._path_of("socket")).unlink(missing_ok=True)

    def lock(self) -> int | None:
        """Take the lock and return its descriptor; None if somebody holds it.

        It is free when all copies of the descriptor are closed: those of dead processes are.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path_of("lock"), flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def open_log(self) -> int:
        """Return the descriptor of an empty log, for the output of the owner."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self._path_of("log"), flags, 0o600)

    @property
    def log_path(self) -> Path:
        """Return the path of the log, for messages."""
        return self.path / f"{self._name}.log"

    def _path_of(self, suffix: str) -> str:
        return f"/proc/self/fd/{self._directory}/{self._name}.{suffix}"


def require_same_user(peer: socket.socket) -> None:
    """Raise SandboxError if the process at the other end of *peer* is not our user's."""
    size = _PEER.size
    _, uid, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if uid != os.geteuid():
        raise SandboxError(f"expected a process of user {os.geteuid()}, found one of user {uid}")


def name_for(settings: Settings) -> str:
    """Return a name that no other settings, interpreter or version of this package has."""
    package = Path(nova_code_verifier.__file__).parent
    changed = max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
    python = os.path.abspath(sys.executable)  # noqa: PTH100  (of `../venv/bin/python`, too)
    parts = (settings, python, sys.version, str(package), changed)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
