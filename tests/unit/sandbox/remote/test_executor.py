"""An executor elsewhere: what becomes of jobs when calls fail, and who is to blame."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import count
from typing import cast

import pytest

from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    FunctionOutOfTimeError,
    InvocationError,
    IsolationRefusedError,
    SandboxError,
    ThrottledError,
    UnreachableError,
)
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote import client
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response, write_response
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Run,
)

Invoke = Callable[[bytes], bytes]
TOO_LATE = Execution(ending=Ending.NOT_RUN, cause=Cause.DEADLINE, detail="any text")


def no_examiners(modules: tuple[str, ...]) -> LocalExecutor:
    """Have no harnesses: nothing here needs them."""
    raise NotImplementedError(modules)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(client, "_PAUSE_SECONDS", 0.001)


def remote(invoke: Invoke, *, concurrency: int = 2, jobs_per_request: int = 1) -> RemoteExecutor:
    """Have jobs run by whatever *invoke* does."""
    return RemoteExecutor(
        invoke, no_examiners, concurrency=concurrency, jobs_per_request=jobs_per_request
    )


def job(program: str, questions: int = 1) -> Job:
    """Run a program, with its number as input for each question."""
    return Job(program=program, questions=tuple(Run(stdin=b"%d" % n) for n in range(questions)))


class Function:
    """An executor function that does what programs are called after."""

    def __init__(self, *, level: IsolationLevel = IsolationLevel.KERNEL) -> None:
        """Serve."""
        self.level = level
        self.orders: list[tuple[str, ...]] = []
        self.seconds: list[float] = []
        self.seen: dict[str, Iterator[int]] = {}
        self.at_work = self.most_at_work = 0
        self._lock = threading.Lock()

    def __call__(self, payload: bytes) -> bytes:
        """Answer an order."""
        order = read_request(payload)
        with self._lock:
            self.orders.append(tuple(one.program for one in order.jobs))
            self.seconds.append(order.seconds)
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            results = tuple(self.do(one) for one in order.jobs)
        finally:
            with self._lock:
                self.at_work -= 1
        return write_response(RunResponse(level=self.level, results=results), order.jobs)

    def do(self, one: Job) -> tuple[Execution, ...]:
        """Do as the program says: its first words are what happens at its first call."""
        if one.program == "print(input())":
            return self.echo(one)
        nth = next(self.seen.setdefault(one.program, count()))
        word = (one.program.split() + ["echo"] * 9)[nth]
        return (getattr(self, word, None) or self.echo)(one)

    @staticmethod
    def echo(one: Job) -> tuple[Execution, ...]:
        """Print the input."""
        return tuple(
            Execution(ending=Ending.FINISHED, exit_status=0, stdout=question.stdin)
            if isinstance(question, Run)
            else Execution(ending=Ending.FINISHED, value=1)
            for question in one.questions
        )

    def crash(self, _: Job) -> tuple[Execution, ...]:
        """End the process."""
        raise FunctionCrashedError("Runtime.ExitError")

    def overtime(self, _: Job) -> tuple[Execution, ...]:
        """Be ended by the function's own timeout."""
        raise FunctionOutOfTimeError("Task timed out")

    def throttle(self, _: Job) -> tuple[Execution, ...]:
        """Be one too many."""
        raise ThrottledError("429")

    def lose(self, _: Job) -> tuple[Execution, ...]:
        """Be out of reach."""
        raise UnreachableError("no route")

    def half(self, one: Job) -> tuple[Execution, ...]:
        """Have time for the first question alone."""
        return (self.echo(one)[0], *[TOO_LATE] * (len(one.questions) - 1))

    def nothing(self, one: Job) -> tuple[Execution, ...]:
        """Have no time at all."""
        return (Execution(ending=Ending.NOT_RUN, detail="busy"),) * len(one.questions)

    def tired(self, one: Job) -> tuple[Execution, ...]:
        """Not be done by the end of an invocation."""
        return (TOO_LATE,) * len(one.questions)

    def late(self, one: Job) -> tuple[Execution, ...]:
        """Run out of time with every question."""
        return (Execution(ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME),) * len(one.questions)


def endings(executor: RemoteExecutor, jobs: list[Job], **more: float) -> list[list[str]]:
    """Run jobs, and tell how their questions ended, in their order."""
    results = dict(executor.run(jobs, **more))
    return [[one.ending for one in results[place]] for place in range(len(jobs))]


