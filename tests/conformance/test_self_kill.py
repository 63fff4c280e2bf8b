"""No guest can end itself by SIGKILL.

The keeper sends SIGKILL, and the kernel does so for want of memory. A guest that could, too, would
look like one that was killed by no fault of its own.
"""

import signal
from collections.abc import Callable

import pytest

from nova_code_verifier.sandbox.types import Ending, Execution

# Where a guest finds no ctypes, it ends with an ImportError.
HELPERS = """
import os, resource, signal, threading, time
def original(function):
    while hasattr(function, '__wrapped__'): function = function.__wrapped__
    return function
def native():
    import ctypes
    return ctypes, ctypes.CDLL(None, use_errno=True)
CPU = resource.getrlimit(resource.RLIMIT_CPU)
"""

SIGNALS = {
    "os.kill": "os.kill(os.getpid(), 9)",
    "os.kill, a number that lies": """
class Liar(int):
    def __eq__(self, other): return False
    __hash__ = int.__hash__
os.kill(os.getpid(), Liar(9))
""",
    "raise_signal": "signal.raise_signal(9)",
    "raise_signal of the native module": "import _signal; _signal.raise_signal(signal.SIGKILL)",
    "pthread_kill": "signal.pthread_kill(threading.get_ident(), 9)",
    "pthread_kill from a thread": """
main = threading.get_ident()
thread = threading.Thread(target=lambda: signal.pthread_kill(main, 9))
thread.start(); thread.join()
""",
    "pidfd": "signal.pidfd_send_signal(os.pidfd_open(os.getpid()), 9)",
    "the group": "os.killpg(0, 9)",
    "kill by ctypes": "ctypes, libc = native(); libc.kill(os.getpid(), 9)",
    "raise by ctypes": "ctypes, libc = native(); libc['raise'](9)",
    "tgkill": "ctypes, libc = native(); libc.tgkill(os.getpid(), threading.get_native_id(), 9)",
    "tkill": "ctypes, libc = native(); libc.syscall(200, threading.get_native_id(), 9)",
    "sigqueue": "ctypes, libc = native(); libc.sigqueue(os.getpid(), 9, None)",
    "pthread_sigqueue": """
ctypes, libc = native()
libc.pthread_self.restype = ctypes.c_void_p
libc.pthread_sigqueue(ctypes.c_void_p(libc.pthread_self()), 9, None)
""",
    "a timer": """
ctypes, libc = native()
event = (ctypes.c_int * 16)(0, 0, 9, 0)  # struct sigevent: SIGEV_SIGNAL, SIGKILL
timer = ctypes.c_void_p()
libc.timer_create(1, event, ctypes.byref(timer))
libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1), None)
time.sleep(0.2)
""",
    "the signal of a descriptor": """
import fcntl, socket
left, right = socket.socketpair()
for command, value in ((10, 9), (8, os.getpid()), (4, 0o20000 | 2)):  # F_SETSIG, F_SETOWN, O_ASYNC
    try: fcntl.fcntl(left, command, value)
    except OSError: pass
right.send(b'x')
""",
    "a message queue": """
ctypes, libc = native()
queue = libc.mq_open(b'/made-by-a-guest', 0o102, 0o600, None)
libc.mq_notify(queue, (ctypes.c_int * 16)(0, 0, 9, 0))
libc.mq_send(queue, b'x', 1, 0); libc.mq_unlink(b'/made-by-a-guest')
time.sleep(0.2)
""",
    "the audit hook, without a channel": "os.close(3); os.fork()",
    "the audit hook, with SIGABRT ignored": """
os.close(3); signal.signal(signal.SIGABRT, signal.SIG_IGN); os.fork()
""",
}

# What ends a process by SIGKILL later: they print CHANGED if the kernel granted it.
SETTINGS = {
    "a limit of processor time": "original(resource.setrlimit)(resource.RLIMIT_CPU, (1, 1))",
    "a limit of processor time, by prlimit": "resource.prlimit(0, resource.RLIMIT_CPU, (1, 1))",
    "a limit of processor time, by prlimit for this process": """
resource.prlimit(os.getpid(), resource.RLIMIT_CPU, (1, 1))
""",
    "a limit of processor time, by ctypes": """
ctypes, libc = native()
limit = (ctypes.c_long * 2)(1, 1)
libc.setrlimit(0, limit); libc.syscall(160, 0, limit); libc.syscall(302, 0, 0, limit, 0)
""",
    "a limit of time without sleep": """
ctypes, libc = native()
if libc.setrlimit(15, (ctypes.c_long * 2)(1, 1)) == 0: print('CHANGED')
""",
    "the end of the parent": """
ctypes, libc = native()
if libc.prctl(1, 9, 0, 0, 0) == 0: print('CHANGED')
""",
    "a filter": """
ctypes, libc = native()
program = (ctypes.c_ulong * 2)(1, ctypes.addressof(kill := (ctypes.c_ulong * 1)(0x6)))
if libc.prctl(22, 2, program, 0, 0) == 0 or libc.syscall(317, 1, 0, program) == 0: print('CHANGED')
""",
}
IS_SAME = "\nif resource.getrlimit(resource.RLIMIT_CPU) != CPU: print('CHANGED')"


@pytest.mark.parametrize("name", SIGNALS)
def test_a_guest_cannot_send_itself_sigkill(name: str, run: Callable[..., Execution]) -> None:
    """It ends in another way, or goes on."""
    execution = run(HELPERS + SIGNALS[name])

    assert execution.signal != signal.SIGKILL
    assert execution.ending in {Ending.FINISHED, Ending.CRASHED, Ending.FORBIDDEN}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_guest_cannot_let_the_kernel_send_it(name: str, run: Callable[..., Execution]) -> None:
    """No setting changes that would make the kernel do so."""
    attempt = "\n".join("    " + line for line in SETTINGS[name].strip().splitlines())
    program = f"{HELPERS}try:\n{attempt}\nexcept (OSError, ImportError, ValueError): pass{IS_SAME}"

    execution = run(program + "\nprint('END')")

    assert (execution.ending, execution.stdout) == (Ending.FINISHED, b"END\n")


def test_a_program_may_try_to_limit_its_time(run: Callable[..., Execution]) -> None:
    """The call succeeds, and the guest keeps the limit that it had."""
    program = "import resource as r\nbefore = r.getrlimit(0)\nr.setrlimit(r.RLIMIT_CPU, (1, 2))\n"
    program += "print(before == r.getrlimit(0), before[0] > 5)"

    execution = run(program, cpu_seconds=5)

    assert (execution.ending, execution.stdout) == (Ending.FINISHED, b"True True\n")
