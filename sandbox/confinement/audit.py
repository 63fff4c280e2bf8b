"""The audit hook: CPython calls it before each operation that may reach outside the process.

In: what a guest may use. Out: a hook that kills the guest when it tries what is always forbidden,
and reports the event. A *strict* hook, for kernels that cannot refuse it, also refuses files
outside the work directory, native code and introspection.

The zygote installs the hook once, and the hook ignores the zygote itself: to build it in each guest
would cost more than everything else that a guest does before its program.

The candidate may catch what the hook raises, and then holds the hook's frame with all its locals.
The hook is safe from it, because:

- A hook cannot be removed, and this one calls no Python function: the candidate could change the
  code and the defaults of a function that it finds in a frame.
- It reads no global, no builtin by name and no closure. Keyword defaults are new locals in every
  call, and all of them here are immutable.
- It accepts exact types only: a path object could return another path each time.
- It looks up no method or attribute by name: a program can reach the dictionaries of built-in types
  (`vars(str) == other` passes the real one to `other.__eq__`), and replace what is in them.
- From Python 3.13 on, code can write to the locals of a running frame, and a finaliser or a signal
  handler can run during a hook. So a strict hook has no frame that Python code can find there
  (`_hide_frames`).

A guest must not end itself by SIGKILL: it would look like one that the kernel killed for want of
memory. So the hook ends a guest by `abort`, which no handler of SIGABRT can prevent, and a strict
hook refuses what sends SIGKILL.
"""

import gc
import os
import posix
import resource
import signal
import sys
from collections.abc import Callable
from errno import ENOSYS
from stat import ST_MODE
from types import CodeType, FrameType
from typing import Any, NoReturn

from nova_code_verifier.sandbox.protocol.guest_messages import FORBIDDEN_END, FORBIDDEN_START

AuditHook = Callable[[str, tuple[object, ...]], None]

_AF_UNIX, _AF_INET6 = 1, 10
_SOCK_STREAM = 1
_ACCESS_COPY = 3  # of `mmap`

FORBIDDEN_EVENTS = frozenset(
    {
        "os.exec", "os.fork", "os.forkpty", "os.killpg", "os.posix_spawn", "os.spawn",
        "os.system", "pty.spawn", "subprocess.Popen",
        "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
        "socket.gethostbyname", "socket.getnameinfo", "socket.sendto",
        "ftplib.connect", "http.client.connect", "imaplib.open", "nntplib.connect",
        "poplib.connect", "smtplib.connect", "telnetlib.Telnet.open", "urllib.Request",
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
        "os.link",  # without new links, a path leads where it says
        "os.symlink",
        "resource.prlimit",
        "socket.sendmsg",  # an audit event does not show whether it sends descriptors
        "socket.sethostname",
        "sqlite3.connect",  # opens files without an audit event
        "sys._current_exceptions",
        "sys._current_frames",
        "syslog.openlog",
        "syslog.syslog",
    }
)

_READING_EVENTS = frozenset({"os.getxattr", "os.listdir", "os.listxattr", "os.scandir"})

_WRITING_EVENTS = frozenset(
    {
        # If the current directory stays in these, every relative path is below one of them.
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
        # Shared memory and semaphores outlive the guest. OpenSSL loads the libraries that its
        # configuration names, and the environment names the configuration.
        "_hashlib", "_multiprocessing", "_posixshmem", "_ssl",
        # Every zygote has loaded it. A new copy would have a class that sets options of sockets.
        "_socket",
    }
)  # fmt: skip

# Not standard output: opened again by name, it may be another file by then.
_READABLE_DEVICES = frozenset(
    {"/dev/zero", "/dev/urandom", "/dev/random", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}
)
_FCNTL_COMMANDS = frozenset(
    {0, 1, 2, 3, 4, 1030}
)  # F_{DUPFD,GETFD,SETFD,GETFL,SETFL,DUPFD_CLOEXEC}
_IOCTL_COMMANDS = frozenset({0x5401, 0x5413, 0x541B})  # TCGETS, TIOCGWINSZ, FIONREAD

