"""Write the seccomp filter: the program with which the kernel checks every call of a guest.

In: a machine's name and the guest's pid. Out: bytes for `PR_SET_SECCOMP`. The tables in
`sandbox/confinement/syscalls.py` say which calls are allowed; this module says which arguments a
guarded call may have.

A guest installs its filter itself, while it has one thread, as the last step before the candidate's
code: the filter refuses the other steps.

A zygote loads this module, so it imports next to nothing.
"""

import struct
from itertools import accumulate

from nova_code_verifier.sandbox.confinement.syscalls import (
    ABSENT,
    ALLOWED,
    GUARDED,
    KILLED,
    REFUSED,
    UNSUPPORTED,
    flatten,
)
from nova_code_verifier.sandbox.errors import SandboxError

# The kernel's code of a machine, and the machine's column in the tables of numbers.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# From this number on, x86_64 has a second set of numbers for the same calls.
_X32_BIT = 0x40000000

_ALLOW = 0x7FFF0000
_KILL = 0x80000000  # the whole process, not only the thread
_EPERM = 0x00050001
_ENOSYS = 0x00050026
_ENOTSUP = 0x0005005F
_IGNORE = 0x00050000  # do nothing, and return 0

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST = 0x15, 0x35

PID = struct.Struct("=I")
_NUMBER_WORD, _MACHINE_WORD = 0, 4
_ALL_BITS = 0xFFFFFFFF
_OWN_PID = -1  # stands for the guest's pid, which is not known yet
_HIGHEST_PID = 2**31 - 1

# The flags that every new thread has, and those that a thread library may add. Namespaces, tracing
# and an exit signal are refused.
_CLONE_THREAD = 0x00010900  # CLONE_VM, CLONE_SIGHAND, CLONE_THREAD
_CLONE_OPTIONS = (
    0x00000600  # CLONE_FS, CLONE_FILES
    | 0x000C0000  # CLONE_SYSVSEM, CLONE_SETTLS
    | 0x01700000  # CLONE_{PARENT_SETTID,CHILD_CLEARTID,DETACHED,CHILD_SETTID}
)

_AF_UNIX, _AF_INET6 = 1, 10
_SOCK_STREAM, _SOCK_RAW, _SOCK_SEQPACKET, _SOCK_FLAGS = 1, 3, 5, 0o2004000
_SOL_SOCKET = 1
_SOCKET_TIMEOUTS = (20, 21)  # SO_{RCVTIMEO,SNDTIMEO}
_SOCKET_BUFFERS = (7, 8)  # SO_{SNDBUF,RCVBUF}

_SIGKILL = 9
# RLIMIT_{FSIZE,DATA,STACK,CORE,RSS,NPROC,NOFILE,AS}
_OWN_LIMITS = (1, 2, 3, 4, 5, 6, 7, 9)

_SHARED_MEMORY = 0x21  # MAP_SHARED, MAP_ANONYMOUS

_PRCTL_OPTIONS = (15, 16, 0x53564D41)  # PR_{SET_NAME,GET_NAME,SET_VMA}: names for debuggers

_FCNTL_COMMANDS = (
    *(0, 1030, 1, 2, 3, 4),  # F_{DUPFD,DUPFD_CLOEXEC,GETFD,SETFD,GETFL,SETFL}
    *(5, 6, 7),  # F_{GETLK,SETLK,SETLKW}
    1032,  # F_GETPIPE_SZ
)

_IOCTL_COMMANDS = (
    *(0x5401, 0x802C542A, 0x5413),  # TCGETS, TCGETS2 (`isatty` in new glibc), TIOCGWINSZ
    *(0x541B, 0x5421, 0x5450, 0x5451),  # FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
)

# A word of the call, a mask for it, values, and the fates of a call whose word is one of the values
# or is not; None goes on to the next condition.
_Condition = tuple[int, int, tuple[int, ...], int | None, int | None]


def _low(argument: int) -> int:
    """Return the offset of an argument's low half: the kernel reads no more of an `int`.

    The filter ignores the high half as the kernel does: to both, 2**32 + 7 is the pid 7.
    """
    return 16 + 8 * argument


def _high(argument: int) -> int:
    """Return the offset of an argument's high half, for the few that the kernel reads as a long."""
    return _low(argument) + 4


def _only(
    word: int, values: tuple[int, ...], *, otherwise: int, mask: int = _ALL_BITS
) -> _Condition:
    """Require that a word, under *mask*, is one of *values*."""
    return word, mask, values, None, otherwise


def _if(word: int, values: tuple[int, ...], *, fate: int, mask: int = _ALL_BITS) -> _Condition:
    """Decide about a call whose word, under *mask*, is one of *values*."""
    return word, mask, values, fate, None


# Not kill(0) or kill(-1) either: they reach all processes of the group or of the user.
_SELF_ONLY = _only(_low(0), (_OWN_PID,), otherwise=_KILL)

