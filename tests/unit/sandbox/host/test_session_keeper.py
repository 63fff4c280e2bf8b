"""What a keeper of a session measures, whom it kills, and what it reports."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from nova_code_verifier.sandbox.host import event_loop, memory
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.host.session_keeper import _Stopwatch
from nova_code_verifier.sandbox.host.watched_guest import WatchedGuest
from nova_code_verifier.sandbox.types import Cause, Ending, IsolationLevel, Limits
from tests.unit.sandbox.session_fixtures import RunSession
from tests.unit.sandbox.sessions import messages, only, session_job, start_executor

MEBI = 2**20
REPORTS = 'begin()\nreport("begun")\nreport(ask({code!r}))'
LOOP = "while True: pass"
SLEEP = "import time; time.sleep(1000)"


def reporting(code: str) -> str:
    """Return a harness of one item, that asks for *code* and reports the answer."""
    return REPORTS.format(code=code)


def test_a_session_reports_all_messages_in_order(run_session: RunSession) -> None:
    """Its execution is finished, and holds every message, however many there are."""
    harness = "for n in range(3000): report(ask(f'answer = {n}') + 'x' * 99)"

    execution = run_session(harness)

    assert (execution.ending, execution.harness_ending) == (Ending.FINISHED, Ending.FINISHED)
    assert messages(execution) == [str(n) + "x" * 99 for n in range(3000)]
    assert execution.value_bytes == sum(map(len, messages(execution)))


@pytest.mark.parametrize(
    ("code", "exit_status", "killer"),
    [
        ("import os; os._exit(0)", 0, None),
        ("import os; os._exit(3)", 3, None),
        ("1 / 0", 1, None),
        ("import os; os.abort()", None, signal.SIGABRT),
        ("import os; os.kill(os.getpid(), 15)", None, signal.SIGTERM),
        ("import os, threading; threading.Thread(target=os._exit, args=(4,)).start()", 4, None),
    ],
)
def test_a_candidate_that_ends_is_reported_by_its_harness(
    run_session: RunSession, code: str, exit_status: int | None, killer: int | None
) -> None:
    """The harness sees that its candidate is lost, and goes on."""
    execution = run_session(reporting(code))

    assert messages(execution) == ["begun", "lost"]
    loads = Ending.NOT_LOADED if exit_status == 1 else Ending.CRASHED  # it serves while it loads
    assert (execution.ending, execution.harness_ending) == (loads, Ending.FINISHED)
    if loads is Ending.CRASHED:
        assert (execution.exit_status, execution.signal) == (exit_status, killer)


@pytest.mark.parametrize(
    ("program", "ending", "type_name"),
    [
        ("def f(:", Ending.NOT_COMPILED, "SyntaxError"),
        ("1 / 0", Ending.NOT_LOADED, "ZeroDivisionError"),
    ],
)
def test_a_program_that_does_not_load_says_why(
    run_session: RunSession, program: str, ending: Ending, type_name: str
) -> None:
    """The harness finds a closed socket; the execution has the exception."""
    execution = run_session(reporting("answer = 1"), program=program)

    assert (execution.ending, execution.harness_ending) == (ending, Ending.FINISHED)
    assert execution.error is not None
    assert execution.error.type_name == type_name
    assert messages(execution)[-1] == "lost"


@pytest.mark.parametrize(
    ("code", "limits", "ending", "cause"),
    [
        (LOOP, Limits(cpu_seconds=0.3), Ending.OUT_OF_TIME, Cause.CPU_TIME),
        (SLEEP, Limits(wall_seconds=0.3), Ending.OUT_OF_TIME, Cause.NONE),
        (
            f"a = b'x' * {300 * MEBI}; import time; time.sleep(1)",
            Limits(memory_bytes=64 * MEBI),
            Ending.OUT_OF_MEMORY,
            Cause.NONE,
        ),
        (
            "n = 0\nwhile True:\n    n += 1\n    open(f'f{n}', 'wb').write(bytes(2**18))",
            Limits(output_bytes=MEBI),
            Ending.TOO_MUCH_OUTPUT,
            Cause.NONE,
        ),
        (
            "import os\nwhile True: os.write(3, b'x' * 99)",
            Limits(),
            Ending.UNREADABLE,
            Cause.NONE,
        ),
    ],
    ids=["cpu", "sleep", "memory", "files", "channel"],
)
def test_a_candidate_that_exceeds_a_limit_is_killed_alone(
    run_session: RunSession, code: str, limits: Limits, ending: Ending, cause: Cause
) -> None:
    """Its harness reports the item as lost, and ends by itself; the next session runs."""
    execution = run_session(reporting(code), limits=limits)

    assert (execution.ending, execution.cause) == (ending, cause)
    assert execution.harness_ending is Ending.FINISHED
    assert messages(execution) == ["begun", "lost"]
    assert messages(run_session(reporting("answer = 1"))) == ["begun", "1"]


def test_the_candidates_cpu_time_counts_for_each_item(run_session: RunSession) -> None:
    """Items that are each within the limit may exceed it together."""
    burn = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    harness = f"for _ in range(4):\n    begin()\n    report(ask({burn!r}))"

    execution = run_session(harness, limits=Limits(cpu_seconds=0.6))

    assert (execution.ending, execution.harness_ending) == (Ending.FINISHED, Ending.FINISHED)
    assert len(messages(execution)) == 4


def test_requests_of_one_item_share_its_cpu_time(run_session: RunSession) -> None:
    """No item gets more CPU time because it asks more often."""
    burn = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    harness = f"begin()\nfor _ in range(9): report(ask({burn!r}))"

    execution = run_session(harness, limits=Limits(cpu_seconds=0.8))

    assert execution.cause is Cause.CPU_TIME
    assert messages(execution)[-1] == "lost"


def test_a_candidate_that_loads_too_long_is_killed(run_session: RunSession) -> None:
    """Before the first item, the limit counts from the start of the program."""
    harness = "report(ask('answer = 1'))"

    execution = run_session(harness, program=LOOP, limits=Limits(cpu_seconds=0.3))

    assert execution.cause is Cause.CPU_TIME
    assert messages(execution) == ["lost"]


def test_the_time_of_the_harness_is_not_the_candidates(run_session: RunSession) -> None:
    """A harness may take longer than its candidate may sleep."""
    harness = "import time\nbegin()\nask('answer = 1')\ntime.sleep(0.8)\nreport(ask('answer = 2'))"

    execution = run_session(harness, limits=Limits(wall_seconds=0.3))

    assert execution.ending is Ending.FINISHED
    assert messages(execution) == ["2"]


def test_a_candidate_that_naps_at_each_request_is_killed(run_session: RunSession) -> None:
    """All requests of an item may take as long as both guests may sleep."""
    harness = "begin()\nwhile (a := ask('import time; time.sleep(0.2)')) != 'lost': report(a)"
    limits = Limits(wall_seconds=0.5)

    execution = run_session(harness, limits=limits, harness_limits=limits)

    assert Ending.OUT_OF_TIME in {execution.ending, execution.harness_ending}


@pytest.mark.parametrize(
    ("code", "limits", "ending"),
    [
        (LOOP, Limits(cpu_seconds=0.3), Ending.OUT_OF_TIME),
        (SLEEP, Limits(wall_seconds=0.3), Ending.OUT_OF_TIME),
        (
            f"a = b'x' * {300 * MEBI}\nimport time; time.sleep(1)",
            Limits(memory_bytes=64 * MEBI),
            Ending.OUT_OF_MEMORY,
        ),
        ("while True: report('x' * 1000)", Limits(output_bytes=MEBI), Ending.TOO_MUCH_OUTPUT),
        (f"report('x' * {2 * MEBI})", Limits(output_bytes=MEBI), Ending.TOO_MUCH_OUTPUT),
        ("while True: print('x' * 1000)", Limits(output_bytes=MEBI), Ending.TOO_MUCH_OUTPUT),
        ("import os; os.abort()", Limits(), Ending.CRASHED),
        ("import os; os._exit(3)", Limits(), Ending.CRASHED),
        ("1 / 0", Limits(), Ending.CRASHED),
    ],
    ids=["cpu", "sleep", "memory", "messages", "message", "output", "abort", "exit", "raise"],
)
def test_the_end_of_a_harness_ends_the_session(
    run_session: RunSession, code: str, limits: Limits, ending: Ending
) -> None:
    """What it has reported stays, the candidate is not to blame, and the next session runs."""
    harness = f"begin()\nreport(ask('answer = 1'))\n{code}"

    execution = run_session(harness, harness_limits=limits)

    assert (execution.ending, execution.harness_ending) == (Ending.FINISHED, ending)
    assert messages(execution)[0] == "1"
    assert messages(run_session(reporting("answer = 1"))) == ["begun", "1"]


def test_what_a_harness_prints_is_kept_for_people(run_session: RunSession) -> None:
    """Its output and its traceback are the standard error of the execution."""
    execution = run_session("print('noise'); 1 / 0")

    assert b"noise" in execution.stderr
    assert b"ZeroDivisionError" in execution.stderr


def test_each_guest_has_its_own_limit_of_memory(run_session: RunSession) -> None:
    """A harness may use more memory than its candidate."""
    harness = f"begin()\na = b'x' * {150 * MEBI}\nreport(ask('import time; time.sleep(0.1)'))"

    execution = run_session(harness, limits=Limits(memory_bytes=100 * MEBI))

    assert (execution.ending, execution.harness_ending) == (Ending.FINISHED, Ending.FINISHED)


@pytest.mark.parametrize("code", [LOOP, SLEEP])
def test_the_deadline_ends_both_guests(session_executor: LocalExecutor, code: str) -> None:
    """The session was not run, and the worker goes on."""
    job = session_job(reporting(code))
    late = session_executor.with_deadline(time.monotonic() + 0.5)

    execution = only(late.run([job]))

    assert (execution.ending, execution.cause) == (Ending.NOT_RUN, Cause.DEADLINE)
    good = only(session_executor.run([session_job(reporting("answer = 1"))]))
    assert messages(good) == ["begun", "1"]


def test_a_long_session_waits_for_the_others(session_executor: LocalExecutor) -> None:
    """A session that takes more than its share of the time is run again, when others are done."""
    long = session_job(reporting("import time; time.sleep(1.2)"))
    short = session_job(reporting("answer = 1"))
    # Each gets half a second.
    hurried = session_executor.with_deadline(time.monotonic() + 20)

    results = list(hurried.run([long, *[short] * 39]))

    assert results[-1][0] == 0
    assert all(execution.ending is Ending.FINISHED for _, (execution,) in results)


def test_a_session_survives_the_loss_of_its_zygote(session_executor: LocalExecutor) -> None:
    """It is run once more, with another worker."""
    (zygote,) = session_executor.zygote_pids
    killer = threading.Timer(0.3, os.kill, (zygote, signal.SIGKILL))
    killer.start()

    execution = only(session_executor.run([session_job(reporting("import time; time.sleep(1)"))]))

    killer.join()
    assert (zygote,) != session_executor.zygote_pids
    assert (execution.ending, messages(execution)) == (Ending.FINISHED, ["begun", "''"])


def test_a_zygote_that_does_not_kill_its_candidate_is_replaced(
    session_executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zygote that hangs holds nobody up."""
    monkeypatch.setattr(event_loop, "_STUCK_SECONDS", 1.0)
    (zygote,) = session_executor.zygote_pids
    stopper = threading.Timer(0.3, os.kill, (zygote, signal.SIGSTOP))
    stopper.start()
    job = session_job(reporting(LOOP), limits=Limits(cpu_seconds=0.6))

    execution = only(session_executor.run([job]))

    stopper.join()
    assert (zygote,) != session_executor.zygote_pids
    assert execution.cause is Cause.CPU_TIME


