"""Confine a process: every protection, in the order in which it is applied.

`confine_zygote` applies once what guests inherit by `fork`, and reports what the kernel granted.
`confine_guest` applies the rest to each guest, before the candidate's first line.
"""

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable

# By name: level `interpreter` removes these from their module.
from os import setgroups, setresgid, setresuid
from resource import RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, setrlimit
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement.audit import build_hook, remove_unaudited_functions
from nova_code_verifier.sandbox.confinement.processes import process_ids
from nova_code_verifier.sandbox.errors import SHORTAGES

CHANNEL_FD = 3
# Each may be a socket or a pipe, whose buffers no limit counts: 208 KiB by Linux's default
# (`net.core.wmem_default`), 13 MiB together.
OPEN_FILES_MAX = 64
_PENDING_SIGNALS_MAX = 256  # each takes memory of the kernel
THREADS_MAX = 256
# A program may raise this one: the limits of address space and memory bound a stack, too.
STACK_BYTES = 64 * 2**20
# Ranges that distributions leave to nobody. A user namespace may have no more than the few.
_UNIQUE_UIDS, _FEW_UIDS = range(0x70000000, 0x7FFFFFFF), range(60_578, 61_184)
_PID_BITS, _NAMESPACES = 22, 64  # the kernel's highest pid has so many bits
_LIMITS_BY_GUEST = (RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE)
# For memory that is reserved but not used: stacks of threads (recursive programs often ask for half
# a GiB), allocator arenas, mapped libraries. The limit is on resident memory.
ADDRESS_SPACE_HEADROOM_BYTES = 2**30

_READABLE_SYSTEM_TREES = (
    "/usr/lib",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/var/lang",
    "/etc/ld.so.cache",
    "/etc/localtime",
    # `mimetypes` reads each of these that exists, and `socket.getservbyname` the last two.
    "/etc/mime.types",
    "/etc/apache/mime.types",
    "/etc/apache2/mime.types",
    "/etc/httpd/mime.types",
    "/etc/httpd/conf/mime.types",
    "/usr/local/etc/mime.types",
    "/usr/local/etc/httpd/conf/mime.types",
    "/etc/protocols",
    "/etc/services",
)
# Who may write to `/dev/zero` can share memory by it, and hold more than the keeper sees.
_READABLE_DEVICES = ("/dev/zero", "/dev/urandom", "/dev/random")
_WRITABLE_DEVICES = ("/dev/null",)


class Confinement(NamedTuple):
    """What each guest of this zygote still has to apply, and what the kernel granted to all."""

    guest_uid: int | None
    base_bytes: int
    hard_limits: tuple[int, ...]  # of `_LIMITS_BY_GUEST`
    apply_last: Callable[[], None]
    is_strict: bool
    """Whether the audit hook must protect itself and files, because the kernel does not."""
    must_drop_ctypes: bool
    granted: dict[str, object]


