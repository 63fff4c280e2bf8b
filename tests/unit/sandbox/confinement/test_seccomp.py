"""The seccomp filter, run by our own BPF machine for every supported machine.

`test_seccomp_kernel.py` runs it in this host's kernel.
"""

import subprocess
import sys
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.confinement.seccomp import _GUARDS, PID, prepare_filter
from nova_code_verifier.sandbox.confinement.syscalls import (
    ABSENT,
    ALLOWED,
    GUARDED,
    KILLED,
    REFUSED,
    UNSUPPORTED,
    Groups,
    flatten,
)
from nova_code_verifier.sandbox.errors import SandboxError
from tests.paths import REPOSITORY
from tests.unit.sandbox.confinement import bpf_machine

OWN_PID = 4711
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
ALL_CODES = (0xC000003E, 0xC00000B7, 0x40000003, 0x40000028)  # those of 32-bit code, too
TEMPLATES = {machine: prepare_filter(machine) for machine in MACHINES}
PROGRAMS = {machine: TEMPLATES[machine].for_pid(OWN_PID) for machine in MACHINES}

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, ENOTSUP, IGNORE = 0x00050001, 0x00050026, 0x0005005F, 0x00050000
FATES = (
    *((ALLOWED, ALLOW), (KILLED, KILL), (REFUSED, EPERM)),
    *((ABSENT, ENOSYS), (UNSUPPORTED, ENOTSUP)),
)
ALL_NUMBERS = dict(GUARDED)
for _groups, _ in FATES:
    ALL_NUMBERS |= flatten(_groups)

LONGS = st.integers(min_value=0, max_value=2**64 - 1)
HALVES = st.integers(min_value=0, max_value=2**32 - 1)
SMALL = st.integers(min_value=0, max_value=600)
ARGUMENTS = st.tuples(LONGS, LONGS, LONGS, LONGS, LONGS, LONGS)

THREAD = 0x003D0F00  # what glibc passes to `clone`
MUSL_THREAD = 0x007D0F00
SIGKILL, SIGCHLD = 9, 17


def decide(machine: str, call: str | int, *arguments: int, own_pid: int = OWN_PID) -> int:
    """Return what a machine's filter says about a call, by name or number."""
    code, column = MACHINES[machine]
    number = ALL_NUMBERS[call][column] if isinstance(call, str) else call
    assert number is not None
    program = TEMPLATES[machine].for_pid(own_pid)
    return bpf_machine.run(program, machine=code, number=number, arguments=arguments)


def decide_all(machine: str, names: Iterable[str]) -> set[int]:
    """Return what a machine's filter says about those of the calls that it has."""
    column = MACHINES[machine][1]
    return {decide(machine, name) for name in names if ALL_NUMBERS[name][column] is not None}


on_every_machine = pytest.mark.parametrize("machine", MACHINES)


@on_every_machine
def test_the_kernel_would_accept_the_program(machine: str) -> None:
    """Every instruction is one that seccomp allows, and every jump stays in the program."""
    assert bpf_machine.find_fault(PROGRAMS[machine]) is None


@on_every_machine
def test_the_program_is_small(machine: str) -> None:
    """A filter, which runs at every call of every guest, has at most 256 instructions."""
    assert len(PROGRAMS[machine]) <= 256 * 8


@on_every_machine
def test_a_template_can_be_used_again(machine: str) -> None:
    """A template that was used before gives the same filter as a new one."""
    template = prepare_filter(machine)
    template.for_pid(1)

    assert template.for_pid(OWN_PID) == prepare_filter(machine).for_pid(OWN_PID)


@on_every_machine
def test_a_filter_becomes_that_of_another_guest_when_its_pids_are_replaced(machine: str) -> None:
    """A zygote prepares the filter, and its guest writes its own pid at the offsets."""
    template = TEMPLATES[machine]
    program = bytearray(template.for_pid(1))

    for offset in template.pid_offsets():
        PID.pack_into(program, offset, OWN_PID)

    assert program == PROGRAMS[machine]


