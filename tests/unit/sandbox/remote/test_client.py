"""The client of an executor function: retries, and whose fault a failure is."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest

from nova_code_verifier.sandbox.errors import (
    FunctionCrashedError,
    InvocationError,
    IsolationRefusedError,
    SandboxError,
    ThrottledError,
    UnreachableError,
)
from nova_code_verifier.sandbox.remote import client
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, read_response
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, IsolationLevel, Job
from tests.unit.sandbox.remote.fake_function import (
    PROBE,
    FakeFunction,
    Invoke,
    endings,
    job_of,
    remote,
)


@pytest.mark.parametrize("word", ["throttle", "lose", "crash", "nothing"])
def test_a_failure_that_happens_once_is_retried(word: str) -> None:
    """One failure of any kind changes no result."""
    assert endings(remote(FakeFunction()), [job_of(word), job_of("echo")]) == [
        ["finished"],
        ["finished"],
    ]


@pytest.mark.parametrize(("word", "ending"), [("crash", "crashed"), ("overtime", "out_of_time")])
def test_a_job_that_crashes_the_function_twice_is_at_fault(word: str, ending: str) -> None:
    """A second crash is the job's result if the function runs the probe."""
    found = endings(remote(FakeFunction()), [job_of(f"{word} {word}", questions=2), job_of("echo")])

    assert found == [[ending, ending], ["finished"]]


def crashing(_: bytes) -> bytes:
    """Crash at every call."""
    raise FunctionCrashedError("Runtime.ImportModuleError")


def unreachable(_: bytes) -> bytes:
    """Fail to connect at every call."""
    raise UnreachableError("connection refused")


def denied(_: bytes) -> bytes:
    """Deny access at every call."""
    raise InvocationError("AccessDeniedException")


@pytest.mark.parametrize("invoke", [crashing, unreachable, denied])
def test_a_function_that_cannot_run_the_probe_is_an_outage(invoke: Invoke) -> None:
    """If the probe fails too, no candidate is at fault."""
    executor = remote(invoke)

    found = endings(executor, [job_of(str(n)) for n in range(5)])

    assert found == [["not_run"]] * 5
    with pytest.raises(SandboxError):
        _ = executor.level


def test_one_crash_during_the_probe_is_no_outage() -> None:
    """The probe is sent again, because an environment may end by itself."""

    class Frail(FakeFunction):
        probes = 0

        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.program == PROBE:
                self.probes += 1
                if self.probes == 2:  # the first one asks for the level
                    self.crash(job)
            return super().run(job)

    executor = remote(Frail(), concurrency=1)
    assert executor.level is IsolationLevel.KERNEL

    found = endings(executor, [job_of("crash crash"), *[job_of(f"echo {n}") for n in range(5)]])

    assert found == [["crashed"], *[["finished"]] * 5]


