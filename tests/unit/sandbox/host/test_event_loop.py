"""The event loop keeps the workers busy."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.host.base_keeper import WAKE_UPS_MAX
from nova_code_verifier.sandbox.host.keeper import Keeper
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Limits,
    Run,
)


def has_guest(zygote: int) -> bool:
    """Return whether a zygote has a child."""
    for pid in process_ids():
        try:
            if int(stat_fields(pid)[1]) == zygote:
                return True
        except OSError:  # it has just ended
            continue
    return False


def test_the_next_guest_starts_before_the_caller_has_judged_the_last(
    lone_worker: LocalExecutor,
) -> None:
    """A worker does not wait for its caller."""
    programs = ("pass", "import time; time.sleep(60)")
    running = lone_worker.run([Job(program=program, questions=(Run(),)) for program in programs])

    assert next(running)[0] == 0
    end = time.monotonic() + 20
    while not has_guest(lone_worker.zygote_pids[0]):
        assert time.monotonic() < end, "no second guest"
        time.sleep(0.01)
    running.close()


class _FirstReplacementKilled(LocalExecutor):
    """An executor of which the kernel kills the second zygote that it starts."""

    _starts = 0

    def _new_worker(self, number: int, libraries: tuple[str, ...] = ()) -> Worker:
        worker = super()._new_worker(number, libraries)
        self._starts += 1
        if self._starts == 2:
            os.kill(worker.zygote_pid, signal.SIGKILL)
        return worker


def test_a_new_zygote_that_is_killed_at_its_start_is_no_outage(level: IsolationLevel) -> None:
    """It is started once more."""
    with _FirstReplacementKilled(workers=1, level=level) as executor:
        assert executor.level
        os.kill(executor.zygote_pids[0], signal.SIGKILL)
        [(_, (execution,))] = executor.run([Job(program="print(1)", questions=(Run(),))])

    assert execution.stdout == b"1\n"


class _LateJobs(Iterator[Job]):
    """A slow job, and another one a little later."""

    def __init__(self) -> None:
        self._programs = ["print(1)", "import time; time.sleep(20)"]
        self._next_at = 0.0

    def __next__(self) -> Job:
        if not self._programs or time.monotonic() < self._next_at:
            raise StopIteration
        self._next_at = time.monotonic() + 0.2
        return Job(program=self._programs.pop(), questions=(Run(),))


def test_an_idle_worker_gets_a_job_that_comes_while_another_one_runs() -> None:
    """A job that comes later does not wait for the end of a slow one."""
    with LocalExecutor(workers=2) as executor:
        running = executor.run(_LateJobs())

        assert next(running)[0] == 1
        running.close()


SLEEP = "import time; time.sleep(0.4)"
BURN = "import time\nwhile time.process_time() < 0.4: pass"
LITTLE_WALL = Limits(total_wall_seconds=1.0)
LITTLE_CPU = Limits(total_cpu_seconds=1.0)


def only(executor: LocalExecutor, job: Job) -> tuple[Execution, ...]:
    """Run one job."""
    [(_, executions)] = executor.run([job])
    return executions


@pytest.mark.parametrize(("program", "limits"), [(SLEEP, LITTLE_WALL), (BURN, LITTLE_CPU)])
def test_runs_that_take_too_long_together_are_out_of_time(
    program: str, limits: Limits, executor: LocalExecutor, lone_worker: LocalExecutor
) -> None:
    """The first runs keep what they did; one is late by the total, and the others are not run."""
    job = Job(program=program, questions=(Run(),) * 9, limits=limits)
    for workers in (executor, lone_worker):
        executions = only(workers, job)

        late = [execution.ending for execution in executions].index(Ending.OUT_OF_TIME)
        assert 0 < late < 4
        assert executions[late].cause is Cause.TOTAL_TIME
        assert {execution.ending for execution in executions[:late]} == {Ending.FINISHED}
        assert {execution.ending for execution in executions[late + 1 :]} == {Ending.SKIPPED}


def test_a_run_that_nobody_needs_any_more_is_ended() -> None:
    """A run beyond the total that another worker has begun does not hold up the batch."""
    program = "import time; time.sleep(0.5 if input() == 'first' else 60)"
    questions = (Run(stdin=b"first\n"), Run(stdin=b"first\n"), Run(stdin=b"later\n"))
    limits = Limits(wall_seconds=60.0, total_wall_seconds=0.3)

    with LocalExecutor(workers=3) as executor:
        executions = only(executor, Job(program=program, questions=questions, limits=limits))

    assert executions[0].cause is Cause.TOTAL_TIME
    assert executions[2].wall_seconds == 0.0


@pytest.mark.parametrize("seconds", [0.4, 0.01])
def test_calls_that_take_too_long_together_are_out_of_time(
    seconds: float, executor: LocalExecutor
) -> None:
    """So are many short ones: the calls of a guest are measured together."""
    count = int(4 / seconds)
    calls = tuple(Call(entry_point="f", arguments=(seconds,)) for _ in range(count))
    program = "import time\ndef f(seconds): time.sleep(seconds)"

    executions = only(executor, Job(program=program, questions=calls, limits=LITTLE_WALL))

    late = [execution.ending for execution in executions].index(Ending.OUT_OF_TIME)
    assert 0 < late < count / 2
    assert executions[late].cause is Cause.TOTAL_TIME
    assert executions[-1].ending is Ending.SKIPPED


def test_a_program_that_does_not_load_has_used_its_time_once(executor: LocalExecutor) -> None:
    """Each of its calls ends like this, and all together have used what one guest has."""
    calls = tuple(Call(entry_point="f", arguments=(n,)) for n in range(9))
    program = f"{BURN}\n1 / 0"

    executions = only(executor, Job(program=program, questions=calls, limits=LITTLE_CPU))

    assert {execution.ending for execution in executions} == {Ending.NOT_LOADED}


def test_a_flood_of_single_bytes_wakes_this_process_a_few_times_a_tick(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work of this process on output does not depend on the number of writes."""
    looks: list[str] = []

    def counted(name: str) -> Callable[..., None]:
        method = getattr(Keeper, name)

        def look(self: Keeper, *arguments: int) -> None:
            looks.append(name)
            method(self, *arguments)

        return look

    for name in ("on_output", "on_tick"):
        monkeypatch.setattr(Keeper, name, counted(name))
    program = "import os\nfor _ in range(200_000): os.write(2, b'x')"

    (execution,) = only(executor, Job(program=program, questions=(Run(),)))

    assert execution.ending is Ending.FINISHED
    ticks, reads = looks.count("on_tick"), looks.count("on_output")
    assert reads <= (WAKE_UPS_MAX + 2) * (ticks + 1)