@pytest.mark.parametrize("own_pid", [0, -1, -OWN_PID, 2**31, 2**32 + 1])
def test_a_pid_that_means_many_processes_is_refused(own_pid: int) -> None:
    """With 0 or -1, `kill` would reach other processes."""
    with pytest.raises(SandboxError):
        prepare_filter("x86_64").for_pid(own_pid)


def test_an_unknown_machine_is_refused() -> None:
    """Without the numbers of a machine there is no filter."""
    with pytest.raises(SandboxError, match="riscv64"):
        prepare_filter("riscv64")


def test_every_guarded_call_has_conditions() -> None:
    """The table of guarded calls and the conditions have the same names."""
    assert GUARDED.keys() == _GUARDS.keys()


@on_every_machine
@pytest.mark.parametrize(("groups", "fate"), FATES)
def test_every_call_of_a_table_has_the_fate_of_the_table(
    machine: str, groups: Groups, fate: int
) -> None:
    """The filter does what the table says: it allows, kills, or returns an error."""
    assert decide_all(machine, flatten(groups)) == {fate}


@on_every_machine
def test_numbers_between_known_ones_do_not_exist(machine: str) -> None:
    """The search never takes a number for its neighbour."""
    named = {numbers[MACHINES[machine][1]] for numbers in ALL_NUMBERS.values()}

    assert {decide(machine, number) for number in range(1000) if number not in named} == {ENOSYS}


@on_every_machine
@given(number=SMALL | st.integers(min_value=0, max_value=0x3FFFFFFF), rest=ARGUMENTS)
def test_an_unknown_call_does_not_exist(machine: str, number: int, rest: tuple[int, ...]) -> None:
    """A number in no table gets ENOSYS, whatever its arguments."""
    named = {numbers[MACHINES[machine][1]] for numbers in ALL_NUMBERS.values()}

    assert number in named or decide(machine, number, *rest) == ENOSYS


@given(number=SMALL | st.integers(min_value=0, max_value=0xBFFFFFFF), rest=ARGUMENTS)
def test_an_x32_call_is_fatal(number: int, rest: tuple[int, ...]) -> None:
    """Every call by an x32 number kills the process."""
    assert decide("x86_64", 0x40000000 + number, *rest) == KILL


@on_every_machine
@given(code=st.sampled_from(ALL_CODES) | HALVES, number=SMALL | HALVES, rest=ARGUMENTS)
def test_a_call_of_another_machine_is_fatal(
    machine: str, code: int, number: int, rest: tuple[int, ...]
) -> None:
    """Calls of another machine, such as 32-bit code, kill the process."""
    if code != MACHINES[machine][0]:
        program = PROGRAMS[machine]
        assert bpf_machine.run(program, machine=code, number=number, arguments=rest) == KILL


@on_every_machine
@pytest.mark.parametrize("flags", [THREAD, MUSL_THREAD, 0x00050F00])
def test_a_thread_may_be_started(machine: str, flags: int) -> None:
    """`clone` passes with the flags that glibc, musl and Go use for threads."""
    assert decide(machine, "clone", flags) == ALLOW


@on_every_machine
@pytest.mark.parametrize(
    "flags",
    [
        SIGCHLD,
        0x01200000 | SIGCHLD,  # os.fork
        0x00004100 | SIGCHLD,  # posix_spawn: CLONE_VM, CLONE_VFORK
        *(THREAD & ~needed for needed in (0x100, 0x800, 0x10000)),
        *(THREAD | new for new in (0x20000, 0x2000000, 0x4000000, 0x8000000)),
        *(THREAD | new for new in (0x10000000, 0x20000000, 0x40000000)),
        THREAD | SIGCHLD,
        THREAD | 1 << 32,
        THREAD << 32,
    ],
)
def test_a_process_may_not_be_started(machine: str, flags: int) -> None:
    """`clone` for anything but a thread kills the process."""
    assert decide(machine, "clone", flags) == KILL


