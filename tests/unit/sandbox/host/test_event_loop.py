"""The event loop keeps the workers busy."""

import time

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
