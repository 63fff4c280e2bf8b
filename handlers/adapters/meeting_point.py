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
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import nova_code_verifier
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError

REFUSED_STATUS = 3
"""The exit status of an owner that may not run programs here. It prints the reason."""

_PEER = struct.Struct("3i")  # pid, uid, gid
_BACKLOG = 1024
_ADVICE = "remove it, or set TMPDIR to a directory of your own"
_LOCKS: set[int] = set()
"""Descriptors of the locks that this process holds."""


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
                f"no directory to meet the owner of the sandboxes: {error}; {_ADVICE}"
            ) from None
        found = os.fstat(self._directory)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            self.close()
            raise SandboxError(
                f"{self.path}: expected a directory that is ours alone, found owner "
                f"{found.st_uid} and mode {stat.S_IMODE(found.st_mode):o}; {_ADVICE}"
            )

    def close(self) -> None:
        """Close the directory."""
        os.close(self._directory)

    def connect(self) -> socket.socket | None:
        """Connect to the owner; None if there is none that listens. Raises SandboxError."""
        with self._errors("connect to the socket"):
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
        with self._errors("make the socket"):
            self.stop_listening()
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(self._path_of("socket"))
            listener.listen(_BACKLOG)
        return listener

    def remove_leftovers(self) -> None:
        """Remove the sockets of other owners that were killed: nobody holds their locks."""
        for entry in os.listdir(self._directory):  # noqa: PTH208  (by its descriptor)
            name, _, suffix = entry.rpartition(".")
            if suffix == "socket" and name != self._name:
                with closing(MeetingPoint(name)) as other, suppress(SandboxError):
                    lock = other.lock()
                    if lock is not None:
                        other.stop_listening()
                        other.leave_lock(lock)

    def stop_listening(self) -> None:
        """Remove the socket, so that nobody connects any more."""
        Path(self._path_of("socket")).unlink(missing_ok=True)

    def lock(self) -> int | None:
        """Take the lock and return its descriptor; None if somebody holds it.

        It is free when all copies of the descriptor are closed: those of dead processes are, and
        those of processes that are forked from this one.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with self._errors("take the lock"):
            descriptor = os.open(self._path_of("lock"), flags, 0o600)
        _LOCKS.add(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.leave_lock(descriptor)
            return None
        return descriptor

    def leave_lock(self, descriptor: int) -> None:
        """Close our copy of the lock's *descriptor*."""
        _LOCKS.discard(descriptor)
        os.close(descriptor)

    def open_log(self) -> int:
        """Return the descriptor of an empty log, for the output of the owner."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with self._errors("write the log"):
            return os.open(self._path_of("log"), flags, 0o600)

    @property
    def log_path(self) -> Path:
        """Return the path of the log, for messages."""
        return self.path / f"{self._name}.log"

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        """Raise SandboxError, which names the directory, for an error of the system."""
        try:
            yield
        except OSError as error:
            problem = f"{error.strerror}; is there space, and may user {os.geteuid()} write there?"
            raise SandboxError(f"cannot {action} in {self.path}: {problem}") from None

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
    # Not `rglob`: in a clone, the folders of the package are links, which it does not follow.
    folders = os.walk(package, followlinks=True)
    sources = (Path(folder, name) for folder, _, names in folders for name in names)
    changed = max(path.stat().st_mtime_ns for path in sources if path.suffix == ".py")
    python = os.path.abspath(sys.executable)  # noqa: PTH100  (of `../venv/bin/python`, too)
    parts = (settings, python, sys.version, str(package), changed)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _close_locks() -> None:
    """Close the parent's locks: or a child that outlives the owner keeps new ones from starting."""
    while _LOCKS:
        os.close(_LOCKS.pop())


os.register_at_fork(after_in_child=_close_locks)
