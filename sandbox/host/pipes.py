"""The keeper's ends of a guest's standard streams: sealed files to read, pipes to write."""

import os
import tempfile
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, fcntl

from nova_code_verifier.sandbox.protocol.channel import write_all

_READ_BYTES = 2**16


def sealed_file(name: str, content: bytes) -> int:
    """Return the descriptor of a nameless file with this content, which nobody can change."""
    try:
        fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return _unlinked_file(content)  # this kernel refuses files in memory
    try:
        write_all(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
    except BaseException:
        os.close(fd)
        raise
    return fd


def shared_file(name: str, size: int) -> int:
    """Return the descriptor of a nameless file of *size* zero bytes, to be mapped by a guest."""
    try:
        fd = os.memfd_create(name, os.MFD_CLOEXEC)
    except OSError:
        return _unlinked_file(bytes(size), os.O_RDWR)
    try:
        os.ftruncate(fd, size)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _unlinked_file(content: bytes, access: int = os.O_RDONLY) -> int:
    # The file has no name at any time: a process that is killed here leaves none.
    with tempfile.TemporaryFile(buffering=0) as file:
        write_all(file.fileno(), content)
        return os.open(f"/proc/self/fd/{file.fileno()}", access | os.O_CLOEXEC)


class Stream:
    """The reading end of a guest's stdout or stderr, up to a cap."""

    fd = guest_end = -1

    def __init__(self, cap: int) -> None:
        """Open a pipe into which the guest may write *cap* bytes."""
        self.fd, self.guest_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self.guest_end, True)
        self.data = bytearray()
        self._room = cap

    def close(self) -> None:
        """Close our end."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def close_guest_end(self) -> None:
        """Close the end that the guest has now."""
        fd, self.guest_end = self.guest_end, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        """Close both ends: Ctrl-C may have come before anybody else could."""
        self.close()
        self.close_guest_end()

    def drain(self) -> bool:
        """Read what has arrived. Return False if the guest wrote more than its cap."""
        while self._room >= 0:
            try:
                piece = os.read(self.fd, _READ_BYTES)
            except BlockingIOError:
                return True
            if not piece:
                return True
            self._room -= len(piece)
            self.data += piece
        return False

    @property
    def room(self) -> int:
        """How many bytes the guest may still write; less than 0 if it wrote too much."""
        return self._room

    def take(self) -> bytes:
        """Return what was read since the last call."""
        data, self.data = bytes(self.data), bytearray()
        return data
