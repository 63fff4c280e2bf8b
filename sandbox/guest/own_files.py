"""Change the mode of a guest's own files.

No filter can allow this: it cannot read a path, and neither Landlock nor a descriptor for reading
limits `chmod` to the guest's directories. So the zygote does it. The guest sends a mode, and the
file as a descriptor. The zygote changes the mode if the file is in one of the guest's directories.
It works on the descriptor only, so that no guest can exchange the file after the check.

In a guest, `chmod` and the others here take the place of the functions in `os`, so that `shutil`
and honest programs find what they expect. A guest can send requests without them, too.
"""

import errno
import os
import struct
from operator import index

# By name: a guest finds substitutes in `os`.
from os import chmod as real_chmod
from os import chown as real_chown
from os import close as close_file
from os import ftruncate, readlink, strerror
from os import open as open_file
from socket import AF_UNIX, CMSG_LEN, MSG_DONTWAIT, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket
from typing import SupportsIndex

from nova_code_verifier.sandbox.confinement.confine import CHANNEL_FD

REQUESTS_FD = CHANNEL_FD + 1
_NUMBER = struct.Struct("=i")  # a request's mode, or a reply's error number
_SAME_MODE = -1  # only asks whether the file is the guest's
_MODE_BITS = 0o7777
# Files that run as their owner: where no uid is dropped, that is the zygote's user.
_SET_ID_BITS = 0o6000

_Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def answer_request(requests: socket, directories: tuple[str, ...]) -> bool:
    """Answer a guest's request, in the zygote. Return whether more can follow.

    The guest may send anything, and need not read the reply. Files below *directories* are its own.
    """
    try:
        # Room for one descriptor: the kernel closes all others.
        packet, ancillary, _, _ = requests.recvmsg(
            _NUMBER.size, CMSG_LEN(_NUMBER.size), MSG_DONTWAIT
        )
        if not ancillary:
            return False
        [(_, _, descriptor)] = ancillary
        (fd,) = _NUMBER.unpack(descriptor)
        try:
            (mode,) = _NUMBER.unpack(packet)
            error = _change_mode(fd, mode, directories)
        finally:
            close_file(fd)
        requests.send(_NUMBER.pack(error), MSG_DONTWAIT)
    except (OSError, struct.error):
        return False
    return True


def _change_mode(fd: int, mode: int, directories: tuple[str, ...]) -> int:
    """Change the mode of an open file, if it is the guest's. Return an error number, or 0."""
    name = f"/proc/self/fd/{fd}"
    try:
        # The kernel's own name of this file. No guest can link or move foreign files to where it
        # can write.
        if not (readlink(name) + "/").startswith(directories):  # noqa: PTH115
            return errno.EPERM
        if mode != _SAME_MODE:
            real_chmod(name, mode & _MODE_BITS & ~_SET_ID_BITS)  # noqa: PTH101
    except OSError as error:
        return error.errno or errno.EPERM
    return 0


def _ask(fd: int, mode: int) -> None:
    """Ask the zygote to change a mode. Raises OSError if it refuses."""
    channel = socket(AF_UNIX, SOCK_STREAM, fileno=REQUESTS_FD)
    try:
        channel.sendmsg([_NUMBER.pack(mode)], [(SOL_SOCKET, SCM_RIGHTS, _NUMBER.pack(fd))])
        reply = channel.recv(_NUMBER.size)
    finally:
        channel.detach()
    error = _NUMBER.unpack(reply)[0] if len(reply) == _NUMBER.size else errno.EPERM
    if error:
        raise OSError(error, strerror(error))


def _ask_about(
    path: int | _Path, mode: int, *, dir_fd: int | None = None, follow_symlinks: bool = True
) -> None:
    if isinstance(path, int):
        _ask(path, mode)
        return
    flags = os.O_PATH | os.O_CLOEXEC | (0 if follow_symlinks else os.O_NOFOLLOW)
    fd = open_file(path, flags, dir_fd=dir_fd)
    try:
        _ask(fd, mode)
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
