"""What a zygote makes of a kernel that fails: a refusal is not a shortage.

Each test runs in a process of its own, in which the kernel really fails a system call.
"""

import errno
import os
import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

START = """
import sys
from nova_code_verifier.sandbox.confinement import syscalls
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from tests.other_kernels import fail_call

calls = syscalls.flatten(syscalls.REFUSED) | syscalls.flatten(syscalls.KILLED)
fail_call(calls[sys.argv[1]], int(sys.argv[2]))
with LocalExecutor(workers=1) as executor:
    try:
        print(executor.level, end="")
    except SandboxError as error:
        print(type(error).__name__, error)
"""
SHORTAGES = [errno.EAGAIN, errno.ENOMEM]


def start(call: str, error: int) -> str:
    """Start an executor while a system call fails; return its level, or the error."""
    done = subprocess.run(
        [sys.executable, "-c", START, call, str(error)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _grants_landlock() -> bool:
    return start("acct", errno.EPERM) == "kernel" != start("landlock_restrict_self", errno.EPERM)


@pytest.fixture(scope="module", autouse=True)
def _kernel() -> None:
    if not _grants_landlock():
        pytest.skip("this kernel has no Landlock or no filters")


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_kernel_that_refuses_leads_to_the_weaker_level(error: int) -> None:
    """The executor starts over without the protection."""
    assert start("landlock_restrict_self", error) == "interpreter"


@pytest.mark.parametrize("error", SHORTAGES)
def test_a_shortage_never_leads_to_a_weaker_level(error: int) -> None:
    """It is an outage, which names the error."""
    outcome = start("landlock_restrict_self", error)

    assert outcome.startswith("WorkerLostError")
    assert os.strerror(error) in outcome
    assert "Traceback" not in outcome


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives guests a user of their own")
@pytest.mark.parametrize("error", SHORTAGES)
def test_a_shortage_never_keeps_guests_from_a_user_of_their_own(error: int) -> None:
    """A kernel that cannot change the user now is no kernel that never does."""
    outcome = start("setresuid", error)

    assert outcome.startswith("WorkerLostError")
    assert os.strerror(error) in outcome
