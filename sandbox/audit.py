"""The audit hook: CPython's own gate, closed from inside a guest.

In: what a guest may touch. Out: a hook that ends the guest when it tries what is always
forbidden, and names the attempt. A *strict* hook, for kernels that cannot do it, also
refuses foreign files, native code and introspection. Must not know: the candidate.

A zygote installs it, once, and lets itself pass: to build it in each guest would cost more
than anything else that a guest does before its program.

How it withstands the candidate that it watches:

- A hook cannot be removed.
- It reads no global, no builtin by name and no closure. A candidate that catches an
  exception raised here holds this frame, and from 3.13 on may write to the cells that
  the frame shows; keyword defaults are new locals on every call.
- It believes exact types only: a path object may answer differently each time it is asked.
"""

import posix
import signal
import sys
from collections.abc import Callable

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
        "code.__new__",
        "gc.get_objects",
        "gc.get_referents",
        "gc.get_referrers",
        "os.link",  # with no new links, a path means what it says
        "os.symlink",
        "resource.prlimit",
        "sqlite3.connect",  # opens files behind CPython's back
    }
)

_READING_EVENTS = frozenset({"os.chdir", "os.listdir", "os.scandir"})

_WRITING_EVENTS = frozenset(
    {
        "os.chflags", "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.removexattr",
        "os.rename", "os.rmdir", "os.setxattr", "os.truncate", "os.utime",
    }
)  # fmt: skip

_REFUSED_MODULES = frozenset(
    {
        "_ctypes", "_ctypes_test", "_curses", "_dbm", "_gdbm", "_interpreters",
        "_posixsubprocess", "_sqlite3", "_testbuffer", "_testcapi", "_testinternalcapi",
        "_testmultiphase", "_tkinter", "_xxsubinterpreters", "readline",
    }
)  # fmt: skip