_GUARDS: dict[str, tuple[_Condition, ...]] = {
    "clone": (
        _only(_high(0), (0,), otherwise=_KILL),
        _only(_low(0), (_CLONE_THREAD,), otherwise=_KILL, mask=_ALL_BITS ^ _CLONE_OPTIONS),
    ),
    # A guest that ended by SIGKILL would look like one that the kernel killed for want of memory.
    "kill": (_SELF_ONLY, _if(_low(1), (_SIGKILL,), fate=_EPERM)),
    "tgkill": (_SELF_ONLY, _if(_low(2), (_SIGKILL,), fate=_EPERM)),
    # Not RLIMIT_CPU and RLIMIT_RTTIME, for the same reason: beyond them, the kernel sends SIGKILL.
    # A program may read all its limits (the new limit is at address 0 then).
    "setrlimit": (_only(_low(0), _OWN_LIMITS, otherwise=_EPERM),),
    "prlimit64": (
        _only(_low(0), (0, _OWN_PID), otherwise=_EPERM),
        _if(_low(1), _OWN_LIMITS, fate=_ALLOW),
        _only(_low(2), (0,), otherwise=_EPERM),
        _only(_high(2), (0,), otherwise=_EPERM),
    ),
    # No socket at all. But honest libraries try some in passing, get an error, and go on: glibc
    # asks a local daemon for users (`pwd.getpwnam`), `uuid.uuid1` reads the addresses of network
    # cards through a datagram socket, and urllib3 looks for IPv6 when it is imported.
    "socket": (
        _only(
            _low(1),
            (_SOCK_STREAM, _SOCK_RAW, _SOCK_SEQPACKET),
            otherwise=_EPERM,
            mask=_ALL_BITS ^ _SOCK_FLAGS,
        ),
        _only(_low(0), (_AF_UNIX, _AF_INET6), otherwise=_KILL),
        _only(_low(0), (), otherwise=_EPERM),
    ),
    # Only streams: with one end of a datagram pair, `sendmsg` reaches any other datagram socket of
    # the host, such as the system log.
    "socketpair": (
        _only(_low(0), (_AF_UNIX,), otherwise=_KILL),
        _only(_low(1), (_SOCK_STREAM,), otherwise=_EPERM, mask=_ALL_BITS ^ _SOCK_FLAGS),
    ),
    # Buffers keep their size, and a program goes on as if it had asked for that: their memory is
    # not counted. Other options would, for example, attach BPF programs (SO_ATTACH_FILTER).
    "setsockopt": (
        _only(_low(1), (_SOL_SOCKET,), otherwise=_EPERM),
        _if(_low(2), _SOCKET_BUFFERS, fate=_IGNORE),
        _only(_low(2), _SOCKET_TIMEOUTS, otherwise=_EPERM),
    ),
    # Not PR_SET_PDEATHSIG and PR_SET_DUMPABLE: they would undo a protection. Not PR_SET_SECCOMP:
    # filters can kill, too.
    "prctl": (_only(_low(0), _PRCTL_OPTIONS, otherwise=_EPERM),),
    # Not F_SETOWN, F_SETSIG, F_SETLEASE, F_NOTIFY, and not FIOSETOWN below: the kernel would send
    # a signal to another process. Not F_SETPIPE_SZ: that memory is not counted. Not F_OFD_SETLK:
    # its locks live as long as a map of the file, so that no limit counts them.
    "fcntl": (_only(_low(1), _FCNTL_COMMANDS, otherwise=_EPERM),),
    # A guest can drop shared memory from its address space, and hold it where nobody sees it.
    # (`sandbox/guest/anonymous_maps.py` makes the maps of honest programs private.)
    "mmap": (_if(_low(3), (_SHARED_MEMORY,), fate=_EPERM, mask=_SHARED_MEMORY),),
    "ioctl": (_only(_low(1), _IOCTL_COMMANDS, otherwise=_EPERM),),
}


class _Writer:
    """Writes a program from its last instruction to its first.

    A filter only jumps forward, so every target is written before the jump to it. A position is
    counted from the end, and so does not change as the program grows. A jump spans at most 255
    instructions, so the whole program must be shorter; `struct` raises if it is not.
    """

    __slots__ = ("_last_first",)

    def __init__(self) -> None:
        self._last_first: list[tuple[int, int, int, int]] = []

    def add(self, code: int, value: int, *, yes: int = 0, no: int = 0) -> int:
        """Write an instruction that ends, or continues with the one written before it."""
        self._last_first.append((code, yes, no, value))
        return len(self._last_first) - 1

    def branch(self, test: int, value: int, *, yes: int, no: int) -> int:
        """Write a test of the loaded word that jumps to *yes* or *no*."""
        next_position = len(self._last_first) - 1
        return self.add(test, value, yes=next_position - yes, no=next_position - no)

    def pieces(self) -> tuple[bytes, ...]:
        """Pack the program, cut at each position of the guest's pid."""
        pieces = [bytearray()]
        for code, yes, no, value in reversed(self._last_first):
            pieces[-1] += struct.pack("=HBB", code, yes, no)
            if value == _OWN_PID:
                pieces.append(bytearray())
            else:
                pieces[-1] += struct.pack("=I", value)
        return tuple(map(bytes, pieces))


