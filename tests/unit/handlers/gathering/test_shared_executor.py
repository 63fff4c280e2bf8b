"""Many batches at the same time on one executor."""

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nova_code_verifier import LocalExecutor, SandboxError
from nova_code_verifier.handlers.gathering import shared_executor
from nova_code_verifier.handlers.gathering.shared_executor import (
    SharedExecutor,
    _Batch,
    _LiveJobs,
)
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Job, Run
from tests.processes import wait_until

SLOW = "import time\ntime.sleep(3)"


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    """Start an executor with two workers."""
    with LocalExecutor(workers=2) as started:
        yield started


def job(program: str) -> Job:
    """Return a job that runs a program once."""
    return Job(program=program, questions=(Run(),))


def outputs(shared: SharedExecutor, *programs: str) -> list[bytes]:
    """Run a batch and return what its programs print, in their order."""
    results = dict(shared.run(map(job, programs)))
    return [results[index][0].stdout for index in range(len(programs))]


def test_each_caller_gets_its_own_executions(executor: LocalExecutor) -> None:
    """The programs of many batches run at the same time, and no result goes to another batch."""
    shared = SharedExecutor(executor)

    def call(number: int) -> list[bytes]:
        return outputs(shared, f"print({number})", f"print({-number})")

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(call, range(1, 65)))

    assert found == [[b"%d\n" % number, b"%d\n" % -number] for number in range(1, 65)]


def test_a_caller_does_not_wait_for_a_slow_program_of_another(executor: LocalExecutor) -> None:
    """A batch that comes later ends first."""
    shared = SharedExecutor(executor)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(outputs, shared, SLOW)
        quick = outputs(shared, "print(1)")
        was_over = slow.done()

    assert (quick, was_over) == ([b"1\n"], False)


def test_a_caller_may_stop_early(executor: LocalExecutor) -> None:
    """What a caller does not read is thrown away, and disturbs no other caller."""
    shared = SharedExecutor(executor)
    run = shared.run([job(f"print({number})") for number in range(20)])
    next(run)
    run.close()

    assert outputs(shared, "print(1)", "print(2)") == [b"1\n", b"2\n"]
    assert shared._jobs._unread_bytes == 0


def test_all_callers_get_the_error_of_the_executor(executor: LocalExecutor) -> None:
    """An executor that cannot run is an outage for everybody, and for later callers, too."""
    shared = SharedExecutor(executor)
    executor.close()

    for _ in range(2):
        with pytest.raises(SandboxError, match="closed"):
            outputs(shared, "print(1)")


def test_what_nobody_waits_for_is_ended(executor: LocalExecutor) -> None:
    """The guests of a batch that is over are ended, its other jobs never start, and others run."""
    shared = SharedExecutor(executor)
    over = threading.Event()
    batch = [job("import time\ntime.sleep(3600)")] * 6  # more than there are workers
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: dict(shared.until(over.is_set).run(batch)))
        wait_until(lambda: len(shared._jobs._running) == 2)
        over.set()
        executions = [found for [found] in running.result().values()]

    assert [execution.ending for execution in executions] == [Ending.NOT_RUN] * 6
    assert {execution.cause for execution in executions} == {Cause.DEADLINE}
    assert outputs(shared, "print(1)", "print(2)") == [b"1\n", b"2\n"]


def test_a_view_stops_at_its_deadline(executor: LocalExecutor) -> None:
    """A deadline ends the jobs of its own caller only."""
    shared = SharedExecutor(executor)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(outputs, shared, SLOW + "\nprint(1)")
        view = shared.with_deadline(time.monotonic() + 0.5)
        [[execution]] = dict(view.run([job("import time\ntime.sleep(3600)")])).values()

    assert (execution.ending, execution.cause) == (Ending.NOT_RUN, Cause.DEADLINE)
    assert other.result() == [b"1\n"]


def test_the_oldest_jobs_come_first_and_huge_batches_give_way() -> None:
    """A batch that has waited longer goes first, but its 65th job counts as a second younger."""
    jobs = _LiveJobs()
    old, late = (
        _Batch(
            [job(f"{name} {number}") for number in range(count)], None, since=since, is_over=None
        )
        for name, count, since in (("old", 70, 10.0), ("late", 2, 10.5))
    )
    jobs.add(late)
    jobs.add(old)

    order = [one.program for one in jobs]

    expected = [*(f"old {n}" for n in range(64)), "late 0", "late 1"]
    assert order == [*expected, *(f"old {n}" for n in range(64, 70))]


def test_results_are_handed_over_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """While many jobs wait, a result waits for the last one of its batch, or for a moment."""
    monkeypatch.setattr(shared_executor, "_HOLD_SECONDS", math.inf)
    monkeypatch.setattr(shared_executor, "_MANY_JOBS", 1)
    jobs, executions = _LiveJobs(), (Execution(ending=Ending.FINISHED),)
    first, second = (_Batch([job("")] * 2, None, since=since, is_over=None) for since in (1.0, 2.0))
    jobs.add(first)
    jobs.add(second)
    _ = next(jobs), next(jobs), next(jobs)  # one job of the second batch waits

    jobs.finish(0, executions)
    held = first.results.qsize()
    jobs.finish(1, executions)
    jobs.finish(2, executions)
    held_later = second.results.qsize()
    jobs._held_until = 0.0
    jobs.is_unwanted(3)

    assert (held, held_later) == (0, 0)
    assert (first.results.qsize(), second.results.qsize()) == (2, 1)
