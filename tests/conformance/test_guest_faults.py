"""A guest that is killed from outside: never a verdict."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Call,
    EncodedValue,
    Ending,
    IsolationLevel,
    Job,
    Limits,
    Run,
)
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.types import FailureClass, Score, Verdict
from tests import guest_faults
from tests.guest_faults import Killer

MIB = 2**20
SLEEP = "import time; time.sleep(0.25)"
PRINT = f"{SLEEP}\nprint(int(input()) + 1)"
FUNCTION = f"def f(x):\n    {SLEEP}\n    return x + 1"
STDIO = {"inputs": ["1\n", "2\n"], "outputs": ["2\n", "3\n"]}

SAMPLES: dict[str, tuple[str, dict[str, Any], guest_faults.Choice]] = {
    "stdio": (PRINT, {"tests": STDIO}, guest_faults.every),
    "call": (
        FUNCTION,
        {"fn_name": "f", "inputs": [[1], [2]], "outputs": [2, 3]},
        guest_faults.every,
    ),
    "plain asserts": (FUNCTION, {"test_list": ["assert f(1) == 2"]}, guest_faults.every),
    "candidate": (
        FUNCTION,
        {"test_list": ["assert [*map(f, [1])] == [2]"]},
        guest_faults.candidate,
    ),
    "harness": (FUNCTION, {"test_list": ["assert [*map(f, [1])] == [2]"]}, guest_faults.harness),
    "discovery": (
        "def f(x): return x",
        {"test_list": [f"{SLEEP}\nassert f(1) == 1"]},
        guest_faults.every,
    ),
}


def score_of(kind: str, executor: LocalExecutor, cache: DiscoveryCache) -> Score:
    """Judge the right program of a sample."""
    program, reference, _ = SAMPLES[kind]
    sample = Sample(completion=f"```python\n{program}\n```", reference=reference)
    (score,) = judge([sample], executor, discovery_cache=cache)
    return score


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_guest_that_is_killed_is_asked_again(kind: str, executor: LocalExecutor) -> None:
    """A right program stays right."""
    cache = DiscoveryCache()
    with Killer(executor, SAMPLES[kind][2], times=1) as killer:
        score = score_of(kind, executor, cache)

    assert killer.killed
    assert (score.verdict, score.problem) == (Verdict.ACCEPTED, "")


@pytest.mark.parametrize("kind", SAMPLES)
def test_guests_that_are_always_killed_are_an_outage(kind: str, executor: LocalExecutor) -> None:
    """The sample is ungraded through our own fault, and the next one of its prompt is not."""
    cache = DiscoveryCache()
    with Killer(executor, SAMPLES[kind][2], times=float("inf")):
        lost = score_of(kind, executor, cache)

    assert (lost.verdict, lost.failure) == (Verdict.UNGRADED, FailureClass.INFRASTRUCTURE)
    assert "killed from outside" in lost.problem
    assert score_of(kind, executor, cache).verdict is Verdict.ACCEPTED


def test_answers_before_the_kill_are_kept(executor: LocalExecutor) -> None:
    """Only the calls without an answer are asked again, in a new guest."""
    program = f"""\
import os
def f(x):
    if x:
        open("asked", "w").close()
        {SLEEP}
    return os.getpid()
