"""The tables of system calls, compared with kernel headers, libseccomp, and lists made by hand."""

import ctypes
import re
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.confinement.syscalls import (
    ABSENT,
    ALLOWED,
    GUARDED,
    KILLED,
    REFUSED,
    UNSUPPORTED,
    Numbers,
    flatten,
)

GROUPS = (ALLOWED, KILLED, REFUSED, UNSUPPORTED, ABSENT)
TABLES = (*map(flatten, GROUPS), GUARDED)
ALL_NUMBERS: dict[str, Numbers] = {}
for _table in TABLES:
    ALL_NUMBERS |= _table

# The column of each machine, and where its headers are on a Linux host.
COLUMNS = {"x86_64": 0, "aarch64": 1}
HEADERS = {
    "x86_64": ["x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"],
    "aarch64": ["asm-generic/unistd.h"],
}
# The headers name these, too: no kernel has them on these machines, they are not calls at all, or
# they are newer than their numbers.
NOT_THERE = """
    create_module get_kernel_syms query_module getpmsg putpmsg afs_syscall tuxcall security vserver
    set_thread_area get_thread_area epoll_ctl_old epoll_wait_old arch_specific_syscall syscalls
    uretprobe uprobe
"""
NEWEST = 450  # the last call of Linux 6.1
# libseccomp knows the numbers of all machines.
LIBSECCOMP = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# By hand, so that losing one of these from a table does not go unnoticed.
NEEDED = """
    read write readv writev pread64 pwrite64 lseek open openat close fstat newfstatat statx
    stat access faccessat getdents64 getcwd chdir mkdir unlink rename linkat symlinkat readlink
    ftruncate fsync dup dup2 pipe pipe2 poll ppoll select pselect6 epoll_create1
    epoll_ctl epoll_wait epoll_pwait eventfd2 timerfd_create munmap mprotect mremap madvise
    brk futex set_robust_list rseq sched_yield sched_getaffinity nanosleep clock_nanosleep
    clock_gettime rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack setitimer alarm getpid
    gettid getuid getrusage uname sysinfo getrandom exit exit_group wait4
    sendto recvfrom recvmsg getsockopt flock copy_file_range sendfile
"""
FATAL = """
    connect bind listen accept accept4 fork vfork execve execveat ptrace
    process_vm_readv process_vm_writev io_uring_setup io_uring_enter io_uring_register
    unshare setns mount umount2 fsopen fsmount move_mount mount_setattr open_tree pivot_root
    chroot bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module
    finit_module delete_module reboot swapon swapoff pidfd_getfd pidfd_send_signal
    rt_sigqueueinfo rt_tgsigqueueinfo tkill process_madvise ioperm iopl modify_ldt keyctl add_key
    request_key quotactl acct setuid setgid setreuid setresuid setgroups setfsuid capset personality
"""
TRIED = """
    memfd_create shmget shmat msgget semget mq_open inotify_init1 fanotify_init chmod fchmod
    fchmodat chown fchown fchownat truncate utimensat utime mknod mknodat setsid setpgid
    sendmsg sendmmsg timer_create
    sethostname syslog sync seccomp landlock_create_ruleset landlock_restrict_self pidfd_open
    mlock splice tee vmsplice io_setup open_by_handle_at settimeofday memfd_secret mincore
    sched_setaffinity setpriority name_to_handle_at fanotify_mark signalfd4
"""


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_those_of_the_headers(machine: str) -> None:
    """Every number, and every missing one, agrees with this host's kernel headers."""
    theirs = _read_header(machine)
    ours = {name: numbers[COLUMNS[machine]] for name, numbers in ALL_NUMBERS.items()}

    assert ours == {name: theirs.get(name) for name in ours}


@pytest.mark.parametrize("machine", HEADERS)
def test_every_call_of_the_kernel_is_in_a_table(machine: str) -> None:
    """No call up to Linux 6.1 is forgotten."""
    ours = {numbers[COLUMNS[machine]] for numbers in ALL_NUMBERS.values()}
    theirs = _read_header(machine)

    # The names that end in `64` are those of 32-bit machines.
    forgotten = {n for n, number in theirs.items() if number <= NEWEST and number not in ours}
    forgotten -= set(NOT_THERE.split())
    assert {name for name in forgotten if not name.endswith("64")} == set()


@pytest.mark.parametrize("machine", LIBSECCOMP)
def test_the_numbers_are_those_of_libseccomp(machine: str) -> None:
    """Of the calls that libseccomp knows on a machine, it knows the same numbers."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("no libseccomp here")
    ours = {name: numbers[COLUMNS[machine]] for name, numbers in ALL_NUMBERS.items()}
    theirs = {
        name: library.seccomp_syscall_resolve_name_arch(LIBSECCOMP[machine], name.encode())
        for name in ours
    }

    # It gives negative numbers to what a machine does not have, and to what it does not know.
    known = {name: number for name, number in theirs.items() if number >= 0}
    assert len(known) > 250
    assert known == {name: ours[name] for name in known}


def _read_header(machine: str) -> dict[str, int]:
    """Read the numbers from the kernel headers; skip the test if there are none."""
    found = [path for name in HEADERS[machine] if (path := Path("/usr/include", name)).exists()]
    if not found:
        pytest.skip("no kernel headers for this machine")
    text = found[0].read_text()
    numbers = {name: int(n) for name, n in re.findall(r"#define __NR_(\w+)\s+(\d+)", text)}
    wide = {name: int(n) for name, n in re.findall(r"#define __NR3264_(\w+)\s+(\d+)", text)}
    aliases = re.findall(r"#define __NR_(\w+)\s+__NR3264_(\w+)", text)
    return numbers | {name: wide[other] for name, other in aliases if other in wide}


def test_a_call_is_in_one_table() -> None:
    """No call is in two tables, of which one would silently win."""
    assert sum(map(len, TABLES)) == len(ALL_NUMBERS)


@pytest.mark.parametrize("machine", COLUMNS)
def test_a_number_belongs_to_one_call(machine: str) -> None:
    """No two calls have the same number on one machine."""
    numbers = [numbers[COLUMNS[machine]] for numbers in ALL_NUMBERS.values()]
    known = [number for number in numbers if number is not None]

    assert len(set(known)) == len(known)


def test_the_calls_of_honest_programs_are_allowed() -> None:
    """The calls of honest programs are in the table of allowed ones."""
    assert set(NEEDED.split()) <= flatten(ALLOWED).keys()


def test_the_calls_of_attacks_are_fatal() -> None:
    """The calls of attacks are in the table of fatal ones."""
    assert set(FATAL.split()) <= flatten(KILLED).keys()


def test_calls_that_libraries_try_are_refused() -> None:
    """They are in the table of calls that fail with an error."""
    assert set(TRIED.split()) <= flatten(REFUSED).keys()


def test_every_group_has_a_reason() -> None:
    """The key of a group is a sentence."""
    reasons = [reason for groups in GROUPS for reason in groups]

    assert all(reason.endswith(".") and " " in reason for reason in reasons)
    assert len(set(reasons)) == len(reasons)
