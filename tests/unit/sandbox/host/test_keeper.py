"""How a guest is measured. `tests/conformance/behaviours/` has its limits."""

import os
import signal
import threading
import time

import pytest

from nova_code_verifier.sandbox.host import keeper
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


@pytest.mark.parametrize(
    ("statement", "ending"),
    [
        ("while time.process_time() < 0.6: pass", Ending.OUT_OF_TIME),
        ("b'x' * 90_000_000", Ending.OUT_OF_MEMORY),
        ("time.sleep(0.2)", Ending.FINISHED),
    ],
)
def test_the_last_answer_is_measured_although_its_guest_has_ended(
    statement: str, ending: Ending
) -> None:
    """A guest ends after its last call. We may be too busy to read its clock before."""
    limits = Limits(cpu_seconds=0.3, memory_bytes=64 * 2**20)
    quick = Job(program="", questions=(Run(),))
    late = Job(
        program=f"import time\ndef f():\n    {statement}\n    return 1",
        questions=(Call(entry_point="f"),),
        limits=limits,
    )
    with LocalExecutor(workers=2) as executor:
        found = {}
        for index, executions in executor.run([late, quick]):
            found[index] = executions
            time.sleep(2.0 if index == 1 else 0.0)  # nobody watches the other guest

    assert found[0][0].ending is ending


def test_a_small_limit_of_memory_holds_for_the_shortest_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The smaller the limit, the sooner an answer may have exceeded it."""
    monkeypatch.setattr(keeper, "_FILL_SECONDS_MAX", 60.0)  # as if this machine were very fast
    program = "def f(): return len(b'x' * (48 * 2**20))"
    limits = Limits(memory_bytes=16 * 2**20)
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as executor:
        ((_, (execution,)),) = executor.run(
            [Job(program=program, questions=(Call(entry_point="f"),), limits=limits)]
        )

    assert execution.ending is Ending.OUT_OF_MEMORY
