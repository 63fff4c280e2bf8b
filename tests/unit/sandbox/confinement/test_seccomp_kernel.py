"""The seccomp filter, installed in real processes of this host's kernel."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterable

import pytest

from nova_code_verifier.sandbox.confinement.seccomp import prepare_filter
from tests.paths import REPOSITORY
from tests.unit.sandbox.confinement import bpf_machine

NO_FILTERS_HERE = 77

# The last steps of a guest before the candidate's code. Processes that die leave no core file.
INSTALL = f"""
import ctypes, os, resource, sys
from nova_code_verifier.sandbox.confinement.seccomp import prepare_filter

class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]

packed = prepare_filter(os.uname().machine).for_pid(os.getpid())
buffer = ctypes.create_string_buffer(packed, len(packed))
program = Program(len(packed) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    sys.exit({NO_FILTERS_HERE})
"""

pytestmark = pytest.mark.skipif(
    os.uname().machine not in {"x86_64", "aarch64"}, reason="no filter for this machine"
)


def run_filtered(code: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a new Python process under the filter."""
    command = [sys.executable, "-c", INSTALL + code]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode == NO_FILTERS_HERE:
        pytest.skip("this kernel grants no seccomp filters")
    return done


ATTACKS = {
    "internet socket": "import socket; socket.socket()",
    "fork": "os.fork()",
    "posix_spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "subprocess": "import subprocess; subprocess.run(['/bin/true'])",
    "exec": "os.execv('/bin/true', ['true'])",
    "signal to the parent": "os.kill(os.getppid(), 0)",
    "signal to the group": "os.kill(0, 0)",
    "signal to all": "os.kill(-1, 0)",
    "setuid": "os.setuid(os.getuid())",
    "socket from a thread": "import socket, threading; "
    "thread = threading.Thread(target=socket.socket); thread.start(); thread.join()",
}

HONEST = {
    "threads": """
import threading
seen = []
threads = [threading.Thread(target=seen.append, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(seen) == list(range(8)))
""",
    "asyncio": """
import asyncio
async def main():
    await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(3)), asyncio.to_thread(len, []))
    return True
print(asyncio.run(main()))
""",
    "files": """
import pathlib, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    first, second = pathlib.Path(folder, 'a'), pathlib.Path(folder, 'b')
    first.write_text('hello')
    shutil.copyfile(first, second)
    second.rename(pathlib.Path(folder, 'c'))
    print(sorted(os.listdir(folder)) == ['a', 'c'] and first.read_text() == 'hello')
""",
    "signal to oneself": """
import signal, threading
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
print(len(seen) == 3)
""",
    "alarm": """
import signal
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.001)
signal.pause()
print(seen == [1])
""",
    "deep recursion": """
import threading
sys.setrecursionlimit(20_000)
resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))
threading.stack_size(64 * 2**20)
def depth(n): return depth(n - 1) + 1 if n else 0
seen = []
thread = threading.Thread(target=lambda: seen.append(depth(10_000)))
thread.start(); thread.join()
print(seen == [10_000])
""",
    "socket pair": """
import socket
left, right = socket.socketpair()
left.sendall(b'hello')
print(right.recv(5) == b'hello')
""",
    "big memory": "block = bytearray(2**26); block[-1] = 1; print(sum(block[-9:]) == 1)",
    "terminal size": "import shutil; print(shutil.get_terminal_size().columns > 0)",
    "random": "import random, secrets; print(len(secrets.token_bytes(9)) == 9)",
}

QUIET = {
    "memfd_create": "os.memfd_create('x')",
    "SIGKILL to itself": "os.kill(os.getpid(), 9)",
    "SIGKILL to its thread": "import threading, signal; "
    "signal.pthread_kill(threading.get_ident(), 9)",
    "SIGKILL raised": "import signal; signal.raise_signal(9)",
    "a limit of processor time": "resource.prlimit(0, resource.RLIMIT_CPU, (1, 1))",
    "times of a file": "os.utime('.')",
    "descriptors in a message": "import socket; left, right = socket.socketpair(); "
    "socket.send_fds(left, [b'x'], [0])",
    "niceness": "os.setpriority(os.PRIO_PROCESS, 0, 5)",
    "processors": "os.sched_setaffinity(0, [0])",
    "a bigger pipe": "import fcntl; fcntl.fcntl(os.pipe()[1], 1031, 2**20)",
    "pages in a pipe": "os.splice(os.open('/dev/zero', 0), os.pipe()[1], 4096)",
    "chmod": "os.chmod('.', 0o700)",
    "truncate": "os.truncate('no such file', 0)",
    "setsid": "os.setsid()",
    "mkfifo": "os.mkfifo('no such folder/x')",
    "datagram pair": "import socket; socket.socketpair(type=socket.SOCK_DGRAM)",
    "owner of a descriptor": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "limits of the parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
}


@pytest.mark.parametrize("code", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_killed_by_sigsys(code: str) -> None:
    """The whole process ends with SIGSYS, which the keeper can see."""
    assert run_filtered(code).returncode == -signal.SIGSYS


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST)
def test_an_honest_program_works(code: str) -> None:
    """Honest programs work as without a filter."""
    done = run_filtered(code)

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.parametrize("code", QUIET.values(), ids=QUIET)
def test_a_library_that_tries_a_call_gets_eperm(code: str) -> None:
    """The program goes on after the error."""
    caught = f"import errno\ntry: {code}\nexcept OSError as e: print(e.errno == errno.EPERM)"

    assert run_filtered(caught).stdout == "True\n"


def test_abort_ends_with_sigabrt() -> None:
    """A program that aborts is not mistaken for an attack."""
    assert run_filtered("os.abort()").returncode == -signal.SIGABRT


# Each call is made by a process of its own, under the filter of a guest. With -1 as every argument,
# no call that is allowed does anything, or fails with an error of the filter's: it finds neither a
# descriptor nor an address. (`futex` has no operation -1, and so gets 0; `pause` ends by an alarm.)
ASK = """
import ctypes, os, resource, signal, sys
from nova_code_verifier.sandbox.confinement.kernel import prepare_to_install_filter
from nova_code_verifier.sandbox.confinement.seccomp import prepare_filter

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
template = prepare_filter(os.uname().machine)
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
pause, futex = (34, 202) if os.uname().machine == "x86_64" else (None, 98)

def ask(number):
    install = prepare_to_install_filter(bytearray(template.for_pid(os.getpid())))
    call = [ctypes.c_long(number), *[ctypes.c_long(0 if number == futex else -1)] * 6]
    signal.setitimer(signal.ITIMER_REAL, 0.2 if number == pause else 60)
    install()
    failed = libc.syscall(*call) == -1
    os._exit(ctypes.get_errno() if failed else 0)

for number in eval(sys.stdin.read()):
    if not (pid := os.fork()):
        ask(number)
    status = os.waitpid(pid, 0)[1]
    print(number, -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
"""
X32 = 0x40000000
ERRORS = {0x00050000 | number: number for number in (errno.EPERM, errno.ENOSYS, errno.ENOTSUP)}
KILL = 0x80000000
# `uretprobe` and `uprobe` of x86_64: since Linux 6.11 and 6.18, the kernel does not ask a filter
# about them. They do nothing for a program that is not probed.
NEVER_ASKED = {335, 336}


def ask_kernel(numbers: Iterable[int]) -> dict[int, int]:
    """Return, for each call, the error number, or the negative number of the signal that killed."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=repr(list(numbers)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = (line.split() for line in done.stdout.splitlines())
    return {int(number): int(end) for number, end in lines}


def test_this_kernel_does_with_every_number_what_the_tables_say() -> None:
    """The program that our own machine runs and the kernel's filter agree on every number."""
    run_filtered("")  # skips where the kernel grants no filters
    machine = os.uname().machine
    code = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    program = prepare_filter(machine).for_pid(4711)
    numbers = [
        *sorted(set(range(520)) - NEVER_ASKED),
        *(1 << bit for bit in range(10, 31)),
        2**31 - 1,
        -(2**31),
        -1,
        -2,
    ]
    if machine == "x86_64":
        numbers += [X32 + number for number in range(520)]

    def fate(number: int) -> int | None:
        value = bpf_machine.run(
            program, machine=code, number=number % 2**32, arguments=(2**64 - 1,) * 6
        )
        return -signal.SIGSYS if value == KILL else ERRORS.get(value)

    found = ask_kernel(numbers)

    assert found.keys() == set(numbers)
    errors = {-signal.SIGSYS, *ERRORS.values()}
    seen = {number: end if end in errors else None for number, end in found.items()}
    assert seen == {number: fate(number) for number in numbers}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 has these calls")
def test_calls_that_no_filter_sees_do_nothing() -> None:
    """They end the program by SIGILL, or fail. They cannot end it by SIGKILL."""
    run_filtered("")  # skips where the kernel grants no filters
    kernel_errors = {errno.ENOSYS, errno.ENXIO, errno.EPROTO}

    assert set(ask_kernel(NEVER_ASKED).values()) <= {-signal.SIGILL, *kernel_errors}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is a matter of x86_64")
def test_an_x32_call_is_killed() -> None:
    """`getpid` by its x32 number is fatal, though `getpid` is allowed."""
    assert run_filtered("libc.syscall(0x40000000 + 39)").returncode == -signal.SIGSYS


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 runs code of i386")
def test_a_call_as_on_i386_is_killed() -> None:
    """`int 0x80` with the number of `getpid` on i386, which on x86_64 is that of `writev`."""
    code = """
import mmap
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
page = mmap.mmap(-1, 4096, flags, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex('b814000000 cd80 c3'))  # mov eax, 20; int 0x80; ret
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(call() == os.getpid())
"""
    plain = subprocess.run(
        [sys.executable, "-c", "import ctypes, os\n" + code],
        capture_output=True,
        text=True,
        check=False,
    )
    if plain.stdout != "True\n":
        pytest.skip("this kernel has no calls of i386")

    assert run_filtered(code).returncode == -signal.SIGSYS


def test_the_filter_cannot_be_replaced() -> None:
    """A second filter is refused."""
    again = "print(libc.prctl(22, 2, ctypes.byref(program), 0, 0) == -1)"

    assert run_filtered(again).stdout == "True\n"
