"""Functions for guests in the place of some that the sandbox refuses.

Honest programs call these in passing, and expect them to work, or to fail as on a machine that
lacks something. The zygote installs the substitutes once, before its first guest.

Of processes and host names, a library gets an ordinary error, because it can do without: `platform`
asks `uname`, and `email` looks for this host's full name. A program that starts a process or looks
for a host by itself is stopped.

No protection relies on substitutes. A program can always find the original functions, which are
refused.
"""

import errno
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from types import FrameType
from typing import NoReturn

from nova_code_verifier.sandbox.guest import anonymous_maps, own_files, semaphores
from nova_code_verifier.sandbox.guest.private_tmp import PrivateTmp, replace_in_os

# What the recursion limit counts below a program's own first frame.
_FRAMES_BELOW = 4 if sys.version_info >= (3, 12) else 5  # until then it counted `exec`, too
_RECURSION_LIMIT_MAX = 2**31 - 1 - _FRAMES_BELOW
_OF_PROGRAMS = frozenset({"__main__", "solution"})
_STARTS_PROCESSES = frozenset({"subprocess", "os"})


def install(*, tmp_directory: str, exempt: tuple[str, ...], strict: bool) -> None:
    """Install all substitutes. Files below *exempt* keep their names, even in `/tmp`.

    The audit hook is *strict* or not.
    """
    for name in ("chmod", "chown", "fchmod", "fchown", "lchown", "truncate", "utime"):
        replace_in_os(name, getattr(own_files, name))
    replace_in_os("fork", _refuse_multiprocessing(os.fork))
    for name in ("gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo"):
        setattr(socket, name, _find_no_host(getattr(socket, name)))
    sys.audit = _refuse_processes_of_libraries(sys.audit)
    resource.setrlimit = _keep_own_limits(resource.setrlimit)
    socket.socket.sendmsg = _send_joined(socket.socket.sendmsg)  # type: ignore[method-assign]
    _hide_frames_below()
    sys.modules["_multiprocessing"] = semaphores.new_module()
    import _posixsubprocess  # noqa: PLC0415  (not before level `interpreter` has seen it)

    # `multiprocessing` starts interpreters with it. (`subprocess` has an audit event before.)
    _posixsubprocess.fork_exec = _refuse_process
    anonymous_maps.install(strict=strict)
    PrivateTmp(tmp_directory, exempt=exempt).install()


def _refuse_process(*_: object) -> NoReturn:
    raise PermissionError(errno.EACCES, "refused by the sandbox")


def _refuse_multiprocessing(fork: Callable[[], int]) -> Callable[[], int]:
    """Fail if `multiprocessing` forks: a program can do without. Any other fork is forbidden."""

    def substitute() -> int:
        if sys._getframe(1).f_globals.get("__name__") == "multiprocessing.popen_fork":  # noqa: SLF001
            _refuse_process()
        return fork()

    return substitute


def _refuse_processes_of_libraries(audit: Callable[..., None]) -> Callable[..., None]:
    """Fail if a library starts a process by `subprocess`. The audit hook stops a program."""

    @wraps(audit)
    def substitute(event: str, /, *args: object) -> None:
        if event == "subprocess.Popen" and not _is_program(_caller(besides=_STARTS_PROCESSES)):
            _refuse_process()
        audit(event, *args)

    return substitute


def _caller(*, besides: frozenset[str]) -> FrameType | None:
    """Return the frame that called the substitute, above those of the modules *besides*."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__") in besides:
        frame = frame.f_back
    return frame


def _is_program(frame: FrameType | None) -> bool:
    return frame is None or frame.f_globals.get("__name__") in _OF_PROGRAMS


def _hide_frames_below() -> None:
    """Let a program recurse as deep as if its first frame were the first of the process."""
    getter, setter = sys.getrecursionlimit, sys.setrecursionlimit

    @wraps(getter)
    def getrecursionlimit() -> int:
        return getter() - _FRAMES_BELOW

    @wraps(setter)
    def setrecursionlimit(limit: int, /) -> None:
        # Zero and less are errors.
        setter(limit + _FRAMES_BELOW if 0 < limit < _RECURSION_LIMIT_MAX else limit)

    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit
    setrecursionlimit(getter())


def _find_no_host(find: Callable[..., object]) -> Callable[..., object]:
    """Fail as without a network if a library looks for a host."""

    @wraps(find)
    def substitute(*args: object) -> object:
        if _is_program(sys._getframe(1)):  # noqa: SLF001
            return find(*args)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    return substitute


_SetLimit = Callable[[int, tuple[int, int]], None]


def _keep_own_limits(setrlimit: _SetLimit) -> _SetLimit:
    """Accept limits above those of the guest, and limits of CPU time, which stay as they are.

    Contest programs raise the stack to infinity, and need no more of it than they have.
    """

    @wraps(setrlimit)
    def substitute(which: int, limits: tuple[int, int], /) -> None:
        if which == resource.RLIMIT_CPU:
            return
        try:
            setrlimit(which, limits)
        except ValueError:
            soft, hard = limits
            _, own = resource.getrlimit(which)
            if not _exceeds(hard, own) or _exceeds(soft, hard):
                raise
            setrlimit(which, (own if _exceeds(soft, own) else soft, own))

    return substitute


def _send_joined(sendmsg: Callable[..., int]) -> Callable[..., int]:
    """Send the bytes of a message by `send`, for asyncio. Descriptors are refused."""

    @wraps(sendmsg)
    def substitute(
        self: socket.socket,
        buffers: Iterable[bytes],
        ancdata: Iterable[object] = (),
        flags: int = 0,
        address: object = None,
        /,
    ) -> int:
        if list(ancdata) or address is not None:
            return sendmsg(self, buffers, ancdata, flags, address)
        return self.send(b"".join(buffers), flags)

    return substitute


def _exceeds(limit: int, other: int) -> bool:
    if resource.RLIM_INFINITY in (limit, other):
        return limit != other and limit == resource.RLIM_INFINITY
    return limit > other
