"""The seccomp filter, installed in real processes of this host's kernel."""

import os
import signal
import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

NO_FILTERS_HERE = 77

# What a guest does last before the candidate's code. No core file for those that die.
INSTALL = f"""
import ctypes, os, resource, sys
from nova_code_verifier.sandbox.confinement.seccomp import build_filter

class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]

packed = build_filter(os.uname().machine, own_pid=os.getpid())
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
    first.touch()
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
    "chmod": "os.chmod('.', 0o700)",
    "truncate": "os.truncate('no such file', 0)",
    "setsid": "os.setsid()",
    "mkfifo": "os.mkfifo('no such folder/x')",
    "datagram pair": "import socket; socket.socketpair(type=socket.SOCK_DGRAM)",
    "owner of a descriptor": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "limits of the parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "niceness of the user": "os.setpriority(os.PRIO_USER, 0, 5)",
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


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is a matter of x86_64")
def test_an_x32_call_is_killed() -> None:
    """`getpid` by its x32 number is fatal, though `getpid` is allowed."""
    assert run_filtered("libc.syscall(0x40000000 + 39)").returncode == -signal.SIGSYS


def test_the_filter_cannot_be_replaced() -> None:
    """A second filter is refused."""
    again = "print(libc.prctl(22, 2, ctypes.byref(program), 0, 0) == -1)"

    assert run_filtered(again).stdout == "True\n"
