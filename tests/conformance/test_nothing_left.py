"""Hostile programs, faults and abandoned batches leave nothing behind."""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host import event_loop
from nova_code_verifier.sandbox.host.keeper import Keeper
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Call, Ending, IsolationLevel, Job, Limits, Run
from nova_code_verifier.verifier.checking.answers import with_value
from tests.processes import descendants

LIMITS = Limits(cpu_seconds=0.5, wall_seconds=1.0, memory_bytes=60 * 2**20, output_bytes=2**20)

BATTERY = (
    "print('x')",
    "while True: pass",
    "import time; time.sleep(1000)",
    "a = []\nwhile True: a.append('x' * 10**6)",
    "while True: print('x' * 1000)",
    "import os\nwhile True: os.fork()",
    "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "import os\nos.closerange(0, 256)\nwhile True: pass",
    (
        "import threading, time\n"
        "for _ in range(50): threading.Thread(target=time.sleep, args=(1000,)).start()"
    ),
    "import os\nfor _ in range(300): os.mkdir('d'); os.chdir('d')\nopen('x', 'w').write('x')",
    "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.kill(os.getpid(), 9)",
    "import os\nfor _ in range(100): os.pipe()\nos.abort()",
    "import socket; socket.socket().connect(('127.0.0.1', 9))",
    "import os\nwhile True: os.write(3, b'x' * 9999)",
    (
        "import socket\nend = socket.socket(1, 1, fileno=4)\n"
        "for n in range(50): socket.send_fds(end, [bytes(n % 3 + 1) + b'x' * n], [1] * (n % 5 + 1))"
    ),
    (
        "import socket\nend = socket.socket(1, 1, fileno=4); end.setblocking(False)\n"
        "while True:\n    try: socket.send_fds(end, [bytes(4) + b'x'], [1] * 9)\n"
        "    except BlockingIOError: pass"
    ),
    "import sys; sys.exit('no')",
    "this is no program",
)
DOUBLE = "def f(n): return 2 * n"


HOSTILE_TO_DIRECTORIES = (
    "import os; os.rmdir(os.getcwd())",
    "import os; os.rename(os.getcwd(), '/tmp/x')",
    "import os; work = os.getcwd(); os.rename(work, '/tmp/x'); open(work, 'w').close()",
    "import os; work = os.getcwd(); os.rename(work, '/tmp/x'); os.mkdir(work); os.chmod(work, 0)",
    "import os; os.mkdir('d'); os.chdir('d'); os.rmdir(os.getcwd())",
    "import os\nfor _ in range(3): os.mkdir('d'); os.chmod('.', 0); os.chdir('d')",
)
LOOK = (
    "import os\nopen('x', 'w').close()\n"
    "print(os.path.basename(os.getcwd()), os.listdir(), os.listdir('/tmp'))"
)


# A worker of pytest-xdist has threads of its own, of which Python 3.12 and later warn at a fork.
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def own(level: IsolationLevel) -> Iterator[LocalExecutor]:
    """Start an executor that a test may break."""
    with LocalExecutor(workers=2, level=level) as executor:
        assert executor.level is level
        yield executor
        for pid in workers_of(executor) - set(executor.zygote_pids):
            os.kill(pid, signal.SIGKILL)  # of a test that failed


def run_job(program: str, *, count: int = 1) -> Job:
    """Return a job of *count* runs."""
    return Job(program=program, questions=(Run(),) * count, limits=LIMITS)


def endings_of(executor: LocalExecutor) -> list[Ending]:
    """Run the battery of hostile programs, and return how each ended."""
    ended = dict(executor.run([run_job(program) for program in BATTERY]))
    return [ended[index][0].ending for index in range(len(BATTERY))]


def doubles(count: int) -> Job:
    """Return a job of *count* calls."""
    calls = tuple(Call(entry_point="f", arguments=(n,)) for n in range(count))
    return Job(program=DOUBLE, questions=calls)


def close(batch: Iterator[object]) -> None:
    """Abandon a batch, as leaving a `for` loop does."""
    assert isinstance(batch, Generator)
    batch.close()


def works(executor: LocalExecutor) -> bool:
    """Return whether an executor answers every question, on all its workers."""
    answers = [executions[0] for _, executions in executor.run([run_job("print(42)")] * 6)]
    return [execution.stdout for execution in answers] == [b"42\n"] * 6