def test_a_pause_of_the_event_loop_does_not_count() -> None:
    """A harness may wait for a keeper that does not read its messages."""
    limits = Limits(wall_seconds=0.7)
    harness = "begin()\nimport time; time.sleep(0.3)\nreport('x' * 2**21)\ntime.sleep(0.1)"
    slow = session_job(harness, harness_limits=limits, limits=limits)
    with start_executor(IsolationLevel.NONE, workers=2) as executor:
        endings = set()
        for _, (execution,) in executor.run([session_job(""), slow]):
            endings.add(execution.harness_ending)
            time.sleep(1.2)  # the other session goes on, and nobody reads

    assert endings == {Ending.FINISHED}


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("import time; time.sleep(0.3)", Limits(total_wall_seconds=1.0)),
        (
            "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass",
            Limits(total_cpu_seconds=1.0),
        ),
    ],
)
def test_items_that_take_too_long_together_are_out_of_time(
    run_session: RunSession, code: str, limits: Limits
) -> None:
    """None of them is late alone. The harness reports which ones the candidate has survived."""
    harness = f"for _ in range(9):\n    begin()\n    report(ask({code!r}))"

    execution = run_session(harness, limits=limits)

    assert (execution.ending, execution.cause) == (Ending.OUT_OF_TIME, Cause.TOTAL_TIME)
    assert messages(execution).count("''") in range(1, 9)
    assert "lost" in messages(execution)


