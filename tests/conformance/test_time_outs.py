"""Time-outs within a job, answers that nobody has asked for, and two verifiers on one machine."""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Call, Ending, Execution, Job, Limits, Run
from nova_code_verifier.verifier.checking.answers import with_value
from tests.conformance.behaviours.behaviour import MEMORY, OUTPUT, PATIENT

BRIEF = Limits(cpu_seconds=0.1, wall_seconds=0.25, memory_bytes=MEMORY, output_bytes=OUTPUT)
TIGHT = Limits(cpu_seconds=0.4, wall_seconds=0.8, memory_bytes=MEMORY, output_bytes=OUTPUT)


def test_a_time_out_costs_one_call(lone_worker: LocalExecutor) -> None:
    """The calls before and after a call that never ends are answered."""
    program = "def f(n):\n    while n == 2: pass\n    return n"
    calls = tuple(Call(entry_point="f", arguments=(n,)) for n in range(5))

    [(_, executions)] = lone_worker.run([Job(program=program, questions=calls, limits=TIGHT)])

    assert [with_value(execution).value for execution in executions] == [0, 1, None, 3, 4]
    assert executions[2].ending is Ending.OUT_OF_TIME


def test_questions_after_enough_time_outs_are_skipped(lone_worker: LocalExecutor) -> None:
    """After `give_up_after` time-outs the other questions end as SKIPPED."""
    job = Job(program="while True: pass", questions=(Run(),) * 5, limits=BRIEF, give_up_after=2)

    [(_, executions)] = lone_worker.run([job])

    late, skipped = Ending.OUT_OF_TIME, Ending.SKIPPED
    assert [execution.ending for execution in executions] == [late, late, skipped, skipped, skipped]


def test_cpu_time_is_read_from_the_kernel(lone_worker: LocalExecutor) -> None:
    """A guest that patches its clocks changes nothing."""
    program = "import time\ntime.process_time = time.monotonic = lambda: 0\nwhile True: pass"

    limits = replace(BRIEF, wall_seconds=PATIENT.wall_seconds)
    job = Job(program=program, questions=(Run(),), limits=limits)
    [(_, (execution,))] = lone_worker.run([job])
    assert execution.cpu_seconds >= limits.cpu_seconds


def test_an_answer_before_its_question_is_unreadable(lone_worker: LocalExecutor) -> None:
    """A value that was sent before the question never counts."""
    frame = b'\0\0\0\x0b["value",4]'
    program = f"import os\nos.write(3, {frame!r} * 3)\ndef f(n): return n"
    calls = tuple(Call(entry_point="f", arguments=(n,)) for n in range(3))

    [(_, executions)] = lone_worker.run([Job(program=program, questions=calls, limits=TIGHT)])

    assert {execution.ending for execution in executions} == {Ending.UNREADABLE}


def test_a_slow_reader_of_results_causes_no_time_out() -> None:
    """While the caller does not read results, answers wait, and are not late."""
    sleeper = "import time\ndef f(x):\n    time.sleep(0.6)\n    return x"
    limits = Limits(cpu_seconds=1, wall_seconds=1.5)
    calls = tuple(Call(entry_point="f", arguments=(n,)) for n in range(2))
    jobs = [
        Job(program="print(1)", questions=(Run(),)),
        *[Job(program=sleeper, questions=calls, limits=limits)] * 2,
    ]
    ended: dict[int, list[Ending]] = {}

    with LocalExecutor(workers=2) as executor:
        for index, executions in executor.run(jobs):
            ended[index] = [execution.ending for execution in executions]
            if index == 0:
                time.sleep(3)

    assert ended == {0: [Ending.FINISHED], 1: [Ending.FINISHED] * 2, 2: [Ending.FINISHED] * 2}


def test_threads_of_one_verifier_are_no_threads_of_another(lone_worker: LocalExecutor) -> None:
    """The kernel counts threads by user, but the guests of two executors do not share a user."""
    start = "import threading, time\nthreading.stack_size(65536)\nfor _ in range({}):\n"
    start += "    threading.Thread(target=time.sleep, args=({},), daemon=True).start()\n"
    limits = Limits(wall_seconds=2.0)
    hog = Job(program=start.format(240, 9) + "time.sleep(9)", questions=(Run(),), limits=limits)
    honest = Job(program=start.format(100, 0.05) + "print('done')", questions=(Run(),) * 2)
    with (
        LocalExecutor(workers=2, level=lone_worker.level) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        hogs = pool.submit(lambda: list(other.run([hog] * 2)))
        printed = set()
        while not hogs.done():
            [(_, executions)] = lone_worker.run([honest])
            printed |= {execution.stdout for execution in executions}

    assert printed == {b"done\n"}
    assert {execution.ending for _, (execution,) in hogs.result()} == {Ending.OUT_OF_TIME}


def test_beyond_the_limit_of_the_kernel_a_guest_gets_another_signal_than_sigkill(
    run: Callable[..., Execution],
) -> None:
    """SIGKILL means that the machine is at fault: the hard limit is out of reach."""
    found = run("import resource; print(*resource.getrlimit(resource.RLIMIT_CPU))", cpu_seconds=3)

    soft, hard = map(int, found.stdout.split())
    assert 3 <= soft < 10
    assert hard in (resource.getrlimit(resource.RLIMIT_CPU)[1], sys.maxsize)
