"""The event loop keeps the workers busy."""

import time
from collections.abc import Iterator

from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run


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
