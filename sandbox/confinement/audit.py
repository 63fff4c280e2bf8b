"""The audit hook: CPython's own gate, closed from inside a guest.

In: what a guest may touch. Out: a hook that ends the guest when it tries what is always
forbidden, and names the attempt. A *strict* hook, for kernels that cannot do it, also
refuses foreign files, native code and introspection. Must not know: the candidate.

A zygote installs it, once, and lets itself pass: to build it in each guest would cost more
than anything else that a guest does before its program.

How it withstands the candidate that it watches, who may catch what it raises and then holds
its frame, with all that the frame shows:

- A hook cannot be removed, and this one is alone: it calls no Python function, as the code
  and the defaults of a function that a frame shows can be changed.
- It reads no global, no builtin by name and no closure. Keyword defaults are new locals on
  every call, and all of them here are immutable.
- It believes exact types only: a path object may answer differently each time it is asked.
- From Python 3.13 on, a frame that is running can be written to. So whoever could run beside
  a strict hook and see its frame is taken away (`remove_unaudited_functions`).
"""

import gc
import os
import posix
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from nova_code_verifier.sandbox.protocol.guest_messages import FORBIDDEN_END, FORBIDDEN_START

AuditHook = Callable[[str, tuple[object, ...]], None]

_AF_UNIX = 1

FORBIDDEN_EVENTS = frozenset(
    {
        "os.exec", "os.fork", "os.forkpty", "os.killpg", "os.posix_spawn", "os.spawn",
        "os.system", "pty.spawn", "subprocess.Popen",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
        "socket.gethostbyname", "socket.getnameinfo", "socket.sendto",
        "ftplib.connect", "http.client.connect", "imaplib.open", "nntplib.connect",
        "poplib.connect", "smtplib.connect", "telnetlib.Telnet.open", "urllib.Request",
        "webbrowser.open",
    }
)  # fmt: skip

_STRICTLY_FORBIDDEN_EVENTS = FORBIDDEN_EVENTS | {
    "cpython.PyInterpreterState_New",  # a new interpreter has no hook
    "ctypes.dlopen",
    "ctypes.dlsym",
}

_REFUSED_EVENTS = frozenset(
    {
        "gc.get_objects",
        "gc.get_referents",
        "gc.get_referrers",
        "os.link",  # with no new links, a path means what it says
        "os.symlink",
        "resource.prlimit",
        "socket.sethostname",
        "sqlite3.connect",  # opens files behind CPython's back
        "sys._current_exceptions",
        "sys._current_frames",
        "syslog.openlog",
        "syslog.syslog",
    }
)

_READING_EVENTS = frozenset({"os.listdir", "os.scandir"})

_WRITING_EVENTS = frozenset(
    {
        # With a current directory that is always its own, so is every relative path.
        "os.chdir",
        "os.chflags", "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.removexattr",
        "os.rename", "os.rmdir", "os.setxattr", "os.truncate", "os.utime",
    }
)  # fmt: skip

_REFUSED_MODULES = frozenset(
    {
        "_ctypes", "_ctypes_test", "_curses", "_dbm", "_gdbm", "_interpreters",
        "_posixsubprocess", "_remote_debugging", "_sqlite3", "_tkinter", "nis", "ossaudiodev",
        "readline", "spwd",
        # Shared memory and semaphores outlive the guest; OpenSSL loads what its
        # configuration names, and the environment names its configuration.
        "_hashlib", "_multiprocessing", "_posixshmem", "_ssl",
    }
)  # fmt: skip

# Standard output, opened again by its name, is whatever was put in its place meanwhile.
_READABLE_DEVICES = frozenset(
    {"/dev/zero", "/dev/urandom", "/dev/random", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}
)
_FCNTL_COMMANDS = frozenset(
    {0, 1, 2, 3, 4, 1030}
)  # F_{DUPFD,GETFD,SETFD,GETFL,SETFL,DUPFD_CLOEXEC}
_IOCTL_COMMANDS = frozenset({0x5401, 0x5413, 0x541B})  # TCGETS, TIOCGWINSZ, FIONREAD

