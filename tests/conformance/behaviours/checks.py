"""Check a behaviour, or a fault of ours, on one executor."""

import threading
import time
from collections.abc import Callable, Mapping

from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job, Limits, Run
from tests.conformance.behaviours.behaviour import Behaviour
from tests.conformance.behaviours.target import Target
from tests.executors import Cell

_CANARY = "import os; print(os.listdir(), os.listdir('/tmp'), input())"
_CANARY_WITHOUT_TMP = "import os; print(os.listdir(), [], input())"


def check(
    behaviour: Behaviour, name: str, cell: Cell, target: Target, foreign: tuple[str, ...]
) -> None:
    """Run one variant, and then an honest program in the same worker.

    Attacks know the *foreign* directories of other guests.
    """
    variant = behaviour.variants[name]
    program = variant.program
    if behaviour.is_attack:
        program = target.prelude(workers=foreign, is_strict=cell.is_strict) + program
    job = Job(
        program=program,
        questions=(behaviour.question,) * behaviour.count,
        limits=behaviour.limits,
    )
    before, zygotes = target.state(), cell.zygotes()

    executions = _run(cell, job)

    for execution in executions:
        assert variant.expected(execution), execution
        assert target.secret.encode() not in execution.stdout + execution.stderr
    assert target.state() == before
    assert not target.was_called()
    check_next_sample(cell)
    assert cell.zygotes() == zygotes


def check_next_sample(cell: Cell) -> None:
    """Check that an honest program finds empty directories, and reads its input."""
    has_own_tmp = cell.level > "none"
    canary = Job(
        program=_CANARY if has_own_tmp else _CANARY_WITHOUT_TMP, questions=(Run(stdin=b"42"),)
    )
    (after,) = _run(cell, canary)
    assert (after.ending, after.stdout) == (Ending.FINISHED, b"[] [] 42\n"), after


def _run(cell: Cell, job: Job) -> tuple[Execution, ...]:
    [(_, executions)] = cell.executor.run([job])
    return executions


def _fault_of_the_deadline(cell: Cell) -> None:
    """Check that a question which had no time counts as not run."""
    job = Job(
        program="import time; time.sleep(20)",
        questions=(Run(),) * 2,
        limits=Limits(cpu_seconds=60, wall_seconds=99),
    )
    for seconds in (-1, 1):
        executor = cell.executor.with_deadline(time.monotonic() + seconds)
        [(_, executions)] = executor.run([job])
        assert {(one.ending, one.cause) for one in executions} == {(Ending.NOT_RUN, Cause.DEADLINE)}


def _fault_between_jobs(cell: Cell) -> None:
    """Check that a worker which was lost between two jobs is replaced."""
    for _ in range(2):
        cell.lose_worker()
        check_next_sample(cell)


def _fault_within_a_job(cell: Cell) -> None:
    """Check that a job whose worker is lost runs once more."""
    job = Job(program="import time; time.sleep(0.6); print(42)", questions=(Run(),))
    killer = threading.Timer(0.3, cell.lose_worker)
    killer.start()
    (execution,) = _run(cell, job)
    killer.join()
    assert (execution.ending, execution.stdout) == (Ending.FINISHED, b"42\n"), execution


FAULTS: Mapping[str, Callable[[Cell], None]] = {
    "fault_of_the_deadline": _fault_of_the_deadline,
    "fault_between_jobs": _fault_between_jobs,
    "fault_within_a_job": _fault_within_a_job,
}
"""Faults that are ours, by name. No executor makes a verdict of one."""