@on_every_machine
@given(flags=LONGS | HALVES | HALVES.map(lambda flags: flags | THREAD))
def test_clone_passes_only_for_threads(machine: str, flags: int) -> None:
    """Of all flags, only those of a thread without a namespace pass."""
    new_namespaces = 0x7E020080

    if decide(machine, "clone", flags) == ALLOW:
        assert flags & 0x10900 == 0x10900
        assert flags & new_namespaces == 0
        assert flags < 2**32


@on_every_machine
@pytest.mark.parametrize("name", ["kill", "tgkill"])
@given(own_pid=st.integers(min_value=1, max_value=2**22), target=LONGS)
def test_a_process_can_signal_only_itself(
    machine: str, name: str, own_pid: int, target: int
) -> None:
    """The filter reads 32 bits of a pid, as the kernel does."""
    for argument in (target, own_pid, target >> 32 << 32 | own_pid, own_pid << 32, 0, -1, -own_pid):
        expected = ALLOW if argument % 2**32 == own_pid else KILL
        assert decide(machine, name, argument, own_pid=own_pid) == expected


@on_every_machine
@pytest.mark.parametrize(("name", "before"), [("kill", (OWN_PID,)), ("tgkill", (OWN_PID, 4712))])
@given(high=HALVES)
def test_a_process_cannot_kill_itself(
    machine: str, name: str, before: tuple[int, ...], high: int
) -> None:
    """SIGKILL is refused, whatever the high half; all other signals pass."""
    fates = [decide(machine, name, *before, high << 32 | number) for number in range(65)]

    assert fates == [EPERM if number == SIGKILL else ALLOW for number in range(65)]


RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_STACK, RLIMIT_NOFILE, RLIMIT_RTTIME = 0, 1, 3, 7, 15
NEW_LIMIT = 0x7FFC00000000  # an address whose low half is zero


@on_every_machine
@pytest.mark.parametrize("target", [0, OWN_PID, 1 << 32])
@pytest.mark.parametrize("limit", [RLIMIT_CPU, RLIMIT_STACK, RLIMIT_RTTIME])
def test_a_process_can_read_its_own_limits(machine: str, target: int, limit: int) -> None:
    """`prlimit64` passes without a new limit, whatever the limit."""
    assert decide(machine, "prlimit64", target, limit, 0) == ALLOW


@on_every_machine
@pytest.mark.parametrize("target", [1, -1, OWN_PID + 1])
@pytest.mark.parametrize("new", [0, NEW_LIMIT])
def test_a_process_cannot_use_the_limits_of_others(machine: str, target: int, new: int) -> None:
    """`prlimit64` is refused for other processes."""
    assert decide(machine, "prlimit64", target, RLIMIT_STACK, new) == EPERM


@on_every_machine
@pytest.mark.parametrize("new", [NEW_LIMIT, 1, 1 << 32])
@pytest.mark.parametrize(
    ("limit", "fate"),
    [
        *((limit, ALLOW) for limit in (RLIMIT_FSIZE, RLIMIT_STACK, RLIMIT_NOFILE)),
        *((limit, EPERM) for limit in (RLIMIT_CPU, RLIMIT_RTTIME, 16, -1, 1 << 32)),
    ],
)
def test_a_process_cannot_let_the_kernel_kill_it(
    machine: str, new: int, limit: int, fate: int
) -> None:
    """Limits of processor time, beyond which the kernel sends SIGKILL, do not change."""
    assert decide(machine, "prlimit64", OWN_PID, limit, new) == fate
    assert decide(machine, "setrlimit", limit, new) == fate


@on_every_machine
@pytest.mark.parametrize(
    ("family", "kind", "fate"),
    [
        (1, 1, EPERM),
        (1, 2, EPERM),
        (2, 2, EPERM),  # libuuid
        (2, 2 | 0o2004000, EPERM),  # SOCK_CLOEXEC, SOCK_NONBLOCK
        (10, 1, EPERM),  # urllib3
        (16, 2, EPERM),
        *((family, 1, KILL) for family in (2, 16, 17, 40)),
        *((family, 3, KILL) for family in (2, 16, 17)),
        (2, 1 | 0o2004000, KILL),
    ],
)
def test_a_socket_is_refused_or_fatal(machine: str, family: int, kind: int, fate: int) -> None:
    """Libraries try local sockets, datagrams and IPv6 in passing, so those get an error only."""
    assert decide(machine, "socket", family, kind) == fate


