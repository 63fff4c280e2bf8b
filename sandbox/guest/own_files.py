"""Change the mode or the times of a guest's own files.

No filter can allow this: it cannot read a path, and neither Landlock nor a descriptor for reading
limits `chmod` and `utime` to the guest's directories. So the zygote does it. The guest sends a mode
or times, and the name of the file. The zygote opens the file, and changes it if it is in one of the
guest's directories. It does both by one descriptor, so that no guest can exchange the file after
the check.

The guest does not send a descriptor. The kernel limits how many of them a user has on their way, so
that one guest could take this from all others.

In a guest, `chmod` and the others here take the place of the functions in `os`, so that `shutil`
and honest programs find what they expect. A guest can send requests without them, too.
"""

import errno
import math
import os
import struct
from _socket import socket as BareSocket  # noqa: N812  (a class)
from operator import index

# By name: a guest finds substitutes in `os`.
from os import chmod as real_chmod
from os import chown as real_chown
from os import close as close_file
from os import fstat, ftruncate, readlink, strerror
from os import open as open_file
from os import utime as real_utime
from socket import AF_UNIX, MSG_DONTWAIT, SOCK_STREAM, socket
from time import time_ns
from typing import SupportsIndex

from nova_code_verifier.sandbox.confinement.confine import CHANNEL_FD

REQUESTS_FD = CHANNEL_FD + 1
_NUMBER = struct.Struct("=i")  # a request's mode, or a reply's error number
_TIMES = struct.Struct("=qq")  # of the last access and modification, in nanoseconds
_PATH_BYTES_MAX = 4096
_SAME_MODE = -1  # only asks whether the file is the guest's
_SET_TIMES = -2  # `_TIMES` follow
_NANOSECONDS = 10**9
_MODE_BITS = 0o7777
# Files that run as their owner: where no uid is dropped, that is the zygote's user.
_SET_ID_BITS = 0o6000

_Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def answer_request(requests: BareSocket, directories: tuple[str, ...]) -> bool:
    """Answer a guest's request, in the zygote. Return whether more can follow.

    The guest may send anything, and need not read the reply. Files below *directories* are its own.
    """
    try:
        # Without room for descriptors: the kernel closes those that came along.
        packet = requests.recv(_NUMBER.size + _TIMES.size + _PATH_BYTES_MAX, MSG_DONTWAIT)
        if len(packet) <= _NUMBER.size:
            return False
        (mode,) = _NUMBER.unpack_from(packet)
        error = _change(packet[_NUMBER.size :], mode, directories)
        requests.send(_NUMBER.pack(error), MSG_DONTWAIT)
    except OSError:
        return False
    return True