# Functions that reach past this process and raise no audit event.
_OF_OS = (
    "chroot", "initgroups", "memfd_create", "mkfifo", "mknod", "nice", "pidfd_open",
    "sched_setaffinity", "sched_setparam", "sched_setscheduler", "setegid", "seteuid",
    "setgid", "setgroups", "setns", "setpgid", "setpriority", "setregid", "setresgid",
    "setresuid", "setreuid", "setsid", "setuid", "unshare",
)  # fmt: skip
_UNAUDITED = {
    "posix": _OF_OS,
    "os": _OF_OS,
    "_signal": ("pidfd_send_signal",),
    "signal": ("pidfd_send_signal",),
    "_imp": ("create_builtin",),
    "sys": ("activate_stack_trampoline",),
    "time": ("clock_settime", "clock_settime_ns"),
}
_TESTS_OF_CPYTHON = ("_test", "_xx")
# Where the standard library's own native modules are. Those of others, the client of the
# Lambda runtime among them, may do anything.
_NATIVE_TREE = os.path.dirname(os.__file__) + "/lib-dynload/"  # noqa: PTH120
_FRAMES_CAN_BE_WRITTEN = sys.version_info >= (3, 13)


def remove_unaudited_functions() -> None:
    """Take away what a strict hook cannot see, before any guest.

    Built-in modules are loaded first, as afterwards nobody can load a fresh copy of one.
    """
    for name in sys.builtin_module_names:
        if name not in _REFUSED_MODULES:
            __import__(name)
    for name in ("_posixsubprocess", "gc", "signal"):
        __import__(name)
    for module_name, names in _UNAUDITED.items():
        for name in names:
            if hasattr(sys.modules[module_name], name):
                delattr(sys.modules[module_name], name)
    # `import subprocess`, and so `import asyncio`, asks for it.
    _stand_in("_posixsubprocess", "fork_exec", _refuse)
    if _FRAMES_CAN_BE_WRITTEN:
        _keep_intruders_out()


def _keep_intruders_out() -> None:
    """Have no Python code run in the middle of a hook, where it would see the hook's frame.

    That is: no handlers of signals, and no finalisers called by a collector that nobody
    called. Programs that set these up go on, and find nothing called.
    """
    # asyncio leaves SIGINT alone where it is not Python's.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    for module_name in ("_signal", "signal"):
        _stand_in(module_name, "signal", _leave_signal)
    for name in ("enable", "set_threshold"):
        _stand_in("gc", name, _leave_collector)


def _stand_in(module_name: str, name: str, replacement: object) -> None:
    setattr(sys.modules[module_name], name, replacement)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(13, "refused by the sandbox")


def _leave_signal(_number: int, _handler: object) -> signal.Handlers:
    return signal.SIG_DFL


def _leave_collector(*_: object) -> None:
    pass


def build_hook(
    *, channel_fd: int, work_directory: str, readable: tuple[str, ...], strict: bool
) -> AuditHook:
    """Build the hook for this process's forks. A strict one lets them read *readable*."""
    if strict:
        return _strict_hook(channel_fd, work_directory, readable)
    return _common_hook(channel_fd)


def _common_hook(channel_fd: int) -> AuditHook:
    def hook(
        event: str,
        args: tuple[object, ...],
        *,
        forbidden: frozenset[str] = FORBIDDEN_EVENTS,
        getpid: Callable[[], int] = posix.getpid,
        write: Callable[[int, bytes], int] = posix.write,
        kill: Callable[[int, int], None] = posix.kill,
        sigkill: int = int(signal.SIGKILL),
        unix: int = _AF_UNIX,
        channel: int = channel_fd,
        start: bytes = FORBIDDEN_START,
        end: bytes = FORBIDDEN_END,
        zygote: int = posix.getpid(),  # the one who builds it, for good
        error: type[Exception] = OSError,
    ) -> None:
        if (
            event in forbidden
            or (event == "socket.__new__" and args[1] != unix)
            or (event == "os.kill" and args[0] != getpid())
        ) and getpid() != zygote:
            message = start + event.encode("ascii", "replace") + end
            try:  # noqa: SIM105  (a context manager would be a global)
                write(channel, message.__len__().to_bytes(4, "big") + message)
            except error:
                pass  # the guest closed its channel: then it dies without a name
            kill(getpid(), sigkill)

    return hook