def workers_of(executor: LocalExecutor) -> set[int]:
    """Return every zygote and guest of an executor, orphans too, by their command line."""
    found = set()
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(executor._directory) in arguments.read_bytes():
                found.add(int(arguments.parent.name))
    return found


def own_descriptors() -> int:
    """Return how many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def descriptors_of(executor: LocalExecutor) -> list[int]:
    """Return how many descriptors each zygote has, if the kernel allows us to look."""
    with contextlib.suppress(PermissionError):
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in executor.zygote_pids]
    return []


def files_of(executor: LocalExecutor) -> list[str]:
    """Return the names in the executor's directory."""
    return sorted(str(path) for path in executor._directory.rglob("*"))


def resident_kilobytes(pid: int) -> int:
    """Return how much memory a process uses."""
    return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * 4


def sizes_of(executor: LocalExecutor) -> list[int]:
    """Return how much memory this process and the zygotes use, in KiB."""
    return [resident_kilobytes(pid) for pid in (os.getpid(), *executor.zygote_pids)]


def kill_zygotes(executor: LocalExecutor) -> None:
    """Kill the zygotes, as a kernel without memory may do."""
    for pid in executor.zygote_pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


State = tuple[int, list[int], list[str], set[int]]


def state_of(executor: LocalExecutor) -> State:
    """Return the numbers of descriptors, files and processes of an executor at rest."""
    return (
        own_descriptors(),
        descriptors_of(executor),
        files_of(executor),
        workers_of(executor),
    )


def test_hostile_programs_leave_nothing(own: LocalExecutor) -> None:
    """There are no more descriptors, files or processes than before, and the same workers."""
    assert works(own)
    before = state_of(own)

    first, second = endings_of(own), endings_of(own)

    assert first == second
    assert state_of(own) == before
    assert set(own.zygote_pids) == before[3]


def test_directories_that_a_guest_removed_or_moved_are_made_anew(
    lone_worker: LocalExecutor,
) -> None:
    """The next program has its current directory and its `/tmp`, both empty, in the same worker."""
    programs = [text for hostile in HOSTILE_TO_DIRECTORIES for text in (hostile, LOOK)]
    before = lone_worker.zygote_pids

    ended = dict(lone_worker.run([run_job(program) for program in programs]))

    found = {ended[index][0].stdout for index in range(1, len(programs), 2)}
    assert found == {b"work ['x'] []\n"}
    assert lone_worker.zygote_pids == before


def test_a_closed_executor_leaves_nothing(level: IsolationLevel) -> None:
    """`close` ends zygotes, and removes directories and descriptors."""
    before = descendants(os.getpid()), own_descriptors()
    with LocalExecutor(workers=2, level=level) as executor:
        list(executor.run([run_job(program) for program in BATTERY[:3]]))
        directory, zygotes = executor._directory, executor.zygote_pids

    assert not directory.exists()
    assert (descendants(os.getpid()), own_descriptors()) == before
    assert not any(Path(f"/proc/{pid}").exists() for pid in zygotes)


def test_a_forgotten_executor_leaves_nothing(level: IsolationLevel) -> None:
    """The garbage collector closes an executor that nobody closed."""
    before = descendants(os.getpid())
    executor = LocalExecutor(workers=1, level=level)
    list(executor.run([run_job("print(1)")]))
    directory = executor._directory
    del executor

    assert not directory.exists()
    assert descendants(os.getpid()) == before


def test_closing_twice_is_allowed(level: IsolationLevel) -> None:
    """The end of a `with` block may come after `close`, too."""
    with LocalExecutor(workers=1, level=level) as executor:
        executor.close()
        executor.close()


def test_a_closed_executor_raises(level: IsolationLevel) -> None:
    """`run` raises our own error."""
    executor = LocalExecutor(workers=1, level=level)
    assert executor.level is level
    executor.close()

    with pytest.raises(SandboxError):
        list(executor.run([run_job("print(1)")]))