def confine_zygote(*, level: str, writable: tuple[str, ...]) -> Confinement:
    """Apply what guests inherit. Raises OSError if the kernel refuses level `kernel`.

    Guests may write in the directories *writable*. The first becomes the current directory.
    """
    base_bytes = _address_space_bytes()
    readable = readable_trees()
    guest_uid = _choose_uid() if os.geteuid() == 0 else None
    granted: dict[str, object] = {
        "level": level,
        "resource_limits": True,
        "uid_dropped": guest_uid is not None,
    }
    if guest_uid is not None:
        for directory in writable:
            os.chown(directory, guest_uid, guest_uid)
            # This user must reach it. Where guests have no user of their own, it stays closed.
            os.chmod(os.path.dirname(directory), 0o711)  # noqa: PTH101, PTH120, S103
    os.chdir(writable[0])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES_MAX)
    _limit(resource.RLIMIT_SIGPENDING, _PENDING_SIGNALS_MAX)
    stack_hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack_bytes = min(STACK_BYTES, _hard_limit(resource.RLIMIT_STACK))
    setrlimit(resource.RLIMIT_STACK, (stack_bytes, stack_hard))
    _limit_processes(level, guest_uid)
    apply_last: Callable[[], None] = _do_nothing
    if level == "kernel":
        apply_last = _confine_by_kernel(granted, readable, writable, guest_uid)
    # If the kernel does not protect files, the hook must.
    strict = level == "interpreter" or (level == "kernel" and not granted["landlock"])
    if strict:
        remove_unaudited_functions()
    if level != "none":
        sys.addaudithook(
            build_hook(
                channel_fd=CHANNEL_FD,
                writable=writable,
                readable=readable,
                strict=strict,
            )
        )
    hard_limits = tuple(map(_hard_limit, _LIMITS_BY_GUEST))
    # Each guest needs ctypes for its last protections, and could undo a strict hook with it. From
    # Python 3.13 on a guest can drop ctypes; before, its types live as long as the process.
    must_drop_ctypes = strict and level == "kernel"
    if level == "kernel":
        granted["forgets_ctypes"] = not strict or sys.version_info >= (3, 13)
    return Confinement(
        guest_uid, base_bytes, hard_limits, apply_last, strict, must_drop_ctypes, granted
    )


def confine_guest(
    confinement: Confinement, *, cpu_seconds: int, memory_bytes: int, output_bytes: int
) -> None:
    """Apply the rest, in the guest itself. Raises OSError if any protection fails.

    The kernel copies every page that this touches, and each copy costs as much as a small system
    call: so the zygote prepares everything that it can.
    """
    guest_uid, base_bytes, (cpu_hard, space_hard, output_hard), apply_last, *_ = confinement
    space_bytes = base_bytes + memory_bytes + ADDRESS_SPACE_HEADROOM_BYTES
    cpu_seconds, space_bytes = min(cpu_seconds, cpu_hard), min(space_bytes, space_hard)
    output_bytes = min(output_bytes, output_hard)
    # The soft limit sends SIGXCPU. A hard one would send SIGKILL, as the kernel does for want of
    # memory, and a guest can reach it with less CPU time: the kernel counts whole ticks of a clock.
    setrlimit(RLIMIT_CPU, (cpu_seconds, cpu_hard))
    setrlimit(RLIMIT_AS, (space_bytes, space_bytes))
    setrlimit(RLIMIT_FSIZE, (output_bytes, output_bytes))
    if guest_uid is not None:
        _change_uid(guest_uid)
    apply_last()


def try_in_child(protect: Callable[[], object]) -> None:
    """Apply protections in a fork of this process, to see whether the kernel grants them.

    Raises OSError: with a number of `SHORTAGES` if this machine is too short of something to find
    out.
    """
    pid = os.fork()
    if pid == 0:
        try:
            protect()
        except OSError as error:
            os._exit(error.errno or errno.EPERM)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status < 0:
        # The kernel kills with SIGKILL when it is out of memory.
        number = errno.ENOMEM if status == -signal.SIGKILL else errno.EPERM
        raise OSError(number, f"a trial process died ({signal.Signals(-status).name})")
    if status:
        raise OSError(status, os.strerror(status))


def _confine_by_kernel(
    granted: dict[str, object],
    readable: tuple[str, ...],
    writable: tuple[str, ...],
    guest_uid: int | None,
) -> Callable[[], None]:
    """Apply the kernel's protections that guests inherit; return the rest, for each guest."""
    from nova_code_verifier.sandbox.confinement import kernel  # noqa: PLC0415  (no ctypes at other levels)
    from nova_code_verifier.sandbox.confinement.seccomp import PID, prepare_filter  # noqa: PLC0415

    kernel.forbid_new_privileges()
    granted["orphans_adopted"] = _try(kernel.adopt_orphans)
    granted["hidden_from_peers"] = _try(kernel.hide_from_peers)
    granted["landlock"] = kernel.landlock_abi()
    if granted["landlock"]:
        kernel.restrict_files((*readable, *_READABLE_DEVICES), (*writable, *_WRITABLE_DEVICES))
    if guest_uid is None and os.geteuid() == 0:
        kernel.drop_capabilities()
    template = prepare_filter(os.uname().machine)
    granted["seccomp"] = True  # the zygote's trial guest fails if it is not
    program, offsets = bytearray(template.for_pid(os.getpid())), template.pid_offsets()
    die_with_parent = kernel.prepare_to_die_with_parent()
    install_filter = kernel.prepare_to_install_filter(program)
    getpid, write_pid = os.getpid, PID.pack_into

    def apply_last() -> None:
        die_with_parent()  # after the change of uid, which clears it
        pid = getpid()
        for offset in offsets:
            write_pid(program, offset, pid)
        install_filter()  # last: the filter refuses the other steps

    return apply_last