def test_a_response_cannot_claim_that_its_request_was_unsendable() -> None:
    """A function that claims UNSENDABLE has crashed: that ending would leave a sample ungraded."""

    class Sly(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.program == PROBE:
                return self.echo(job)
            return (Execution(ending=Ending.UNSENDABLE, detail="any"),) * len(job.questions)

    assert endings(remote(Sly()), [job_of("a")]) == [["crashed"]]


def test_a_function_that_does_not_run_the_probe_right_is_an_outage() -> None:
    """A response in the right form is not enough: it must hold the probe's output."""

    class Idle(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            return (Execution(ending=Ending.NOT_RUN, detail="no zygote"),) * len(job.questions)

    with pytest.raises(SandboxError, match="does not run programs: no zygote"):
        _ = remote(Idle()).level


def test_a_function_that_is_older_than_preludes_is_an_outage() -> None:
    """A job with a prelude that it refuses is no crash of the job; other jobs still run."""

    class Old(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.prelude:
                raise FunctionCrashedError(
                    "PayloadError: fields: not a list of the expected length"
                )
            return super().run(job)

    old = remote(Old(), concurrency=1)

    assert endings(old, [job_of("echo"), replace(job_of("echo"), prelude="import math")]) == [
        ["finished"],
        ["not_run"],
    ]


@pytest.mark.parametrize("response", [b"", b"x" * 100])
def test_a_response_that_cannot_be_read_is_a_crash(response: bytes) -> None:
    """A candidate that forges a bad response gets the same as by a crash."""
    function = FakeFunction()

    def invoke(payload: bytes) -> bytes:
        is_forged = read_request(payload).jobs[0].program == "forge"
        return response if is_forged else function(payload)

    found = endings(remote(invoke), [job_of("forge"), job_of("echo")])

    assert found == [["crashed"], ["finished"]]


def test_a_job_that_is_never_run_though_there_was_time_is_a_crash() -> None:
    """A candidate that kills its executor, or forges NOT_RUN, does not become an outage."""
    found = endings(
        remote(FakeFunction()), [job_of("nothing nothing", questions=2), job_of("echo")]
    )

    assert found == [["crashed", "crashed"], ["finished"]]


@pytest.mark.parametrize(
    ("level", "ending"), [(IsolationLevel.INTERPRETER, "not_run"), (IsolationLevel.NONE, "crashed")]
)
def test_a_guest_that_was_killed_is_an_outage_if_it_was_isolated(
    level: IsolationLevel, ending: str
) -> None:
    """A candidate without isolation may have killed itself, or claims that it was killed."""
    function = FakeFunction(level=level)

    found = endings(remote(function, required=level), [job_of("killed killed"), job_of("echo")])

    assert found == [[ending], ["finished"]]


def test_a_job_that_needs_more_than_an_invocation_is_out_of_time() -> None:
    """A job that had the function to itself, and reached its deadline, is out of time."""
    found = endings(remote(FakeFunction()), [job_of("tired tired"), job_of("echo")])

    assert found == [["out_of_time"], ["finished"]]


def test_a_job_that_is_not_run_close_to_the_deadline_is_an_outage() -> None:
    """A job that had no time is not at fault."""
    jobs = [job_of("nothing nothing", questions=2), job_of("echo")]

    found = endings(remote(FakeFunction()), jobs, deadline=time.monotonic() + 1.8)

    assert found == [["not_run", "not_run"], ["finished"]]


def test_the_last_problem_is_reported_with_the_deadline() -> None:
    """The detail names why the calls failed, not only that the deadline passed."""

    def throttled(_: bytes) -> bytes:
        raise ThrottledError("Rate Exceeded")

    [(_, (execution,))] = remote(throttled).run([job_of("echo")], deadline=time.monotonic() + 1)

    assert execution.detail in (
        "the deadline came first; Rate Exceeded",
        "the deadline came first",
    )
    assert (execution.ending, execution.cause) == (Ending.NOT_RUN, Cause.DEADLINE)


def test_the_function_gets_the_time_that_is_left() -> None:
    """A request holds fewer seconds than there are until the deadline."""
    function = FakeFunction()

    endings(remote(function), [job_of("echo")], deadline=time.monotonic() + 20)

    assert 10 < function.seconds[0] < 20


def test_the_level_is_the_weakest_that_was_claimed() -> None:
    """Environments may differ: the level never becomes stronger again."""
    function = FakeFunction(level=IsolationLevel.KERNEL)
    executor = remote(function)
    claimed = []
    for level in (IsolationLevel.KERNEL, IsolationLevel.INTERPRETER, IsolationLevel.KERNEL):
        function.level = level
        endings(executor, [job_of("echo")])
        claimed.append(executor.level)

    assert claimed == [
        IsolationLevel.KERNEL,
        IsolationLevel.INTERPRETER,
        IsolationLevel.INTERPRETER,
    ]


def test_a_level_below_the_required_one_is_refused() -> None:
    """A function without isolation runs nothing, unless the configuration allows it."""
    executor = remote(FakeFunction(level=IsolationLevel.NONE))

    with pytest.raises(IsolationRefusedError):
        _ = executor.level
    assert endings(executor, [job_of("echo")]) == [["not_run"]]


def test_responses_are_unpacked_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked, a response may be a hundred times as large: no two are unpacked at once."""
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

    found = endings(remote(FakeFunction(), concurrency=8), [job_of(f"echo {n}") for n in range(16)])

    assert (found, was_alone) == ([["finished"]] * 16, [True] * 16)


def test_an_unreachable_function_is_called_a_few_times_only() -> None:
    """After one job's outage, the other jobs are given up without more calls."""
    calls = count()

    def invoke(payload: bytes) -> bytes:
        next(calls)
        return unreachable(payload)

    endings(remote(invoke, concurrency=2), [job_of(str(n)) for n in range(100)])

    assert next(calls) <= 2 * client._UNREACHABLE_MAX