"""
    calls = tuple(Call(entry_point="f", arguments=(x,)) for x in (0, 1, 0))

    def asked(guests: Sequence[int]) -> Sequence[int]:
        return guests if any(Path(d, "asked").exists() for d in executor.work_directories) else ()

    with Killer(executor, asked, times=1):
        [(_, executions)] = executor.run([Job(program=program, questions=calls)])

    first, second, third = (execution.value for execution in executions)
    assert isinstance(first, EncodedValue)
    assert first != second == third


def test_the_second_try_has_the_machine_to_itself(executor: LocalExecutor) -> None:
    """No other guest runs at the same time."""
    program = "import time\nprint(time.monotonic()); time.sleep(0.1); print(time.monotonic())"
    jobs = [Job(program=program, questions=(Run(),)) for _ in range(8)]
    with Killer(executor, times=1) as killer:
        executions = [found for _, (found,) in executor.run(jobs)]

    assert killer.killed
    times = [tuple(map(float, found.stdout.split())) for found in executions]
    alone = [
        (begin, end)
        for begin, end in times
        if all(end < other or begin > last for other, last in times if other != begin)
    ]
    assert alone
    assert len(alone) < len(jobs)


def test_a_killed_guest_of_company_is_no_verdict(executor: LocalExecutor) -> None:
    """The runs count for nothing then, and each gets a guest of its own."""
    program = "n = int(input())\nfor i in range(3 * 10**6): pass\nprint(n + 1)"
    sample = Sample(completion=f"```python\n{program}\n```", reference={"tests": STDIO})
    with Killer(executor, times=1) as killer:
        (score,) = judge([sample], executor)

    assert killer.killed
    assert score.verdict is Verdict.ACCEPTED


def test_without_isolation_a_guest_may_have_killed_itself() -> None:
    """Nobody can tell there, so it has crashed, at the second time: no candidate is ungraded."""
    program = "import os; os.kill(os.getpid(), 9)"
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as executor:
        [(_, (execution,))] = executor.run([Job(program=program, questions=(Run(),))])

    assert (execution.ending, execution.signal) == (Ending.CRASHED, 9)


# -- memory that is too small ----------------------------------------------------------

_SCRIPT = """\
import os, sys
from pathlib import Path
from nova_code_verifier import LocalExecutor
from tests import guest_faults
from tests.conformance.test_guest_faults import HOGS

group, spare = Path(sys.argv[1]), int(sys.argv[2])
(group / "cgroup.procs").write_text(str(os.getpid()))
try:
    with LocalExecutor(workers=4, memory_bytes=HOGS[0].limits.memory_bytes) as executor:
        assert executor.level
        held = b"x" * (guest_faults.free_bytes(group) - spare)
        for _, (found,) in executor.run(HOGS):
            print(found.ending, found.cause, len(found.stdout))
except Exception as error:
    print(type(error).__name__, error)
"""
HOGS = [
    Job(
        program=f"x = b'x' * {40 * MIB}\nimport time; time.sleep(0.2); print(len(x))",
        questions=(Run(),),
        limits=Limits(memory_bytes=60 * MIB),
    )
] * 8


def run_in_group(limit_bytes: int, *, spare_bytes: int = 0) -> tuple[list[str], int]:
    """Run the hogs in a control group with this memory; return how each ended, and kernel kills.

    Our own process there takes more than it should, so that guests have only *spare_bytes*.
    """
    with guest_faults.memory_group(limit_bytes) as group:
        found = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(group), str(spare_bytes)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        kills = guest_faults.kernel_kills(group)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout.splitlines(), kills


def test_what_the_kernel_kills_beside_others_is_right_alone() -> None:
    """Four guests do not fit, and one does."""
    found, kills = run_in_group(520 * MIB, spare_bytes=100 * MIB)

    assert found == ["finished none 9"] * len(HOGS)
    assert kills > 0


def test_what_does_not_fit_alone_is_an_outage() -> None:
    """The kernel kills the guest, within its limits, and not our own process."""
    found, _ = run_in_group(520 * MIB, spare_bytes=25 * MIB)

    assert found == ["not_run killed 0"] * len(HOGS)


def test_workers_that_do_not_fit_are_refused() -> None:
    """The group's limit counts, and the message says what would fit."""
    (line,), _ = run_in_group(400 * MIB)

    assert line == (
        "SandboxError workers: 4 with guests of up to 60 MB (memory_mb) do not fit the 400 MB of "
        "this machine, of which the verifier itself needs 256 MB; set workers to 2 or less, or "
        "lower memory_mb"
    )