def _do_nothing() -> None:
    pass


def _try(protect: Callable[[], None]) -> bool:
    try:
        protect()
    except OSError:
        return False
    return True


def readable_trees() -> tuple[str, ...]:
    """Return the directories and files that guests may read."""
    return (*sorted(_own_trees()), *_READABLE_SYSTEM_TREES)


def _own_trees() -> set[str]:
    return {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}


def restrict_sys_path() -> None:
    """Keep only the interpreter's own directories on `sys.path`.

    An editable installation adds its project, with its tests and their expected answers.
    """
    own = tuple(path.rstrip("/") + "/" for path in _own_trees())
    sys.path[:] = [path for path in sys.path if (path + "/").startswith(own)]


def _hard_limit(which: int) -> int:
    _, hard = resource.getrlimit(which)
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def _limit(which: int, value: int) -> None:
    """Lower a limit, soft and hard, to *value*; never raise it."""
    value = min(value, _hard_limit(which))
    setrlimit(which, (value, value))


def _change_uid(uid: int) -> None:
    setgroups([])
    setresgid(uid, uid, uid)
    setresuid(uid, uid, uid)


def _choose_uid() -> int | None:
    """Return a user for the guests of this zygote, or None if none can run the interpreter.

    The kernel counts threads and more by user, for all verifiers and containers of the machine
    together. So no other zygote has this user: the number comes from the zygote's pid, and from
    the namespace of that pid.
    """
    pid = os.getpid()
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
    except OSError:
        namespace = 0
    unique = _UNIQUE_UIDS.start + (namespace % _NAMESPACES << _PID_BITS) + pid
    for uid in (unique, _FEW_UIDS[pid % len(_FEW_UIDS)]):
        if _uid_can_run(uid):
            return uid
    return None


def _uid_can_run(uid: int) -> bool:
    """Return whether *uid* can read this interpreter's library (not in a closed home directory).

    Raises OSError if this machine is too short of something to find out.
    """

    def read_library() -> None:
        _change_uid(uid)
        os.close(os.open(os.__file__, os.O_RDONLY))

    try:
        try_in_child(read_library)
    except OSError as error:
        if error.errno in SHORTAGES:
            raise
        return False
    return True


def _limit_processes(level: str, guest_uid: int | None) -> None:
    """Limit processes and threads. The kernel counts them by uid.

    Without a user of its own, a guest would fail because of the threads of others. The keeper
    counts its threads, and it cannot have processes, except at level `none`.
    """
    if guest_uid is not None:
        _limit(resource.RLIMIT_NPROC, THREADS_MAX)
    elif level == "none" and os.geteuid() != 0:
        _limit(resource.RLIMIT_NPROC, _tasks_of(os.geteuid()) + THREADS_MAX)


def _tasks_of(uid: int) -> int:
    count = 0
    for pid in process_ids():
        try:
            if os.stat(f"/proc/{pid}").st_uid == uid:  # noqa: PTH116
                count += len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
        except OSError as error:
            if error.errno in SHORTAGES:
                raise
    return count


def _address_space_bytes() -> int:
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123
        return int(statm.read().split()[0]) * resource.getpagesize()