@on_every_machine
@given(family=LONGS | SMALL, kind=LONGS | SMALL, protocol=LONGS)
def test_no_socket_is_allowed(machine: str, family: int, kind: int, protocol: int) -> None:
    """Whatever its arguments, `socket` never returns one."""
    assert decide(machine, "socket", family, kind, protocol) != ALLOW


@on_every_machine
@pytest.mark.parametrize(
    ("family", "kind", "fate"),
    [
        (1, 1, ALLOW),
        (1, 1 | 0o2004000, ALLOW),  # SOCK_CLOEXEC, SOCK_NONBLOCK
        (1, 2, EPERM),  # SOCK_DGRAM
        (1, 3, EPERM),  # SOCK_RAW: for this family, a datagram socket again
        (1, 5, EPERM),
        (2, 1, KILL),
        (30, 1, KILL),
        (16, 1, KILL),
    ],
)
def test_a_socket_pair_is_a_local_stream(machine: str, family: int, kind: int, fate: int) -> None:
    """`socketpair` passes only for the one kind that reaches no other process."""
    assert decide(machine, "socketpair", family, kind) == fate


@on_every_machine
@pytest.mark.parametrize(
    ("level", "option", "fate"),
    [
        *((1, option, ALLOW) for option in (20, 21)),  # SO_RCVTIMEO, SO_SNDTIMEO
        *((1, option, IGNORE) for option in (7, 8)),  # SO_SNDBUF, SO_RCVBUF
        *((1, option, EPERM) for option in (26, 32, 33, 50)),  # filters, SO_{SND,RCV}BUFFORCE
        (0, 8, EPERM),
    ],
)
def test_a_socket_has_timeouts_only(machine: str, level: int, option: int, fate: int) -> None:
    """Its buffers keep their size, and no BPF program can be attached."""
    assert decide(machine, "setsockopt", 3, level, option) == fate


ARGUMENT_OF = {"prctl": 0, "fcntl": 1, "ioctl": 1}
COMMANDS = {
    "prctl": {15, 16, 0x53564D41},
    "fcntl": {0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032},
    "ioctl": {0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A},
}


@on_every_machine
@pytest.mark.parametrize("name", COMMANDS)
@given(command=HALVES | st.integers(0, 1100) | st.integers(0x5400, 0x5480), high=HALVES)
def test_only_harmless_commands_pass(machine: str, name: str, command: int, high: int) -> None:
    """A short list of `prctl`, `fcntl` and `ioctl` commands passes, whatever the high half."""
    for low in (command, *COMMANDS[name]):
        arguments = [0, 0, 0]
        arguments[ARGUMENT_OF[name]] = high << 32 | low
        assert decide(machine, name, *arguments) == (ALLOW if low in COMMANDS[name] else EPERM)


@on_every_machine
@pytest.mark.parametrize(
    ("name", "commands"),
    [
        # F_{SETOWN,SETSIG,SETOWN_EX,SETLEASE,NOTIFY,SETPIPE_SZ}
        ("fcntl", [8, 10, 15, 37, 38, 1024, 1026, 1031]),
        ("ioctl", [0x8901, 0x5412, 0x5452]),  # FIOSETOWN, TIOCSTI, FIOASYNC
    ],
)
def test_a_descriptor_cannot_signal_another_process(
    machine: str, name: str, commands: list[int]
) -> None:
    """No command lets the kernel send a signal, or types into a terminal."""
    assert {decide(machine, name, 0, command) for command in commands} == {EPERM}


def test_importing_the_module_loads_nothing_heavy() -> None:
    """It does not load ctypes either, which could install a filter."""
    heavy = "{'ctypes', 'dataclasses', 'enum', 're', 'typing', 'inspect'}"
    check = (
        f"import sys; import nova_code_verifier.sandbox.confinement.seccomp;"
        f"print({heavy} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-S", "-c", check],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"
