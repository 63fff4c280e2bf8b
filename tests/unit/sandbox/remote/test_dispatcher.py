"""The dispatcher: which jobs are sent together, again, alone or not at all."""

import random
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from nova_code_verifier.sandbox.errors import ThrottledError, UnreachableError
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.types import Call, Ending, Execution, Job, Limits, Run
from tests.unit.sandbox.remote.fake_function import (
    TOO_LATE,
    FakeFunction,
    endings,
    job_of,
    remote,
)

if TYPE_CHECKING:
    from collections.abc import Generator


def test_every_job_comes_back_once_and_complete() -> None:
    """Each index comes back once, with an execution for every question."""
    jobs = [job_of(f"echo {n}", questions=n) for n in range(8)]

    results = list(remote(FakeFunction()).run(jobs))

    assert sorted(index for index, _ in results) == list(range(8))
    for index, executions in results:
        assert [execution.stdout for execution in executions] == [b"%d" % n for n in range(index)]


def test_as_many_requests_are_in_flight_as_concurrency_allows() -> None:
    """With concurrency 3, three requests wait for each other, and no fourth joins them."""
    meeting = threading.Barrier(3)

    class Slow(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            meeting.wait(timeout=60)
            return super().run(job)

    function = Slow()
    endings(remote(function, concurrency=3), [job_of(f"echo {n}") for n in range(12)])

    assert function.in_flight_max == 3


@pytest.mark.parametrize("jobs_per_request", [1, 4])
def test_a_request_holds_the_configured_number_of_jobs(jobs_per_request: int) -> None:
    """With one job per request, a candidate never shares one with another candidate."""
    function = FakeFunction()

    endings(
        remote(function, jobs_per_request=jobs_per_request),
        [job_of(f"echo {n}") for n in range(9)],
    )

    assert max(map(len, function.requests)) == jobs_per_request


def test_the_jobs_of_a_crashed_request_are_sent_again_alone() -> None:
    """A crash costs the other jobs of its request nothing."""
    function = FakeFunction()
    jobs = [job_of("echo 1"), job_of("crash crash crash"), job_of("echo 2")]

    assert endings(remote(function, jobs_per_request=3), jobs) == [
        ["finished"], ["crashed"], ["finished"]
    ]  # fmt: skip
    assert [len(jobs) for jobs in function.requests[1:]] == [1] * (len(function.requests) - 1)


def test_no_request_survives_a_batch_that_is_closed() -> None:
    """When the caller stops reading, the threads that wait for responses end."""
    function = FakeFunction()

    def quick_only(payload: bytes) -> bytes:
        if read_request(payload).jobs[0].program == "quick":
            return function(payload)
        raise ThrottledError("Rate Exceeded")

    others = set(threading.enumerate())
    results = remote(quick_only, concurrency=3).run([job_of("quick"), job_of("a"), job_of("b")])
    with closing(cast("Generator[object]", results)):
        next(results)
    senders = [thread for thread in threading.enumerate() if thread not in others]
    for sender in senders:
        sender.join(timeout=60)

    assert not any(sender.is_alive() for sender in senders)


def test_runs_that_had_no_time_are_sent_again() -> None:
    """The executions of a job that came back in part are kept; the rest is sent again."""
    job = job_of("half half", questions=4)

    (executions,) = dict(remote(FakeFunction()).run([job])).values()

    assert [execution.stdout for execution in executions] == [b"0", b"1", b"2", b"3"]


def test_calls_are_sent_again_all_together() -> None:
    """Calls share a guest, so a part of them is worth nothing."""
    job = Job(program="half", questions=(Call(entry_point="f"),) * 3)

    assert endings(remote(FakeFunction()), [job]) == [["finished"] * 3]


def test_a_job_in_parts_is_given_up_as_a_whole_one_is() -> None:
    """After three time-outs the other questions are skipped."""
    job = job_of("late", questions=5)

    assert endings(remote(FakeFunction()), [job]) == [["out_of_time"] * 3 + ["skipped"] * 2]


def test_a_job_that_is_too_large_for_a_request_is_divided() -> None:
    """A job of many megabytes is sent in several requests."""
    inputs = [random.Random(n).randbytes(1_500_000) for n in range(5)]
    job = Job(program="echo", questions=tuple(Run(stdin=data) for data in inputs))

    (executions,) = dict(remote(FakeFunction()).run([job])).values()

    assert [execution.stdout for execution in executions] == inputs


def test_an_input_that_is_too_large_for_any_request_is_unsendable() -> None:
    """It is no outage: the detail says what to do, and other jobs run."""
    large = Job(program="echo", questions=(Run(stdin=random.Random(0).randbytes(5_000_000)),))

    results = dict(remote(FakeFunction()).run([large, job_of("echo")]))

    assert results[0][0].ending is Ending.UNSENDABLE
    assert "score this sample without an executor function" in results[0][0].detail
    assert results[1][0].ending is Ending.FINISHED


def test_arguments_that_cannot_be_encoded_are_unsendable() -> None:
    """They are no outage: the detail says why, and other jobs run."""
    odd = Job(program="echo", questions=(Call(entry_point="f", arguments=(object(),)),))

    results = dict(remote(FakeFunction(), jobs_per_request=2).run([odd, job_of("echo 1")]))

    assert results[0][0].ending is Ending.UNSENDABLE
    assert results[0][0].detail.startswith("its arguments cannot be sent: ")
    assert results[1][0].ending is Ending.FINISHED


def test_the_deadline_ends_a_batch_without_responses() -> None:
    """A batch does not wait for a function that never responds: its questions are NOT_RUN."""
    test_is_over, call_returned = threading.Event(), threading.Event()

    def invoke(_: bytes) -> bytes:
        test_is_over.wait(60)
        call_returned.set()
        raise UnreachableError("gone")

    found = endings(
        remote(invoke), [job_of("a"), job_of("b"), job_of("c")], deadline=time.monotonic() + 1
    )

    assert found == [["not_run"]] * 3
    assert not call_returned.is_set()
    test_is_over.set()


def test_a_job_that_takes_more_than_its_share_is_sent_last() -> None:
    """With more jobs than requests at a time, a slow job waits for all others."""
    function = FakeFunction()
    jobs = [job_of("nothing"), *[job_of(f"echo {n}") for n in range(9)]]

    found = endings(remote(function, concurrency=1), jobs, deadline=time.monotonic() + 100)

    assert found == [["finished"]] * 10
    assert function.seconds[0] < 20 < function.seconds[-1]
    assert function.requests[-1] == ("nothing",)


def test_a_bug_is_raised_in_the_callers_thread() -> None:
    """An exception that is no SandboxError comes out of the batch."""

    def invoke(_: bytes) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(remote(invoke).run([job_of("echo")]))


class SlowFunction(FakeFunction):
    """Runs two questions in each request, of two seconds each."""

    def run(self, job: Job) -> tuple[Execution, ...]:
        """Report the time that the first two took."""
        self.totals = [*getattr(self, "totals", []), job.limits.total_wall_seconds]
        first = (replace(execution, own_seconds=2.0) for execution in self.echo(job)[:2])
        return (*first, *[TOO_LATE] * (len(job.questions) - 2))


def test_the_requests_of_a_job_share_its_totals() -> None:
    """A later request has what the earlier ones left, and the sum counts."""
    function = SlowFunction()
    job = replace(job_of("slow", questions=6), limits=Limits(total_wall_seconds=5.0))

    assert endings(remote(function), [job]) == [
        ["finished", "finished", "out_of_time", "skipped", "skipped", "skipped"]
    ]
    assert function.totals == pytest.approx([5.0, 1.04])