class FilterTemplate:
    """A filter without the pid of its guest."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        """Store the *pieces*; the pid goes between them."""
        self._pieces = pieces

    def for_pid(self, own_pid: int) -> bytes:
        """Return the filter, an array of `struct sock_filter`, for the guest with this pid."""
        # For `kill`, 0 and negative numbers are many processes.
        if not 0 < own_pid <= _HIGHEST_PID:
            raise SandboxError(f"pid: {own_pid} is not one process")
        return PID.pack(own_pid).join(self._pieces)

    def pid_offsets(self) -> tuple[int, ...]:
        """Return where the filter of any guest holds its pid, as `PID`."""
        ends = accumulate(map(len, self._pieces[:-1]))
        return tuple(end + number * PID.size for number, end in enumerate(ends))


def prepare_filter(machine: str) -> FilterTemplate:
    """Write what the filters of all guests on this *machine* have in common."""
    if machine not in _MACHINES:
        raise SandboxError(f"no system call numbers for machine {machine!r}")
    machine_code, column = _MACHINES[machine]
    writer = _Writer()
    fates = (_ALLOW, _EPERM, _ENOSYS, _ENOTSUP, _IGNORE, _KILL)
    ends = {fate: writer.add(_RETURN, fate) for fate in fates}
    guards = _write_guards(writer, ends)
    runs = _find_runs(_find_targets(column, guards, ends), otherwise=ends[_ENOSYS])
    if machine == "x86_64":
        runs.append((_X32_BIT, ends[_KILL]))
    _write_search(writer, runs)
    right_machine = writer.add(_LOAD, _NUMBER_WORD)
    writer.branch(_IF_EQUAL, machine_code, yes=right_machine, no=ends[_KILL])
    writer.add(_LOAD, _MACHINE_WORD)
    return FilterTemplate(writer.pieces())


def _write_guards(writer: _Writer, ends: dict[int, int]) -> dict[str, int]:
    """Write the tests of guarded calls; return the position of each call's tests."""
    # Calls with the same conditions share their tests.
    positions = {
        conditions: _write_guard(writer, conditions, ends)
        for conditions in dict.fromkeys(_GUARDS.values())
    }
    return {name: positions[conditions] for name, conditions in _GUARDS.items()}


def _write_guard(writer: _Writer, conditions: tuple[_Condition, ...], ends: dict[int, int]) -> int:
    """Write the tests that a call must pass, one condition after the other."""
    passed = ends[_ALLOW]
    for word, mask, values, inside, outside in reversed(conditions):
        yes = passed if inside is None else ends[inside]
        test = passed if outside is None else ends[outside]
        for value in values:
            test = writer.branch(_IF_EQUAL, value, yes=yes, no=test)
        if mask != _ALL_BITS:
            writer.add(_AND, mask)
        passed = writer.add(_LOAD, word)
    return passed


def _find_targets(column: int, guards: dict[str, int], ends: dict[int, int]) -> dict[int, int]:
    """Return the position to jump to for each number that a table has."""
    targets = {GUARDED[name][column]: position for name, position in guards.items()}
    fates = (
        (ALLOWED, _ALLOW),
        (KILLED, _KILL),
        (REFUSED, _EPERM),
        (UNSUPPORTED, _ENOTSUP),
        (ABSENT, _ENOSYS),
    )
    for groups, fate in fates:
        targets |= {numbers[column]: ends[fate] for numbers in flatten(groups).values()}
    return {number: position for number, position in targets.items() if number is not None}


def _find_runs(targets: dict[int, int], *, otherwise: int) -> list[tuple[int, int]]:
    """Group consecutive numbers with one target; return the start of each group, in order."""
    runs = [(0, targets.get(0, otherwise))]
    for number in range(1, max(targets) + 2):
        target = targets.get(number, otherwise)
        if target != runs[-1][1]:
            runs.append((number, target))
    return runs


def _write_search(writer: _Writer, runs: list[tuple[int, int]]) -> int:
    """Write a binary search for the run that holds the loaded number."""
    if len(runs) == 1:
        return runs[0][1]
    middle = len(runs) // 2
    above = _write_search(writer, runs[middle:])
    below = _write_search(writer, runs[:middle])
    return writer.branch(_IF_AT_LEAST, runs[middle][0], yes=above, no=below)