def test_every_job_comes_back_once_and_in_full() -> None:
    """Whoever asks gets each place once, with an execution for every question."""
    jobs = [job(f"echo {n}", questions=n) for n in range(8)]

    results = list(remote(Function()).run(jobs))

    assert sorted(place for place, _ in results) == list(range(8))
    for place, executions in results:
        assert [one.stdout for one in executions] == [b"%d" % n for n in range(place)]


def test_no_more_orders_are_under_way_than_may_be() -> None:
    """Concurrency is what the function's owner set."""

    class Slow(Function):
        def do(self, one: Job) -> tuple[Execution, ...]:
            time.sleep(0.1)
            return super().do(one)

    function = Slow()
    endings(remote(function, concurrency=3), [job(f"echo {n}") for n in range(12)])

    assert function.most_at_work == 3


@pytest.mark.parametrize(("jobs_per_request", "most"), [(1, 1), (4, 4)])
def test_an_order_holds_as_many_jobs_as_it_may(jobs_per_request: int, most: int) -> None:
    """Unless told otherwise, a candidate is alone: it never sees another's program."""
    function = Function()

    endings(
        remote(function, jobs_per_request=jobs_per_request), [job(f"echo {n}") for n in range(9)]
    )

    assert max(map(len, function.orders)) == most


@pytest.mark.parametrize("word", ["throttle", "lose", "crash", "nothing"])
def test_what_passes_is_tried_again(word: str) -> None:
    """One failure of whatever kind costs time, and no verdict."""
    assert endings(remote(Function()), [job(word), job("echo")]) == [["finished"], ["finished"]]


@pytest.mark.parametrize(("word", "ending"), [("crash", "crashed"), ("overtime", "out_of_time")])
def test_who_brings_the_function_down_alone_has_done_it(word: str, ending: str) -> None:
    """A crash that comes again, while our own program is run, is the candidate's verdict."""
    found = endings(remote(Function()), [job(f"{word} {word}", questions=2), job("echo")])

    assert found == [[ending, ending], ["finished"]]


def test_a_crash_in_company_costs_nobody_else() -> None:
    """Those who came with a crash are asked again, each alone."""
    function = Function()
    jobs = [job("echo 1"), job("crash crash crash"), job("echo 2")]

    assert endings(remote(function, jobs_per_request=3), jobs) == [
        ["finished"], ["crashed"], ["finished"]
    ]  # fmt: skip
    assert [len(order) for order in function.orders[1:]] == [1] * (len(function.orders) - 1)


def dead(_: bytes) -> bytes:
    """Crash, whatever is asked."""
    raise FunctionCrashedError("Runtime.ImportModuleError")


def unreachable(_: bytes) -> bytes:
    """Never be there."""
    raise UnreachableError("connection refused")


def denied(_: bytes) -> bytes:
    """Be for others."""
    raise InvocationError("AccessDeniedException")


@pytest.mark.parametrize("invoke", [dead, unreachable, denied])
def test_a_broken_function_is_an_outage(invoke: Invoke) -> None:
    """If it does not run our own program either, no candidate is to blame."""
    executor = remote(invoke)

    found = endings(executor, [job(str(n)) for n in range(5)])

    assert found == [["not_run"]] * 5
    with pytest.raises(SandboxError):
        _ = executor.level


def test_an_outage_is_noticed_once() -> None:
    """With one job's outage all others are given up: no minutes of vain tries for each."""
    calls = count()

    def invoke(payload: bytes) -> bytes:
        next(calls)
        return unreachable(payload)

    endings(remote(invoke, concurrency=2), [job(str(n)) for n in range(100)])

    assert next(calls) <= 2 * client._UNREACHABLE_MAX


def test_an_environment_that_dies_under_the_probe_ends_no_batch() -> None:
    """It may die by itself: only who cannot run our own program twice is out of order."""

    class Frail(Function):
        probes = 0

        def do(self, one: Job) -> tuple[Execution, ...]:
            if one.program == "print(input())":
                self.probes += 1
                if self.probes == 2:  # the first one asks for the level
                    self.crash(one)
            return super().do(one)

    executor = remote(Frail(), concurrency=1)
    assert executor.level is IsolationLevel.KERNEL

    found = endings(executor, [job("crash crash"), *[job(f"echo {n}") for n in range(5)]])

    assert found == [["crashed"], *[["finished"]] * 5]


def test_who_stops_reading_stops_the_calls() -> None:
    """Nobody waits for what would come, so the function is called no more."""
    calls = count()

    def busy(_: bytes) -> bytes:
        next(calls)
        raise ThrottledError("Rate Exceeded")

    function = Function()

    def first_only(payload: bytes) -> bytes:
        quick = read_request(payload).jobs[0].program == "quick"
        return function(payload) if quick else busy(payload)

    results = remote(first_only, concurrency=3).run([job("quick"), job("a"), job("b")])
    with closing(cast("Generator[object]", results)):
        next(results)
    time.sleep(1)
    after = next(calls)
    time.sleep(0.5)

    assert next(calls) == after + 1