def test_a_guest_that_has_ended_has_waited_as_long_as_before(
    session_executor: LocalExecutor,
) -> None:
    """Its item is not late because its waiting time cannot be read any more."""
    spin = "import os\nos.sched_setaffinity(0, {%d})\nprint(flush=True)\nwhile True: pass"
    command = [sys.executable, "-c", spin % min(os.sched_getaffinity(0))]
    spinners = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    for spinner in spinners:
        assert spinner.stdout is not None
        spinner.stdout.readline()
    session_executor.level  # noqa: B018  (waits until the worker knows what its zygote holds)
    (worker,) = session_executor._workers
    guest = WatchedGuest(worker, Limits())
    guest.pid = spinners[0].pid
    watch = _Stopwatch()
    watch.exceeds(0.0, since=1.0, now=1.0, guests=[guest])
    before = guest.waited_seconds()
    time.sleep(0.5)
    waited = guest.waited_seconds() - before
    for spinner in spinners:
        spinner.kill()
        spinner.communicate()

    assert waited > 0.1
    assert not watch.exceeds(0.0, since=1.0, now=1.0 + waited / 2, guests=[guest])
    assert watch.exceeds(0.0, since=1.0, now=1.0 + 2 * waited, guests=[guest])
    guest.close_guest_ends()
    guest.close()


