"""The wall, stone by stone: every protection, in the order in which it is put up.

In: what is wanted. Out: this process, confined, and a list of what the kernel granted.
Part of it is put on the zygote once, as guests inherit it by `fork`; the rest on each
guest, between `fork` and the candidate's first line. Must not know: the candidate.
"""

import math
import os
import resource
import sys
from typing import Any, NamedTuple

from sandbox.audit import build_hook, remove_unaudited_functions

CHANNEL_FD = 3
OPEN_FILES_MAX = 256
THREADS_MAX = 256
STACK_BYTES = 64 * 2**20
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


class Wall(NamedTuple):
    """What every guest of this zygote gets. `granted` says so to people."""

    kernel: bool
    strict_hook: bool
    hook: bool
    guest_uid: int | None
    drop_capabilities: bool
    process_limit: int | None
    base_bytes: int
    work_directory: str
    readable: tuple[str, ...]
    filter_for: Any  # (pid) -> bytes; None where there is no filter
    granted: dict[str, object]


def confine_zygote(*, level: str, work_directory: str, guest_uid: int | None) -> Wall:
    """Put up what all guests share. Raises OSError where level `kernel` is refused."""
    readable, base_bytes = _readable_trees(), _address_space_bytes()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES_MAX)
    granted: dict[str, object] = {"level": level, "resource_limits": True}
    filter_for = None
    if level == "kernel":
        filter_for = _confine_by_kernel(granted, readable, work_directory)
    elif level == "interpreter":
        remove_unaudited_functions()
    usable_uid = guest_uid if guest_uid is not None and _uid_can_run(guest_uid) else None
    if usable_uid is not None:
        os.chown(work_directory, usable_uid, usable_uid)
    granted["uid_dropped"] = usable_uid is not None
    return Wall(
        kernel=level == "kernel",
        strict_hook=level == "interpreter" or (level == "kernel" and not granted["landlock"]),
        hook=level != "none",
        guest_uid=usable_uid,
        drop_capabilities=level == "kernel" and os.geteuid() == 0 and usable_uid is None,
        process_limit=_process_limit(level, usable_uid),
        base_bytes=base_bytes,
        work_directory=work_directory,
        readable=readable,
        filter_for=filter_for,
        granted=granted,
    )


def confine_guest(wall: Wall, limits: dict[str, Any]) -> None:
    """Put up the rest, on the guest itself. Raises OSError if any stone is missing."""
    os.chdir(wall.work_directory)
    _limit(resource.RLIMIT_CPU, math.ceil(limits["cpu_seconds"]) + 1)
    _limit(
        resource.RLIMIT_AS,
        wall.base_bytes + limits["memory_bytes"] + ADDRESS_SPACE_HEADROOM_BYTES,
    )
    _limit(resource.RLIMIT_FSIZE, limits["output_bytes"])
    _limit(resource.RLIMIT_STACK, STACK_BYTES)
    if wall.process_limit is not None:
        _limit(resource.RLIMIT_NPROC, wall.process_limit)
    if wall.guest_uid is not None:
        os.setgroups([])
        os.setresgid(wall.guest_uid, wall.guest_uid, wall.guest_uid)
        os.setresuid(wall.guest_uid, wall.guest_uid, wall.guest_uid)
    if wall.kernel:
        from sandbox import kernel  # noqa: PLC0415  (loaded by the zygote, at this level only)

        if wall.drop_capabilities:
            kernel.drop_capabilities()
        kernel.hide_from_peers()
        kernel.die_with_parent()
        kernel.install_filter(wall.filter_for(os.getpid()))
    if wall.hook:
        sys.addaudithook(
            build_hook(
                channel_fd=CHANNEL_FD,
                own_pid=os.getpid(),
                work_directory=wall.work_directory,
                readable=wall.readable,
                strict=wall.strict_hook,
            )
        )


def _confine_by_kernel(
    granted: dict[str, object], readable: tuple[str, ...], work_directory: str
) -> Any:  # noqa: ANN401  (a function from sandbox.seccomp, which this level alone loads)
    from sandbox import kernel  # noqa: PLC0415  (no ctypes at any other level)
    from sandbox.seccomp import prepare_filter  # noqa: PLC0415

    kernel.forbid_new_privileges()
    for name, ask in (
        ("orphans_adopted", kernel.adopt_orphans),
        ("hidden_from_peers", kernel.hide_from_peers),
    ):
        granted[name] = _try(ask)
    granted["landlock"] = kernel.landlock_abi()
    if granted["landlock"]:
        kernel.restrict_files(readable, (work_directory, *_DEVICES))
    template = prepare_filter(os.uname().machine)
    granted["seccomp"] = True  # the trial guest that every zygote forks first proves it
    return template.for_pid


def _try(ask: Any) -> bool:  # noqa: ANN401
    try:
        ask()
    except OSError:
        return False
    return True


def _readable_trees() -> tuple[str, ...]:
    own = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return tuple(sorted(own | {path for path in sys.path if path})) + _READABLE_SYSTEM_TREES


def _limit(which: int, value: int) -> None:
    """Lower a limit, soft and hard, as far as *value* and never raise it."""
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _uid_can_run(uid: int) -> bool:
    """Tell whether *uid* may read this interpreter's library (a home may be closed to it)."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with open(os.__file__, "rb"):  # noqa: PTH123  (pathlib would make every zygote bigger)
                os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _process_limit(level: str, guest_uid: int | None) -> int | None:
    """Bound processes and threads, where the filter does not: the kernel counts by uid."""
    if guest_uid is not None:
        return THREADS_MAX
    if level == "kernel" or os.geteuid() == 0:
        return None
    return _tasks_of(os.geteuid()) + THREADS_MAX


def _tasks_of(uid: int) -> int:
    count = 0
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:  # noqa: PTH116
                    count += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
            except OSError:
                continue
    return count


def _address_space_bytes() -> int:
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123
        return int(statm.read().split()[0]) * resource.getpagesize()
