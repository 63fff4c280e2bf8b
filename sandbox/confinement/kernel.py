"""Kernel calls that Python does not offer.

Each applies to this process and to those that it forks, or raises OSError. Of the zygotes, only
those of level `kernel` load this module: at level `interpreter`, a candidate that finds ctypes
could undo the isolation.
"""

import ctypes
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from nova_code_verifier.sandbox.confinement.processes import stat_fields

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_SIGKILL = 9

_LANDLOCK_CREATE_RULESET = 444  # the same numbers on every architecture
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION_FLAG = 1
_LANDLOCK_PATH_BENEATH = 1

# Rights on files, by the version (ABI) of Landlock that first knew them.
_FS_EXECUTE, _FS_WRITE_FILE, _FS_READ_FILE, _FS_READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FS_ABI_1 = (1 << 13) - 1
_FS_REFER, _FS_TRUNCATE, _FS_IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FS_ON_FILES = _FS_EXECUTE | _FS_WRITE_FILE | _FS_READ_FILE | _FS_TRUNCATE
_NET_ALL = 0b11
_SCOPE_ALL = 0b11

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def _prepared_prctl(option: int, value: int, address: Any = None) -> Callable[[], None]:  # noqa: ANN401  (`byref` has no type)
    """Return a function that calls `prctl` with arguments that are made now, in the zygote.

    A guest that made them would copy a page of memory for nearly each object that it uses.
    """
    zero = ctypes.c_ulong(0)
    pointer = zero if address is None else address
    arguments = (ctypes.c_int(option), ctypes.c_ulong(value), pointer, zero, zero)
    call = partial(_libc.prctl, *arguments)

    def apply() -> None:
        if call() < 0:
            _checked(-1)

    return apply


def _prctl(option: int, value: int) -> None:
    _prepared_prctl(option, value)()


def forbid_new_privileges() -> None:
    """Prevent that a program started from here gains rights. Without this, seccomp needs root."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def hide_from_peers() -> None:
    """Hide this process's memory and environment from other processes of its user."""
    _prctl(_PR_SET_DUMPABLE, 0)


def forget_variable(name: str) -> None:
    """Remove a variable from the environment, and from `/proc/PID/environ`.

    The kernel shows the memory in which the process received its environment, even after later
    changes. So overwrite the value there.
    """
    os.environ.pop(name, None)  # this does not change the old memory
    prefix = os.fsencode(name) + b"="
    start, end = map(int, stat_fields("self")[47:49])
    block = ctypes.string_at(start, end - start)
    index = (b"\0" + block).find(b"\0" + prefix)
    if index >= 0:
        size = block.find(b"\0", index) - index - len(prefix)
        ctypes.memset(start + index + len(prefix), ord("-"), size)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prepare_to_die_with_parent(signal: int = _SIGKILL) -> Callable[[], None]:
    """Return a function that asks the kernel to send *signal* when the parent of this process ends.

    A change of uid clears this.
    """
    return _prepared_prctl(_PR_SET_PDEATHSIG, signal)


def prepare_to_install_filter(program: bytearray) -> Callable[[], None]:
    """Return a function that installs a seccomp filter (packed `sock_filter` instructions).

    It installs what *program* holds when it is called.
    """
    instructions = (ctypes.c_char * len(program)).from_buffer(program)
    packed = _FilterProgram(len(program) // 8, ctypes.addressof(instructions))
    install = _prepared_prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(packed))

    def apply(_memory: object = instructions) -> None:  # it lives as long as this function
        install()

    return apply


def drop_capabilities() -> None:
    """Drop every capability, for a root process that cannot change its uid."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, nothing))


def landlock_abi() -> int:
    """Return which version of Landlock the kernel offers; 0 is none."""
    version: int = _libc.syscall(
        _LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG
    )
    return max(version, 0)


def restrict_files(readable: tuple[str, ...], writable: tuple[str, ...]) -> None:
    """Refuse this process all files outside these trees, and all TCP ports, by Landlock.

    Paths that this process cannot open are ignored. Needs `forbid_new_privileges` first.
    """
    abi = landlock_abi()
    rights = _FS_ABI_1
    rights |= _FS_REFER if abi >= 2 else 0  # noqa: PLR2004  (ABI versions, see above)
    rights |= _FS_TRUNCATE if abi >= 3 else 0  # noqa: PLR2004
    rights |= _FS_IOCTL_DEV if abi >= 5 else 0  # noqa: PLR2004
    attributes = _RulesetAttributes(rights, _NET_ALL, _SCOPE_ALL)
    # An older kernel refuses a structure with later fields set: send only what it knows.
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8  # noqa: PLR2004
    ruleset = _checked(
        _libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    )
    try:
        for path in readable:
            _allow(ruleset, path, (_FS_EXECUTE | _FS_READ_FILE | _FS_READ_DIR) & rights)
        for path in writable:
            _allow(ruleset, path, rights)
        _checked(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # a guest could not use it either
    try:
        if not os.path.isdir(path):  # noqa: PTH112  (pathlib would make every zygote bigger)
            rights &= _FS_ON_FILES
        rule = _PathBeneath(rights, fd)
        _checked(
            _libc.syscall(
                _LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_PATH_BENEATH, ctypes.byref(rule), 0
            )
        )
    finally:
        os.close(fd)