def test_an_abandoned_batch_leaves_nothing(own: LocalExecutor) -> None:
    """After one of many results, the executor is ready for the next batch."""
    assert works(own)
    before = own_descriptors()
    for _ in range(3):
        batch = own.run([run_job("print(1)"), *[run_job("import time; time.sleep(20)")] * 5])
        next(batch)
        close(batch)

    assert works(own)
    assert own_descriptors() == before
    assert workers_of(own) == set(own.zygote_pids)
    assert len(files_of(own)) == 2 + len(own.writable_directories)


@pytest.mark.timeout(60)
def test_an_interrupt_while_a_guest_starts_blocks_nothing(
    own: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may come after the request for a guest, and before its keeper is known."""

    class InterruptedKeeper(Keeper):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            time.sleep(0.1)  # the guest starts
            self.close()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(event_loop, "Keeper", InterruptedKeeper)
        with pytest.raises(KeyboardInterrupt):
            list(own.run([run_job("import time; time.sleep(20)")]))

    assert works(own)


def test_a_batch_that_was_never_read_blocks_nothing(own: LocalExecutor) -> None:
    """An unused generator does not block the next batch."""
    own.run([run_job("print(1)")])

    assert works(own)


def test_a_consumer_that_fails_leaves_nothing(own: LocalExecutor) -> None:
    """After an exception of the caller within a batch, the executor goes on."""

    def consume() -> None:
        for _ in own.run([run_job(program) for program in BATTERY]):
            raise KeyError

    with pytest.raises(KeyError):
        consume()

    assert works(own)
    assert workers_of(own) == set(own.zygote_pids)


def test_an_exception_of_the_jobs_generator_is_raised(own: LocalExecutor) -> None:
    """It reaches the caller, and the executor goes on."""

    def jobs() -> Iterator[Job]:
        yield run_job("import time; time.sleep(20)")
        raise KeyError

    with pytest.raises(KeyError):
        list(own.run(jobs()))

    assert works(own)


def test_a_batch_within_a_batch_is_refused(own: LocalExecutor) -> None:
    """It raises and does not deadlock; the outer batch goes on."""
    batch = own.run([run_job("print(1)")] * 4)
    next(batch)

    with pytest.raises(SandboxError):
        list(own.run([run_job("print(2)")]))

    assert len(list(batch)) == 3


def test_the_deadline_ends_every_job(own: LocalExecutor) -> None:
    """Every question has an execution, and one that was cut short is NOT_RUN."""
    sleeper = Job(
        program="import time; time.sleep(20)",
        questions=(Run(),) * 3,
        limits=Limits(cpu_seconds=60, wall_seconds=99),
    )

    ended = dict(own.with_deadline(time.monotonic() + 0.5).run([sleeper] * 4))

    assert sorted(ended) == [0, 1, 2, 3]
    assert {execution.ending for executions in ended.values() for execution in executions} == {
        Ending.NOT_RUN
    }
    assert [len(executions) for executions in ended.values()] == [3] * 4
    assert works(own)


def test_a_deadline_in_the_past_runs_nothing(own: LocalExecutor) -> None:
    """A question after the deadline does not start."""
    [(_, (execution,))] = own.with_deadline(time.monotonic() - 1).run([run_job("print(1)")])

    assert (execution.ending, execution.stdout) == (Ending.NOT_RUN, b"")


def test_an_endless_job_leaves_time_for_the_others(own: LocalExecutor) -> None:
    """With a deadline, jobs behind an endless one run, too."""
    greedy = Job(
        program="import time; time.sleep(20)",
        questions=(Run(),),
        limits=Limits(cpu_seconds=60, wall_seconds=99),
    )

    ended = dict(
        own.with_deadline(time.monotonic() + 5).run([greedy] * 2 + [run_job("print(1)")] * 4)
    )

    assert [ended[index][0].ending for index in range(2, 6)] == [Ending.FINISHED] * 4


def test_a_zygote_that_died_between_batches_is_replaced(own: LocalExecutor) -> None:
    """The next batch does not notice."""
    for _ in range(3):
        kill_zygotes(own)

        assert works(own)
    assert workers_of(own) == set(own.zygote_pids)


def test_a_zygote_that_dies_in_a_batch_is_replaced(own: LocalExecutor) -> None:
    """Its job runs once more, with the same results."""
    job = run_job("import time; time.sleep(0.3); print(42)")
    killed: list[int] = []

    def kill() -> None:
        time.sleep(0.1)
        killed.extend(own.zygote_pids)
        kill_zygotes(own)

    killer = threading.Thread(target=kill)
    killer.start()
    ended = list(own.run([job] * 2))
    killer.join()

    assert [executions[0].stdout for _, executions in ended] == [b"42\n"] * 2
    assert not set(killed) & set(own.zygote_pids)
    assert works(own)


def test_no_guest_outlives_its_zygote(own: LocalExecutor) -> None:
    """Not even an idle one, when its zygote is killed."""
    endless = Job(
        program="import time; time.sleep(20)",
        questions=(Run(),),
        limits=Limits(cpu_seconds=60, wall_seconds=0.8),
    )
    killer = threading.Timer(0.3, kill_zygotes, [own])
    killer.start()
    list(own.run([endless] * 2))
    killer.join()

    assert works(own)
    assert workers_of(own) == set(own.zygote_pids)


def test_a_job_that_loses_two_zygotes_is_not_run(own: LocalExecutor) -> None:
    """An outage is never a wrong answer."""
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(0.02):
            kill_zygotes(own)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        ended = list(own.run([run_job("import time; time.sleep(0.3)")] * 2))
    except SandboxError:
        ended = []
    finally:
        stop.set()
        killer.join()

    assert {execution.ending for _, executions in ended for execution in executions} <= {
        Ending.NOT_RUN
    }


@forks
def test_a_forked_process_gets_workers_of_its_own(own: LocalExecutor) -> None:
    """Parent and child work at the same time, and the child's end leaves the parent's workers."""
    assert works(own)
    zygotes, before = own.zygote_pids, descendants(os.getpid())
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BaseException):
            fine = works(own) and not set(own.zygote_pids) & set(zygotes)
            own.close()
            status = 0 if fine else 2
        os._exit(status)

    assert works(own)
    assert os.waitpid(pid, 0)[1] == 0
    assert works(own)
    assert own.zygote_pids == zygotes
    assert descendants(os.getpid()) == before


@forks
def test_the_end_of_a_forked_process_changes_nothing(own: LocalExecutor) -> None:
    """A child that does not use the executor ends no zygote."""
    zygotes = own.zygote_pids
    pid = os.fork()
    if pid == 0:
        own.close()
        os._exit(0)
    os.waitpid(pid, 0)

    assert works(own)
    assert own.zygote_pids == zygotes


def test_batches_of_several_threads_do_not_mix(own: LocalExecutor) -> None:
    """Each thread gets the results of its own jobs."""
    results: dict[int, list[object]] = {}

    def ask(number: int) -> None:
        job = Job(
            program=f"def f(n): return n * {number}",
            questions=tuple(Call(entry_point="f", arguments=(n,)) for n in range(20)),
        )
        results[number] = [
            with_value(execution).value
            for _, executions in own.run([job] * 3)
            for execution in executions
        ]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {number: [n * number for n in range(20)] * 3 for number in range(6)}


def test_jobs_are_fetched_when_they_are_needed(own: LocalExecutor) -> None:
    """A generator of jobs may be of any length."""
    fetched = 0

    def jobs() -> Iterator[Job]:
        nonlocal fetched
        while fetched < 1000:
            fetched += 1
            yield run_job("print(1)")

    batch = own.run(jobs())
    for _ in range(5):
        next(batch)
    close(batch)

    assert fetched <= 5 + 2 * 2


def test_no_job_and_a_job_without_questions_are_allowed(own: LocalExecutor) -> None:
    """Both end at once."""
    assert list(own.run([])) == []
    assert list(own.run([Job(program="", questions=())])) == [(0, ())]


def test_many_jobs_need_no_more_memory_than_a_few(own: LocalExecutor) -> None:
    """Neither descriptors nor memory grow with the number of jobs."""

    def run_many() -> None:
        for _, executions in own.run(doubles(2) if n % 2 else run_job("1") for n in range(300)):
            assert executions[0].ending is Ending.FINISHED

    run_many()
    before, sizes = state_of(own), sizes_of(own)
    run_many()

    assert state_of(own) == before
    assert all(now - then < 2000 for then, now in zip(sizes, sizes_of(own), strict=True))


def test_outputs_are_not_kept(own: LocalExecutor) -> None:
    """An output that was returned does not stay in memory."""
    loud = Job(program="print('x' * 4_000_000)", questions=(Run(),))
    sizes = []
    for _ in range(3):
        for _, (execution,) in own.run([loud] * 10):
            assert len(execution.stdout) == 4_000_001
            del execution
        sizes.append(resident_kilobytes(os.getpid()))

    assert sizes[-1] - sizes[0] < 16_000


def test_workers_have_separate_directories(own: LocalExecutor) -> None:
    """Jobs that run at the same time do not see each other's files."""
    program = (
        "import os, time\nassert os.listdir() == []\nopen('mine', 'w').write('x')\n"
        "time.sleep(0.02)\nprint(os.listdir())"
    )

    seen = {executions[0].stdout for _, executions in own.run([run_job(program)] * 12)}

    assert seen == {b"['mine']\n"}


def test_results_have_the_index_of_their_job(own: LocalExecutor) -> None:
    """In whatever order jobs end, indices and executions match."""
    jobs = [run_job(f"import time; time.sleep({n % 3} / 50); print({n})") for n in range(24)]

    ended = dict(own.run(jobs))

    assert [ended[n][0].stdout for n in range(24)] == [b"%d\n" % n for n in range(24)]


def test_a_guest_does_not_inherit_descriptors(own: LocalExecutor) -> None:
    """A pipe that is inheritable here is closed in every guest."""
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)  # noqa: FBT003  (its only parameter)
    with LocalExecutor(workers=1, level=own.level) as fresh:
        assert works(fresh)
        os.close(write_end)
        poll = select.poll()
        poll.register(read_end, select.POLLIN)
        ready = poll.poll(1000)
    os.close(read_end)

    assert ready == [(read_end, select.POLLHUP)]