def _change(path: bytes, mode: int, directories: tuple[str, ...]) -> int:
    """Change the mode or the times of a file, if it is the guest's.

    Return an error number, or 0.
    """
    try:
        if mode == _SET_TIMES:
            times, path = _TIMES.unpack_from(path), path[_TIMES.size :]
        fd = open_file(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (OSError, ValueError, struct.error) as error:  # ValueError: a zero byte
        return getattr(error, "errno", None) or errno.EPERM
    name = f"/proc/self/fd/{fd}"
    try:
        # The kernel's own name of this file. No guest can link or move foreign files to where it
        # can write.
        if not (readlink(name) + "/").startswith(directories):  # noqa: PTH115
            return errno.EPERM
        if mode == _SET_TIMES:
            real_utime(name, ns=times)
        elif mode != _SAME_MODE:
            real_chmod(name, mode & _MODE_BITS & ~_SET_ID_BITS)  # noqa: PTH101
    except (OSError, OverflowError) as error:  # OverflowError: times that the C library lacks
        return getattr(error, "errno", None) or errno.EINVAL
    finally:
        close_file(fd)
    return 0


def _ask(fd: int, mode: int, times: bytes = b"") -> None:
    """Ask the zygote to change an open file. Raises OSError if it refuses."""
    fstat(fd)  # raises the usual error for a descriptor that is not open
    path = readlink(b"/proc/self/fd/%d" % fd)  # noqa: PTH115
    channel = socket(AF_UNIX, SOCK_STREAM, fileno=REQUESTS_FD)
    try:
        channel.send(_NUMBER.pack(mode) + times + path)
        reply = channel.recv(_NUMBER.size)
    finally:
        channel.detach()
    error = _NUMBER.unpack(reply)[0] if len(reply) == _NUMBER.size else errno.EPERM
    if error:
        raise OSError(error, strerror(error))


def _ask_about(
    path: int | _Path,
    mode: int,
    times: bytes = b"",
    *,
    dir_fd: int | None = None,
    follow_symlinks: bool = True,
) -> None:
    if isinstance(path, int):
        _ask(path, mode, times)
        return
    flags = os.O_PATH | os.O_CLOEXEC | (0 if follow_symlinks else os.O_NOFOLLOW)
    fd = open_file(path, flags, dir_fd=dir_fd)
    try:
        _ask(fd, mode, times)
    except OSError as error:
        error.filename = path
        raise
    finally:
        close_file(fd)


def chmod(
    path: int | _Path,
    mode: SupportsIndex,
    *,
    dir_fd: int | None = None,
    follow_symlinks: bool = True,
) -> None:
    """Do what `os.chmod` does, for a guest's own files."""
    bits = index(mode) & _MODE_BITS
    _ask_about(path, bits, dir_fd=dir_fd, follow_symlinks=follow_symlinks)


def fchmod(fd: int, mode: SupportsIndex) -> None:
    """Do what `os.fchmod` does, for a guest's own files."""
    _ask(fd, index(mode) & _MODE_BITS)


def chown(
    path: int | _Path,
    uid: int,
    gid: int,
    *,
    dir_fd: int | None = None,
    follow_symlinks: bool = True,
) -> None:
    """Do nothing if a guest's own file has this owner and group; else do what `os.chown` does."""
    _ask_about(path, _SAME_MODE, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
    if uid not in (-1, os.getuid()) or gid not in (-1, os.getgid()):
        real_chown(path, uid, gid, dir_fd=dir_fd, follow_symlinks=follow_symlinks)


def fchown(fd: int, uid: int, gid: int) -> None:
    """Do what `chown` does, for an open file."""
    chown(fd, uid, gid)


def lchown(path: _Path, uid: int, gid: int) -> None:
    """Do what `chown` does, for a link itself."""
    chown(path, uid, gid, follow_symlinks=False)


def truncate(path: int | _Path, length: int) -> None:
    """Do what `os.truncate` does, with calls that the sandbox allows."""
    if isinstance(path, int):
        ftruncate(path, length)
        return
    fd = open_file(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        ftruncate(fd, length)
    finally:
        close_file(fd)


def utime(
    path: int | _Path,
    times: tuple[float, float] | None = None,
    *,
    ns: tuple[int, int] | None = None,
    dir_fd: int | None = None,
    follow_symlinks: bool = True,
) -> None:
    """Do what `os.utime` does, for a guest's own files."""
    if times is not None and ns is not None:
        raise ValueError("utime: you may specify either 'times' or 'ns' but not both")
    for name, given in (("times", times), ("ns", ns)):
        if given is not None and not (isinstance(given, tuple) and len(given) == 2):  # noqa: PLR2004
            none = " or None" if name == "times" else ""
            raise TypeError(f"utime: '{name}' must be either a tuple of two ints{none}")
    if times is not None:
        pair = _nanoseconds(times[0]), _nanoseconds(times[1])
    else:
        pair = (index(ns[0]), index(ns[1])) if ns is not None else (time_ns(),) * 2
    try:
        packed = _TIMES.pack(*pair)
    except struct.error:
        raise OverflowError("timestamp out of range for platform time_t") from None
    _ask_about(path, _SET_TIMES, packed, dir_fd=dir_fd, follow_symlinks=follow_symlinks)


def _nanoseconds(seconds: float) -> int:
    if not isinstance(seconds, float):
        return index(seconds) * _NANOSECONDS
    whole = math.floor(seconds)
    return whole * _NANOSECONDS + math.floor((seconds - whole) * 1e9)
