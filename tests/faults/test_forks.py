"""A kernel that forks no process: EAGAIN is no refusal of an isolation level."""

import os
import platform
import resource
import struct

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel, Job, Run

_CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine(), 0)


def refuse_forks() -> None:
    """Let `clone` fail with EAGAIN, but for threads and `vfork`, which share the memory."""
    from nova_code_verifier.sandbox.confinement import kernel  # noqa: PLC0415  (it loads ctypes)

    instruction = struct.Struct("=HBBI")
    program = b"".join(
        instruction.pack(*words)
        for words in (
            (0x20, 0, 0, 0),  # load the number
            (0x15, 0, 3, _CLONE),
            (0x20, 0, 0, 16),  # load the flags
            (0x45, 1, 0, 0x100),  # CLONE_VM
            (0x06, 0, 0, 0x00050000 | 11),
            (0x06, 0, 0, 0x7FFF0000),
        )
    )
    kernel.forbid_new_privileges()
    kernel.prepare_to_install_filter(bytearray(program))()


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_zygote_that_cannot_fork_lowers_no_level() -> None:
    """Where a weaker level would do, the start is an outage all the same."""
    pid = os.fork()
    if pid == 0:
        status = 3
        try:
            refuse_forks()
            LocalExecutor(workers=1, required=IsolationLevel.INTERPRETER).level  # noqa: B018
        except IsolationRefusedError:
            status = 2
        except SandboxError as error:
            status = 0 if "temporarily unavailable" in str(error) else 1
        finally:
            os._exit(status)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the kernel does not count the processes of root")
def test_a_user_with_too_many_processes_gets_an_outage() -> None:
    """The zygote that cannot fork is replaced; then nothing starts, and later all works again."""
    job = Job(program="print(input())", questions=(Run(stdin=b"x"),))
    with LocalExecutor(workers=1) as executor:
        list(executor.run([job]))
        soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        (zygote,) = executor.zygote_pids
        _, zygote_hard = resource.prlimit(zygote, resource.RLIMIT_NPROC)
        resource.prlimit(zygote, resource.RLIMIT_NPROC, (0, zygote_hard))
        resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
        try:
            with pytest.raises(SandboxError, match="temporarily unavailable"):
                list(executor.run([job]))
        finally:
            resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))

        [(_, (execution,))] = executor.run([job])
        assert execution.stdout == b"x\n"