_SIGKILL = int(signal.SIGKILL)

# These functions reach outside the process, or take what no limit counts, without an audit event.
_OS_FUNCTIONS = (
    "chroot", "initgroups", "memfd_create", "mkfifo", "mknod", "nice", "openpty", "pidfd_open",
    "posix_openpt", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "setegid",
    "seteuid", "setgid", "setgroups", "setns", "setpgid", "setpriority", "setregid",
    "setresgid", "setresuid", "setreuid", "setsid", "setuid", "unshare",
)  # fmt: skip
_UNAUDITED = {
    "posix": _OS_FUNCTIONS,
    "os": _OS_FUNCTIONS,
    "_signal": ("pidfd_send_signal",),
    "signal": ("pidfd_send_signal",),
    "_imp": ("create_builtin",),
    "sys": ("activate_stack_trampoline",),
    "time": ("clock_settime", "clock_settime_ns"),
}
_TESTS_OF_CPYTHON = ("_test", "_xx")
# The native modules of the standard library are here. Other native modules, such as the client of
# the Lambda runtime, may do anything.
_NATIVE_TREE = os.path.dirname(os.__file__) + "/lib-dynload/"  # noqa: PTH120
_CODE_OF: Callable[[FrameType], CodeType] = vars(FrameType)["f_code"].__get__
_FRAMES_CAN_BE_WRITTEN = sys.version_info >= (3, 13)