def test_a_reply_cannot_claim_that_its_order_was_none() -> None:
    """What was sent can be read: who says otherwise would be judged by nobody."""

    class Sly(Function):
        def echo(self, one: Job) -> tuple[Execution, ...]:  # type: ignore[override]
            sly = Execution(ending=Ending.UNSENDABLE, detail="none of your business")
            if one.program == "print(input())":
                return Function.echo(one)
            return (sly,) * len(one.questions)

    assert endings(remote(Sly()), [job("a")]) == [["crashed"]]


def test_a_function_that_runs_nothing_right_is_an_outage() -> None:
    """A reply in good form is not enough: our own program must have been run."""

    class Idle(Function):
        def echo(self, one: Job) -> tuple[Execution, ...]:  # type: ignore[override]
            return (Execution(ending=Ending.NOT_RUN, detail="no zygote"),) * len(one.questions)

    with pytest.raises(SandboxError, match="does not run programs: no zygote"):
        _ = remote(Idle()).level


@pytest.mark.parametrize("reply", [b"", b"x" * 100])
def test_a_reply_that_cannot_be_read_is_a_crash(reply: bytes) -> None:
    """Whoever could forge a reply gets what it would have got by crashing."""
    function = Function()

    def invoke(payload: bytes) -> bytes:
        forged = read_request(payload).jobs[0].program == "forge"
        return reply if forged else function(payload)

    assert endings(remote(invoke), [job("forge"), job("echo")]) == [["crashed"], ["finished"]]


def test_runs_for_which_there_was_no_time_are_asked_again() -> None:
    """What is known is kept, and the rest is another order: to the end."""
    function = Function()
    one = job("half half", questions=4)

    (executions,) = dict(remote(function).run([one])).values()

    assert [execution.stdout for execution in executions] == [b"0", b"1", b"2", b"3"]


def test_calls_are_asked_again_all_together() -> None:
    """They share a guest: half a conversation is none."""
    one = Job(program="half", questions=(Call(entry_point="f"),) * 3)

    assert endings(remote(Function()), [one]) == [["finished"] * 3]


def test_what_is_never_run_though_others_are_brings_its_executor_down() -> None:
    """Whoever kills what would run it, or forges a reply that says so, is not taken for lost."""
    found = endings(remote(Function()), [job("nothing nothing", questions=2), job("echo")])

    assert found == [["crashed", "crashed"], ["finished"]]


def test_who_is_never_done_within_an_invocation_is_out_of_time() -> None:
    """With the function to itself, and time left on this side."""
    found = endings(remote(Function()), [job("tired tired"), job("echo")])

    assert found == [["out_of_time"], ["finished"]]


def test_what_is_not_run_because_time_was_up_is_an_outage() -> None:
    """A deadline that is near is nobody's fault."""
    jobs = [job("nothing nothing", questions=2), job("echo")]

    found = endings(remote(Function()), jobs, deadline=time.monotonic() + 1.8)

    assert found == [["not_run", "not_run"], ["finished"]]


def test_enough_late_questions_are_enough_however_they_came_back() -> None:
    """A job that came back in parts is given up where it would have been as a whole."""
    one = job("late", questions=5)

    assert endings(remote(Function()), [one]) == [["out_of_time"] * 3 + ["skipped"] * 2]


def test_inputs_too_large_for_one_order_go_in_several() -> None:
    """A job of many megabytes is run as one of few."""
    import random  # noqa: PLC0415

    inputs = [random.Random(n).randbytes(1_500_000) for n in range(5)]
    one = Job(program="echo", questions=tuple(Run(stdin=data) for data in inputs))

    (executions,) = dict(remote(Function()).run([one])).values()

    assert [execution.stdout for execution in executions] == inputs


def test_an_input_too_large_for_any_order_is_no_outage() -> None:
    """It says what to do; the others are run."""
    import random  # noqa: PLC0415

    large = Job(program="echo", questions=(Run(stdin=random.Random(0).randbytes(5_000_000)),))

    results = dict(remote(Function()).run([large, job("echo")]))

    assert results[0][0].ending is Ending.UNSENDABLE
    assert "score this sample without an executor function" in results[0][0].detail
    assert results[1][0].ending is Ending.FINISHED


