"""The wall, stone by stone: every protection, in the order in which it is put up.

In: what is wanted. Out: this process, confined, and a list of what the kernel granted.
Part of it is put on the zygote once, as guests inherit it by `fork`; the rest on each
guest, between `fork` and the candidate's first line. Must not know: the candidate.
"""

import os
import resource
import sys
from collections.abc import Callable

# By name: level `interpreter` takes these from their module.
from os import setgroups, setresgid, setresuid
from resource import setrlimit
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement.audit import build_hook, remove_unaudited_functions
from nova_code_verifier.sandbox.confinement.processes import process_ids

CHANNEL_FD = 3
OPEN_FILES_MAX = 256
THREADS_MAX = 256
STACK_BYTES = 64 * 2**20
_LIMITS_BY_GUEST = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE)
# Reserved, not used: stacks that threads ask for (half a GiB is no rarity among recursive
# programs), allocator arenas, mapped libraries. Resident memory is what we limit.
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
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class Confinement(NamedTuple):
    """What this zygote's guests still have to put up, and what was granted to all."""

    guest_uid: int | None
    base_bytes: int
    hard_limits: tuple[int, int, int]
    finish: Callable[[], None]
    must_drop_ctypes: bool
    granted: dict[str, object]


def confine_zygote(*, level: str, work_directory: str, guest_uid: int | None) -> Confinement:
    """Put up what guests inherit. Raises OSError where level `kernel` is refused."""
    base_bytes, readable = _address_space_bytes(), _readable_trees()
    if guest_uid is not None and not _uid_can_run(guest_uid):
        guest_uid = None
    granted: dict[str, object] = {
        "level": level,
        "resource_limits": True,
        "uid_dropped": guest_uid is not None,
    }
    if guest_uid is not None:
        os.chown(work_directory, guest_uid, guest_uid)
    os.chdir(work_directory)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES_MAX)
    _limit(resource.RLIMIT_STACK, STACK_BYTES)
    _limit_processes(level, guest_uid)
    finish: Callable[[], None] = _nothing_more
    if level == "kernel":
        finish = _confine_by_kernel(granted, readable, work_directory, guest_uid)
    # Where the kernel does not guard files, the hook must.
    strict = level == "interpreter" or (level == "kernel" and not granted["landlock"])
    if strict:
        remove_unaudited_functions()
    if level != "none":
        sys.addaudithook(
            build_hook(
                channel_fd=CHANNEL_FD,
                work_directory=work_directory,
                readable=readable,
                strict=strict,
            )
        )
    hard = tuple(_hard_limit(which) for which in _LIMITS_BY_GUEST)
    # Each guest needs ctypes for its last steps, with which it could undo a strict hook. From
    # Python 3.13 on it can forget it; before, the types of ctypes live as long as a process.
    has_tools = strict and level == "kernel"
    if level == "kernel":
        granted["forgets_ctypes"] = not strict or sys.version_info >= (3, 13)
    return Confinement(
        guest_uid, base_bytes, (hard[0], hard[1], hard[2]), finish, has_tools, granted
    )


def confine_guest(
    wall: Confinement, *, cpu_seconds: int, memory_bytes: int, output_bytes: int
) -> None:
    """Put up the rest, on the guest itself. Raises OSError if any stone is missing.

    Every page that this touches is copied for the guest, at the price of a small system
    call each: what can be made ready in the zygote is.
    """
    space_bytes = wall.base_bytes + memory_bytes + ADDRESS_SPACE_HEADROOM_BYTES
    cpu_hard, space_hard, output_hard = wall.hard_limits
    cpu_seconds, space_bytes = min(cpu_seconds, cpu_hard), min(space_bytes, space_hard)
    output_bytes = min(output_bytes, output_hard)
    setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    setrlimit(resource.RLIMIT_AS, (space_bytes, space_bytes))
    setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))
    if wall.guest_uid is not None:
        _become(wall.guest_uid)
    wall.finish()


def _confine_by_kernel(
    granted: dict[str, object],
    readable: tuple[str, ...],
    work_directory: str,
    guest_uid: int | None,
) -> Callable[[], None]:
    """Put up what the kernel keeps for all guests; return the rest, for each to do."""
    from nova_code_verifier.sandbox.confinement import kernel  # noqa: PLC0415  (no ctypes at any other level)
    from nova_code_verifier.sandbox.confinement.seccomp import prepare_filter  # noqa: PLC0415

    kernel.forbid_new_privileges()
    granted["orphans_adopted"] = _try(kernel.adopt_orphans)
    granted["hidden_from_peers"] = _try(kernel.hide_from_peers)
    granted["landlock"] = kernel.landlock_abi()
    if granted["landlock"]:
        kernel.restrict_files(readable, (work_directory, *_DEVICES))
    if guest_uid is None and os.geteuid() == 0:
        kernel.drop_capabilities()
    template = prepare_filter(os.uname().machine)
    granted["seccomp"] = True  # the trial guest that every zygote forks first proves it
    die_with_parent, install_filter, getpid = (
        kernel.die_with_parent,
        kernel.install_filter,
        os.getpid,
    )

    def finish() -> None:
        die_with_parent()  # after the change of uid, which clears it
        install_filter(template.for_pid(getpid()))  # last, as it refuses the other steps

    return finish


def _nothing_more() -> None:
    pass


def _try(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except OSError:
        return False
    return True


def _readable_trees() -> tuple[str, ...]:
    return (*sorted(_own_trees()), *_READABLE_SYSTEM_TREES)


def _own_trees() -> set[str]:
    return {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}


def restrict_sys_path() -> None:
    """Search for modules in the interpreter's own trees alone.

    An editable installation puts its project on the path: with its tests, and their answers.
    """
    own = tuple(path.rstrip("/") + "/" for path in _own_trees())
    sys.path[:] = [path for path in sys.path if (path + "/").startswith(own)]


def _hard_limit(which: int) -> int:
    _, hard = resource.getrlimit(which)
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def _limit(which: int, value: int) -> None:
    """Lower a limit, soft and hard, as far as *value*; never raise it."""
    value = min(value, _hard_limit(which))
    setrlimit(which, (value, value))


def _become(uid: int) -> None:
    setgroups([])
    setresgid(uid, uid, uid)
    setresuid(uid, uid, uid)


def _uid_can_run(uid: int) -> bool:
    """Tell whether *uid* may read this interpreter's library (a home may be closed to it)."""
    pid = os.fork()
    if pid == 0:
        try:
            _become(uid)
            with open(os.__file__, "rb"):  # noqa: PTH123  (pathlib would make every zygote bigger)
                os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _limit_processes(level: str, guest_uid: int | None) -> None:
    """Bound processes and threads where no filter does. The kernel counts them by uid."""
    if guest_uid is not None:
        _limit(resource.RLIMIT_NPROC, THREADS_MAX)
    elif level != "kernel" and os.geteuid() != 0:
        _limit(resource.RLIMIT_NPROC, _tasks_of(os.geteuid()) + THREADS_MAX)


def _tasks_of(uid: int) -> int:
    count = 0
    for pid in process_ids():
        try:
            if os.stat(f"/proc/{pid}").st_uid == uid:  # noqa: PTH116
                count += len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
        except OSError:
            continue
    return count


def _address_space_bytes() -> int:
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123
        return int(statm.read().split()[0]) * resource.getpagesize()