def test_a_session_needs_a_zygote_of_harnesses() -> None:
    """Plain zygotes stay small, and refuse it."""
    with (
        LocalExecutor(workers=1, level=IsolationLevel.NONE) as executor,
        pytest.raises(ValueError, match="preloaded"),
    ):
        list(executor.run([session_job("")]))


def test_a_harness_has_the_memory_that_its_candidate_leaves(
    session_executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its limit does not fit the machine, it is out of memory before the kernel kills it."""
    monkeypatch.setattr(memory, "bytes_for_guests", lambda: 600 * 2**20)
    small, large = (
        session_job(
            f"held = b'x' * {size * 2**20}; report('')\nimport time; time.sleep(0.2)",
            limits=Limits(memory_bytes=64 * 2**20),
            harness_limits=Limits(memory_bytes=2**30),
        )
        for size in (300, 600)
    )

    endings = [only(session_executor.run([job])).harness_ending for job in (small, large)]

    assert endings == [Ending.FINISHED, Ending.OUT_OF_MEMORY]


def test_a_session_whose_harness_would_have_too_little_memory_is_an_outage(
    session_executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harness needs half a gibibyte beside its candidate."""
    monkeypatch.setattr(memory, "bytes_for_guests", lambda: 600 * 2**20)

    execution = only(session_executor.run([session_job("", limits=Limits(memory_bytes=2**27))]))

    assert (execution.ending, execution.cause) == (Ending.NOT_RUN, Cause.NO_ROOM)