def remove_unaudited_functions() -> None:
    """Remove functions that a strict hook cannot see, before the first guest.

    Load all built-in modules first: then no guest can load a new copy of one.
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
    # `import subprocess`, and so `import asyncio`, needs this name.
    _replace("_posixsubprocess", "fork_exec", _refuse)
    for module_name in ("_signal", "signal"):
        _replace(module_name, "raise_signal", _raise_signal)
    _keep_buffer_sizes()


def _keep_buffer_sizes() -> None:
    """Let sockets ignore all options: no limit counts the memory of their buffers."""
    import _socket  # noqa: PLC0415  (a zygote has it; the reward function does not need it)

    # The class is immutable, except for who has its dictionary.
    (members,) = gc.get_referents(vars(_socket.socket))
    members["setsockopt"] = _ignore_call
    sys._clear_type_cache()  # noqa: SLF001


def _raise_signal(number: int, /) -> None:
    posix.kill(posix.getpid(), number)  # which has an audit event


def _replace(module_name: str, name: str, replacement: object) -> None:
    setattr(sys.modules[module_name], name, replacement)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(13, "refused by the sandbox")


def _ignore_call(*_: object) -> None:
    pass


def build_hook(
    *, channel_fd: int, writable: tuple[str, ...], readable: tuple[str, ...], strict: bool
) -> AuditHook:
    """Return the hook for the forks of this process.

    A strict one lets them write in the directories *writable*, and read *readable*. Raises OSError
    if this interpreter does not protect it.
    """
    if not strict:
        return _common_hook(channel_fd)
    hook: Any = _strict_hook(channel_fd, writable, readable)
    if _FRAMES_CAN_BE_WRITTEN:
        _check_hidden_frames()
        _hide_frames(hook)
        # C code that runs on top of a hidden frame, such as `map(sys._getframe, [0])` in the
        # callback of a weak reference, would still get it.
        hook.__kwdefaults__["own"] = hook.__code__
    return hook  # type: ignore[no-any-return]


def _hide_frames(function: Any) -> None:  # noqa: ANN401  (a function, which `Callable` is not)
    """Hide the frames of a function from all Python code.

    For CPython, a frame is incomplete before its RESUME instruction (`_PyFrame_IsIncomplete`), and
    Python code finds no such frame by `sys._getframe`, by `f_back` or in a traceback. Without this
    instruction, a frame is incomplete to its end.
    """
    from opcode import opmap  # noqa: PLC0415  (the reward function does not need it)

    instructions = bytearray(function.__code__.co_code)
    for index in range(0, len(instructions), 2):
        if instructions[index] == opmap["RESUME"]:
            instructions[index : index + 2] = opmap["NOP"], 0
    function.__code__ = function.__code__.replace(co_code=bytes(instructions))


def _check_hidden_frames() -> None:
    def call(function: Callable[[], object]) -> object:
        return function()

    _hide_frames(call)
    if call(lambda: sys._getframe(1)) is not sys._getframe():  # noqa: SLF001
        raise OSError(ENOSYS, "this version of Python does not hide the frames of the audit hook")


def _common_hook(channel_fd: int) -> AuditHook:
    def hook(
        event: str,
        args: tuple[object, ...],
        *,
        forbidden: frozenset[str] = FORBIDDEN_EVENTS,
        getpid: Callable[[], int] = posix.getpid,
        write: Callable[[int, bytes], int] = posix.write,
        abort: Callable[[], NoReturn] = posix.abort,
        to_octets: Callable[..., bytes] = str.encode,
        pack: Callable[..., bytes] = int.to_bytes,
        size_of: Callable[[bytes], int] = len,
        families: frozenset[object] = frozenset({_AF_UNIX, _AF_INET6}),
        ipv6: int = _AF_INET6,
        channel: int = channel_fd,
        start: bytes = FORBIDDEN_START,
        end: bytes = FORBIDDEN_END,
        zygote: int = posix.getpid(),  # the process that builds the hook
        error: type[Exception] = OSError,
        permission_error: type[Exception] = PermissionError,
    ) -> None:
        if event == "socket.__new__" and args[1] == ipv6:
            if getpid() != zygote:
                raise permission_error(13, "refused by the sandbox")
        elif (
            event in forbidden
            or (event == "socket.__new__" and args[1] not in families)
            or (event == "os.kill" and args[0] != getpid())
        ) and getpid() != zygote:
            message = start + to_octets(event, "ascii", "replace") + end
            try:  # noqa: SIM105  (`suppress` would be a global)
                write(channel, pack(size_of(message), 4, "big") + message)
            except error:
                pass  # the guest closed its channel: its end has no reason then
            abort()

    return hook


def _strict_hook(  # noqa: C901  (the guest could change a function that it calls)
    channel_fd: int, writable: tuple[str, ...], readable: tuple[str, ...]
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
        work: tuple[str, ...] = tuple(path + "/" for path in writable),
        trees: tuple[str, ...] = tuple(path.rstrip("/") + "/" for path in readable),
        tests: tuple[str, ...] = _TESTS_OF_CPYTHON,
        native: str = _NATIVE_TREE,
        getpid: Callable[[], int] = posix.getpid,
        getcwd: Callable[[], str] = posix.getcwd,
        stat: Callable[[str], Any] = posix.stat,
        write: Callable[[int, bytes], int] = posix.write,
        abort: Callable[[], NoReturn] = posix.abort,
        to_octets: Callable[..., bytes] = str.encode,
        pack: Callable[..., bytes] = int.to_bytes,
        size_of: Callable[[bytes], int] = len,
        starts_with: Callable[..., bool] = str.startswith,
        replace: Callable[[str, str, str], str] = str.replace,
        divide: Callable[[str, str], tuple[str, str, str]] = str.rpartition,
        to_text: Callable[..., str] = bytes.decode,
        kind_of: Callable[[object], type] = type,
        code_of: Callable[[FrameType], CodeType] = _CODE_OF,
        own: CodeType | None = None,  # the code of this function (`build_hook`)
        text: type = str,
        octets: type = bytes,
        number: type = int,
        sigkill: int = _SIGKILL,
        cpu_limit: int = resource.RLIMIT_CPU,
        getrlimit: Callable[[int], tuple[int, int]] = resource.getrlimit,
        unlimited: tuple[int, int] = resource.getrlimit(resource.RLIMIT_CPU),
        families: frozenset[object] = frozenset({_AF_UNIX, _AF_INET6}),
        ipv6: int = _AF_INET6,
        stream: int = _SOCK_STREAM,
        copies: int = _ACCESS_COPY,
        channel: int = channel_fd,
        start: bytes = FORBIDDEN_START,
        end: bytes = FORBIDDEN_END,
        zygote: int = posix.getpid(),  # the process that builds the hook
        write_flags: int = posix.O_WRONLY | posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC,
        read_modes: frozenset[object] = frozenset({None, "r", "rb", "rt", "rU", "br", "tr"}),
        mode: int = ST_MODE,
        file_type: int = 0o170000,
        directory: int = 0o040000,
        error: type[Exception] = OSError,
        permission_error: type[Exception] = PermissionError,
        import_error: type[Exception] = ImportError,
    ) -> None:
        if getpid() == zygote:
            return
        if (
            event in forbidden
            or (event == "socket.__new__" and args[1] not in families)
            or (event == "os.kill" and args[0] != getpid())
        ):
            message = start + to_octets(event, "ascii", "replace") + end
            try:  # noqa: SIM105  (`suppress` would be a global)
                write(channel, pack(size_of(message), 4, "big") + message)
            except error:
                pass  # the guest closed its channel: its end has no reason then
            abort()
        if event in refused or (
            (event == "socket.__new__" and (args[1] == ipv6 or args[2] & 0xF != stream))
            or (event in ("os.kill", "signal.pthread_kill") and args[1] == sigkill)
            # Beyond a limit of CPU time, the kernel sends SIGKILL. A guest gets one before its
            # program, and cannot change it.
            or (
                event == "resource.setrlimit"
                and args[0] == cpu_limit
                and getrlimit(cpu_limit) != unlimited
            )
            # Shared memory without a file can be held unseen. With an explicit access there are no
            # flags that ask for it, and ACCESS_COPY is private.
            or (event == "mmap.__new__" and (args[2] == 0 or (args[0] == -1 and args[2] != copies)))
            or (event == "sys._getframe" and code_of(args[0]) is own)
            or (event == "fcntl.fcntl" and args[1] not in fcntls)
            or (event == "fcntl.ioctl" and args[1] not in ioctls)
        ):
            raise permission_error(13, "refused by the sandbox")
        if event == "import":
            name = args[0]
            if (
                kind_of(name) is not text
                or divide(name, ".")[2] in modules
                or starts_with(divide(name, ".")[2], tests)
            ):
                raise import_error("this module is not available in the sandbox")
            if "\0" in name:  # C, and so the loader of native code, stops reading there
                raise import_error("not the name of a module")
            if args[1] is not None and (
                kind_of(args[1]) is not text
                or not starts_with(args[1], native)
                or "/../" in args[1]
            ):
                raise import_error(
                    "native code outside the standard library is not available in the sandbox"
                )
            return
        if event == "os.rename":
            paths = args[:2]
        elif event == "open" or event in reading or event in writing:
            paths = args[:1]
        else:
            return
        writes = event in writing or (
            # C code opens files by mode, without flags.
            event == "open" and (args[2] & write_flags != 0 or args[1] not in read_modes)
        )
        for path in paths:
            kind = kind_of(path)
            if kind is number or path is None:
                # It has the descriptor already; the current directory is its own. But through a
                # descriptor for reading, it could change the file's mode or owner.
                if event in writing and event != "os.truncate":
                    raise permission_error(13, "refused by the sandbox")
                continue
            if kind is octets:
                path = to_text(path, "utf-8", "surrogateescape")  # noqa: PLW2901
            elif kind is not text:
                raise permission_error(13, "refused by the sandbox")
            if not starts_with(path, "/"):
                path = getcwd() + "/" + path  # noqa: PLW2901
            while "//" in path or "/./" in path:
                path = replace(replace(path, "//", "/"), "/./", "/")  # noqa: PLW2901
            if starts_with(path + "/", work) and "/../" not in path + "/":
                continue
            if path == "/dev/null":
                continue
            if (
                writes
                # An honest program may look for a file that is not there: `stat` raises the error
                # that it expects. With a descriptor of another directory, relative paths would
                # start there.
                or (stat(path)[mode] & file_type == directory and event == "open")
                or "/../" in path + "/"
                or not (starts_with(path + "/", trees) or path in devices)
            ):
                raise permission_error(13, "refused by the sandbox")

    return hook