def _strict_hook(  # noqa: C901  (a function that it called could be changed by the guest)
    channel_fd: int, work_directory: str, readable: tuple[str, ...]
) -> AuditHook:
    def hook(  # noqa: C901, PLR0912
        event: str,
        args: tuple[Any, ...],
        *,
        forbidden: frozenset[str] = _STRICTLY_FORBIDDEN_EVENTS,
        refused: frozenset[str] = _REFUSED_EVENTS,
        reading: frozenset[str] = _READING_EVENTS,
        writing: frozenset[str] = _WRITING_EVENTS,
        modules: frozenset[str] = _REFUSED_MODULES,
        devices: frozenset[str] = _READABLE_DEVICES,
        fcntls: frozenset[int] = _FCNTL_COMMANDS,
        ioctls: frozenset[int] = _IOCTL_COMMANDS,
        work: str = work_directory + "/",
        trees: tuple[str, ...] = tuple(path.rstrip("/") + "/" for path in readable),
        tests: tuple[str, ...] = _TESTS_OF_CPYTHON,
        native: str = _NATIVE_TREE,
        getpid: Callable[[], int] = posix.getpid,
        getcwd: Callable[[], str] = posix.getcwd,
        stat: Callable[[str], Any] = posix.stat,
        write: Callable[[int, bytes], int] = posix.write,
        kill: Callable[[int, int], None] = posix.kill,
        kind_of: Callable[[object], type] = type,
        text: type = str,
        octets: type = bytes,
        number: type = int,
        sigkill: int = int(signal.SIGKILL),
        unix: int = _AF_UNIX,
        channel: int = channel_fd,
        start: bytes = FORBIDDEN_START,
        end: bytes = FORBIDDEN_END,
        zygote: int = posix.getpid(),  # the one who builds it, for good
        write_flags: int = posix.O_WRONLY | posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC,
        read_modes: frozenset[object] = frozenset({None, "r", "rb", "rt", "rU", "br", "tr"}),
        file_type: int = 0o170000,
        directory: int = 0o040000,
        error: type[Exception] = OSError,
        missing: type[Exception] = FileNotFoundError,
        permission_error: type[Exception] = PermissionError,
        import_error: type[Exception] = ImportError,
    ) -> None:
        if getpid() == zygote:
            return
        if (
            event in forbidden
            or (event == "socket.__new__" and (args[1] != unix or args[2] & 0xF != 1))
            or (event == "socket.sendmsg" and args[1] is not None)
            or (event == "os.kill" and args[0] != getpid())
        ):
            message = start + event.encode("ascii", "replace") + end
            try:  # noqa: SIM105  (a context manager would be a global)
                write(channel, message.__len__().to_bytes(4, "big") + message)
            except error:
                pass  # the guest closed its channel: then it dies without a name
            kill(getpid(), sigkill)
        if event in refused or (
            (event == "fcntl.fcntl" and args[1] not in fcntls)
            or (event == "fcntl.ioctl" and args[1] not in ioctls)
        ):
            raise permission_error(13, "refused by the sandbox")
        if event == "import":
            name = args[0]
            if (
                kind_of(name) is not text
                or name.rpartition(".")[2] in modules
                or name.rpartition(".")[2].startswith(tests)
            ):
                raise import_error("this module is not available in the sandbox")
            if "\0" in name:  # where C, and so the loader of native code, stops reading
                raise import_error("not a name of a module")
            if args[1] is not None and (
                kind_of(args[1]) is not text or not args[1].startswith(native) or "/../" in args[1]
            ):
                raise import_error("native code of others is not available in the sandbox")
            return
        if event == "os.rename":
            paths = args[:2]
        elif event == "open" or event in reading or event in writing:
            paths = args[:1]
        else:
            return
        writes = event in writing or (
            # From C files are opened by mode, and without flags.
            event == "open" and (args[2] & write_flags != 0 or args[1] not in read_modes)
        )
        for path in paths:
            kind = kind_of(path)
            if kind is number or path is None:
                # A descriptor that it has, or the current directory, which is its own. But a
                # file that is open for reading has a mode, an owner and more to be changed.
                if event in writing and event != "os.truncate":
                    raise permission_error(13, "refused by the sandbox")
                continue
            if kind is octets:
                path = path.decode("utf-8", "surrogateescape")  # noqa: PLW2901
            elif kind is not text:
                raise permission_error(13, "refused by the sandbox")
            if not path.startswith("/"):
                path = getcwd() + "/" + path  # noqa: PLW2901
            while "//" in path or "/./" in path:
                path = path.replace("//", "/").replace("/./", "/")  # noqa: PLW2901
            if (path + "/").startswith(work) and "/../" not in path + "/":
                continue
            if path == "/dev/null":
                continue
            if (
                writes
                or "/../" in path + "/"
                or not ((path + "/").startswith(trees) or path in devices)
            ):
                raise permission_error(13, "refused by the sandbox")
            if event == "open":
                # A descriptor of a foreign directory is a way around every relative path.
                try:
                    if stat(path).st_mode & file_type == directory:
                        raise permission_error(13, "refused by the sandbox")
                except missing:
                    continue

    return hook