_DEVICES = frozenset(
    {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"}
    | {f"/dev/{name}" for name in ("stdin", "stdout", "stderr", "fd/0", "fd/1", "fd/2")}
    | {f"/proc/self/fd/{fd}" for fd in range(3)}
)

# Functions that reach past this process and raise no audit event.
_UNAUDITED = {
    "posix": (
        "mkfifo", "mknod", "pidfd_open", "sched_setaffinity", "sched_setparam",
        "sched_setscheduler", "setns", "setpgid", "setpriority", "setsid", "unshare",
    ),
    "os": (
        "mkfifo", "mknod", "pidfd_open", "sched_setaffinity", "sched_setparam",
        "sched_setscheduler", "setns", "setpgid", "setpriority", "setsid", "unshare",
    ),
    "_signal": ("pidfd_send_signal",),
    "signal": ("pidfd_send_signal",),
    "_posixsubprocess": ("fork_exec",),
    "_imp": ("create_builtin",),
}  # fmt: skip


def remove_unaudited_functions() -> None:
    """Take away what a hook cannot see. For level `interpreter`, before any guest.

    Built-in modules are loaded first, as afterwards nobody can load a fresh copy of one.
    """
    for name in sys.builtin_module_names:
        if name not in _REFUSED_MODULES:
            __import__(name)
    __import__("_posixsubprocess")
    __import__("signal")
    for module_name, names in _UNAUDITED.items():
        module = sys.modules[module_name]
        for name in names:
            if hasattr(module, name):
                delattr(module, name)


def build_hook(  # noqa: C901  (functions of the module could be reached, and changed, by a guest)
    *, channel_fd: int, work_directory: str, readable: tuple[str, ...], strict: bool
) -> AuditHook:
    """Build the hook for this process's forks. A strict one lets them read *readable*."""
    forbidden_events = _STRICTLY_FORBIDDEN_EVENTS if strict else FORBIDDEN_EVENTS
    inside_work = work_directory + "/"
    trees = tuple(path.rstrip("/") + "/" for path in readable)

    def forbid(
        event: str,
        *,
        write: Callable[[int, bytes], int] = posix.write,
        kill: Callable[[int, int], None] = posix.kill,
        error: type[Exception] = OSError,
        getpid: Callable[[], int] = posix.getpid,
        sigkill: int = int(signal.SIGKILL),
        channel: int = channel_fd,
        zygote: int = posix.getpid(),  # the one who builds it, for good
    ) -> None:
        own = getpid()
        if own == zygote:
            return
        message = b'["forbidden","' + event.encode("ascii", "replace") + b'"]'
        try:  # noqa: SIM105  (a context manager would be a global)
            write(channel, message.__len__().to_bytes(4, "big") + message)
        except error:
            pass  # the guest closed its channel: then it dies without a name
        kill(own, sigkill)

    def may_touch(
        path: object,
        *,
        writing: bool,
        type: Callable[[object], object] = type,  # noqa: A002  (bound early: see the door)
        text: type[str] = str,
        octets: type[bytes] = bytes,
        number: type[int] = int,
        getcwd: Callable[[], str] = posix.getcwd,
        work: str = work_directory,
        inside_work: str = inside_work,
        trees: tuple[str, ...] = trees,
        devices: frozenset[str] = _DEVICES,
    ) -> bool:
        kind = type(path)
        if kind is number or path is None:
            return True  # a descriptor that it has, or the current directory
        if kind is octets:
            path = path.decode("utf-8", "surrogateescape")  # type: ignore[attr-defined]
        elif kind is not text:
            return False
        if not path.startswith("/"):  # type: ignore[attr-defined]
            path = getcwd() + "/" + path  # type: ignore[operator]
        if "/../" in path + "/":  # type: ignore[operator]
            return False
        while "//" in path or "/./" in path:  # type: ignore[operator]
            path = path.replace("//", "/").replace("/./", "/")  # type: ignore[attr-defined]
        if path == work or path.startswith(inside_work) or path in devices:  # type: ignore[attr-defined]
            return True
        return not writing and (path + "/").startswith(trees)  # type: ignore[operator]

    def common(
        event: str,
        args: tuple[object, ...],
        *,
        forbidden: frozenset[str] = forbidden_events,
        forbid: Callable[[str], None] = forbid,
        getpid: Callable[[], int] = posix.getpid,
        unix: int = _AF_UNIX,
    ) -> None:
        if (
            event in forbidden
            or (event == "socket.__new__" and args[1] != unix)
            or (event == "os.kill" and args[0] != getpid())
        ):
            forbid(event)

    if not strict:
        return common

    def strictly(
        event: str,
        args: tuple[object, ...],
        *,
        common: AuditHook = common,
        may_touch: Callable[..., bool] = may_touch,
        refused: frozenset[str] = _REFUSED_EVENTS,
        reading: frozenset[str] = _READING_EVENTS,
        writing: frozenset[str] = _WRITING_EVENTS,
        modules: frozenset[str] = _REFUSED_MODULES,
        trees: tuple[str, ...] = trees,
        type: Callable[[object], object] = type,  # noqa: A002  (bound early: see the door)
        text: type[str] = str,
        write_flags: int = posix.O_WRONLY | posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC,
        permission_error: type[Exception] = PermissionError,
        import_error: type[Exception] = ImportError,
        getpid: Callable[[], int] = posix.getpid,
        zygote: int = posix.getpid(),  # the one who builds it, for good
    ) -> None:
        if getpid() == zygote:
            return
        common(event, args)
        if event == "open":
            allowed = may_touch(args[0], writing=args[2] & write_flags != 0)  # type: ignore[operator]
        elif event == "import":
            name, path = args[0], args[1]
            if type(name) is not text or name.rpartition(".")[2] in modules:  # type: ignore[attr-defined]
                raise import_error("this module is not available in the sandbox")
            # Native code may come from the interpreter's own trees alone.
            allowed = path is None or (type(path) is text and path.startswith(trees))  # type: ignore[attr-defined]
        elif event in reading:
            allowed = may_touch(args[0], writing=False)
        elif event in writing:
            allowed = may_touch(args[0], writing=True)
            if event == "os.rename":
                allowed = allowed and may_touch(args[1], writing=True)
        else:
            allowed = event not in refused
        if not allowed:
            raise permission_error(13, "refused by the sandbox")

    return strictly