def test_arguments_that_cannot_be_sent_are_no_outage() -> None:
    """As on this machine: it says why, and the others are run."""
    odd = Job(program="echo", questions=(Call(entry_point="f", arguments=(object(),)),))

    results = dict(remote(Function(), jobs_per_request=2).run([odd, job("echo 1")]))

    assert results[0][0].ending is Ending.UNSENDABLE
    assert results[0][0].detail.startswith("its arguments cannot be sent: ")
    assert results[1][0].ending is Ending.FINISHED


def test_what_was_in_the_way_is_told_with_the_deadline() -> None:
    """An operator reads that the function was busy, and not only that time was up."""

    def busy(_: bytes) -> bytes:
        raise ThrottledError("Rate Exceeded")

    [(_, (one,))] = remote(busy).run([job("echo")], deadline=time.monotonic() + 1)

    assert one.detail in ("the deadline came first; Rate Exceeded", "the deadline came first")
    assert one.ending is Ending.NOT_RUN


def test_the_deadline_ends_everything() -> None:
    """A function that never replies holds nobody up: what is not known by then is not run."""
    forever = threading.Event()

    def invoke(_: bytes) -> bytes:
        forever.wait(20)
        raise UnreachableError("gone")

    started = time.monotonic()
    found = endings(remote(invoke), [job("a"), job("b"), job("c")], deadline=started + 1)

    assert found == [["not_run"]] * 3
    assert time.monotonic() - started < 10
    forever.set()


def test_the_function_is_told_how_much_time_there_is() -> None:
    """So that it ends what it runs before nobody waits for it any more."""
    function = Function()

    endings(remote(function), [job("echo")], deadline=time.monotonic() + 20)

    assert 10 < function.seconds[0] < 20


def test_who_takes_more_than_a_share_comes_last() -> None:
    """With more jobs than orders, one endless loop does not take all the time."""
    function = Function()
    jobs = [job("nothing"), *[job(f"echo {n}") for n in range(9)]]

    found = endings(remote(function, concurrency=1), jobs, deadline=time.monotonic() + 100)

    assert found == [["finished"]] * 10
    assert function.seconds[0] < 20 < function.seconds[-1]
    assert function.orders[-1] == ("nothing",)


def test_the_weakest_claim_counts() -> None:
    """Environments may differ; a row carries the weakest wall there was."""
    function = Function(level=IsolationLevel.KERNEL)
    executor = remote(function)
    claimed = []
    for level in (IsolationLevel.KERNEL, IsolationLevel.INTERPRETER, IsolationLevel.KERNEL):
        function.level = level
        endings(executor, [job("echo")])
        claimed.append(executor.level)

    assert claimed == [
        IsolationLevel.KERNEL,
        IsolationLevel.INTERPRETER,
        IsolationLevel.INTERPRETER,
    ]


def test_replies_are_unpacked_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take a hundred times its size for a moment: all at once would take everything."""
    busy = threading.Lock()
    was_alone = []

    def read_slowly(data: bytes, jobs: Sequence[Job]) -> RunResponse:
        is_alone = busy.acquire(blocking=False)
        time.sleep(0.02)
        if is_alone:
            busy.release()
        was_alone.append(is_alone)
        return read_response(data, jobs)

    monkeypatch.setattr(client, "read_response", read_slowly)

    found = endings(remote(Function(), concurrency=8), [job(f"echo {n}") for n in range(16)])

    assert (found, was_alone) == ([["finished"]] * 16, [True] * 16)


def test_less_than_is_required_is_refused() -> None:
    """A function without a wall is not used, unless that is asked for by name."""
    executor = remote(Function(level=IsolationLevel.NONE))

    with pytest.raises(IsolationRefusedError):
        _ = executor.level
    assert endings(executor, [job("echo")]) == [["not_run"]]


def test_a_bug_is_raised_where_it_is_heard() -> None:
    """What is no error of a call's comes out of the batch."""

    def invoke(_: bytes) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(remote(invoke).run([job("echo")]))


def test_candidates_and_trusted_programs_have_different_executors() -> None:
    """Whoever asks for loaded modules stays on this machine; `run` never does."""
    asked: list[tuple[str, ...]] = []

    def start(modules: tuple[str, ...]) -> LocalExecutor:
        asked.append(modules)
        return LocalExecutor(workers=1, preloaded=modules)

    function = Function()
    with RemoteExecutor(function, start) as executor:
        trusted = executor.with_preloaded(("json",))
        assert executor.with_preloaded(("json",)) is trusted
        (_, (execution,)) = next(iter(trusted.run([job("print(6 * 7)")])))

    assert (asked, execution.stdout, function.orders) == ([("json",)], b"42\n", [])
    assert executor.isolates_trusted_code
    assert not trusted.isolates_trusted_code