def test_a_host_without_descriptors_raises(own: LocalExecutor) -> None:
    """The batch raises and leaks nothing, and a later batch works."""
    assert works(own)
    before = own_descriptors()
    held = []
    with contextlib.suppress(OSError):
        while True:
            held.append(os.dup(0))
    try:
        with pytest.raises((OSError, SandboxError)):
            list(own.run([run_job("print(1)")]))
    finally:
        for fd in held:
            os.close(fd)

    assert works(own)
    assert own_descriptors() == before


def test_a_signal_handler_may_raise_within_a_batch(own: LocalExecutor) -> None:
    """After Ctrl-C in a batch, the next batch works."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            list(own.run([run_job("import time; time.sleep(20)")] * 4))
    finally:
        signal.signal(signal.SIGALRM, previous)

    assert works(own)
    assert workers_of(own) == set(own.zygote_pids)


def test_a_lost_worker_ends_no_other(level: IsolationLevel) -> None:
    """Worker 1 and worker 10 have names with the same beginning."""
    with LocalExecutor(workers=11, level=level) as executor:
        assert works(executor)
        before = executor.zygote_pids
        os.kill(before[1], signal.SIGKILL)

        list(executor.run([run_job("print(1)")] * 22))

        changed = [pid != now for pid, now in zip(before, executor.zygote_pids, strict=True)]
        assert [number for number, is_new in enumerate(changed) if is_new] == [1]


@pytest.mark.parametrize("program", ["os.chmod('.', 0)", "os.mkdir('d'); os.mkdir('d/e', 0)"])
def test_closed_directories_end_no_executor(program: str, own: LocalExecutor) -> None:
    """Directories that a guest closed are removed, as root and as a user."""
    zygotes = own.zygote_pids

    list(own.run([run_job(f"import os; {program}")] * 4))

    writer = run_job("import os; open('x', 'w').close(); print(os.listdir())")
    assert {executions[0].stdout for _, executions in own.run([writer] * 4)} == {b"['x']\n"}
    assert own.zygote_pids == zygotes


def test_a_worker_that_cannot_be_replaced_is_replaced_later(own: LocalExecutor) -> None:
    """A zygote that does not start is an error of its batch, and of no later one."""
    assert works(own)
    directory = Path(own.work_directories[0]).parent.parent
    aside = directory.rename(directory.with_name(directory.name + "-aside"))
    os.kill(own.zygote_pids[0], signal.SIGKILL)
    with pytest.raises(SandboxError):
        list(own.run([run_job("print(1)")]))
    aside.rename(directory)

    assert works(own)
    assert workers_of(own) == set(own.zygote_pids)
