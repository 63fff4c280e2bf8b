"""How a guest is measured. `tests/conformance/test_limits.py` has its limits."""

import os
import signal
import threading

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Call,
    Ending,
    IsolationLevel,
    Job,
    Limits,
    Question,
    Run,
)


@pytest.mark.parametrize("question", [Run(), Call(entry_point="f")], ids=["run", "call"])
def test_the_wall_time_of_a_guest_starts_with_the_guest(question: Question) -> None:
    """The time in which a busy zygote does not fork yet is not the guest's."""
    program = "import time\ndef f():\n    time.sleep(0.1)\nf()"
    limits = Limits(wall_seconds=0.7)
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as executor:
        assert executor.level is IsolationLevel.NONE  # waits until the zygote is ready
        zygote = executor.zygote_pids[0]
        os.kill(zygote, signal.SIGSTOP)
        wake_up = threading.Timer(1.0, os.kill, (zygote, signal.SIGCONT))
        wake_up.start()
        ((_, (execution,)),) = executor.run(
            [Job(program=program, questions=(question,), limits=limits)]
        )
        wake_up.join()

    assert execution.ending is Ending.FINISHED
