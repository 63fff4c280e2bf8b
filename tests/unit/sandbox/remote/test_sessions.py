"""Sessions in an executor function: none is sent before the function has told about its wall."""

import random
import threading

import pytest

from nova_code_verifier.sandbox.errors import FunctionCrashedError, UnreachableError
from nova_code_verifier.sandbox.remote.protections import (
    Protection,
    granted_protections,
    missing_protections,
)
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel, Job, Limits, Session
from tests.unit.sandbox.remote.fake_function import PROBE, FakeFunction, remote

MODULES = ("json",)
TESTS = Session(harness="the tests", harness_limits=Limits())
PROBE_FIRST = (PROBE,)
HANDSHAKE = ("",)  # the program of the client's own session


def session_of(program: str) -> Job:
    """Return a session with a candidate's program."""
    return Job(program=program, questions=(TESTS,))


def outcomes(results: dict[int, tuple[Execution, ...]]) -> list[str]:
    """Return the endings of jobs with one question each, in order."""
    return [results[index][0].ending for index in range(len(results))]


def test_a_handshake_without_tests_comes_first() -> None:
    """It is sent once, and then the sessions are, with their modules."""
    requests = []

    class Recorder(FakeFunction):
        def __call__(self, payload: bytes) -> bytes:
            requests.append(read_request(payload))
            return super().__call__(payload)

    executor = remote(Recorder())
    for _ in range(2):
        results = dict(executor.with_sessions(MODULES).run([session_of("a"), session_of("b")]))
        assert outcomes(results) == ["finished", "finished"]

    questions = [question for request in requests for question in request.jobs[0].questions]
    assert isinstance(questions[1], Session)
    assert "the tests" not in questions[1].harness
    assert questions[2:] == [TESTS] * 4
    assert [request.modules for request in requests] == [(), *[MODULES] * 5]


@pytest.mark.parametrize("missing", Protection)
def test_no_session_is_sent_if_a_protection_is_missing(missing: Protection) -> None:
    """The name of the level is not enough. The samples are ungraded, and the reason names it."""
    function = FakeFunction(protections=frozenset(Protection) - {missing})

    executor = remote(function)
    for _ in range(2):
        results = dict(executor.with_sessions(MODULES).run([session_of("a"), session_of("b")]))
        assert outcomes(results) == ["unsendable", "unsendable"]
        assert f"missing: {missing}: score this dataset without" in results[0][0].detail

    assert function.requests == [PROBE_FIRST, HANDSHAKE]


def test_no_session_is_sent_below_level_kernel() -> None:
    """Not even if another process takes the function's place later, and claims everything."""
    function = FakeFunction(level=IsolationLevel.INTERPRETER)
    executor = remote(function)
    _ = executor.level
    function.level = IsolationLevel.KERNEL

    results = dict(executor.with_sessions(MODULES).run([session_of("a")]))

    assert outcomes(results) == ["unsendable"]
    assert "missing: isolation level kernel (it has interpreter)" in results[0][0].detail
    assert function.requests == [PROBE_FIRST]


def test_no_request_is_sent_if_no_session_may_be() -> None:
    """Not even a handshake, and the reason names the setting."""
    function = FakeFunction()

    executor = remote(function, may_send_sessions=False)
    results = dict(executor.with_sessions(MODULES).run([session_of("a")]))

    assert outcomes(results) == ["unsendable"]
    assert "VERIFIER_EXECUTOR_SESSIONS is never" in results[0][0].detail
    assert function.requests == []


def test_a_function_that_loses_a_protection_gets_no_more_sessions() -> None:
    """Every response says what the function was granted, and the weakest claim holds."""

    class Weakening(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.program == "b":
                self.protections = frozenset({Protection.SECCOMP})
            return super().run(job)

    function = Weakening()
    executor = remote(function, concurrency=1)
    jobs = [session_of(program) for program in "abc"]
    results = dict(executor.with_sessions(MODULES).run(jobs))
    function.protections = frozenset(Protection)
    later = dict(executor.with_sessions(MODULES).run(jobs))

    assert outcomes(results) == ["finished", "unsendable", "unsendable"]
    assert outcomes(later) == ["unsendable"] * 3
    assert "missing: landlock, hidden_from_peers" in results[1][0].detail
    assert function.requests == [PROBE_FIRST, HANDSHAKE, ("a",), ("b",)]


@pytest.mark.parametrize(("word", "ending"), [("crash", "crashed"), ("overtime", "out_of_time")])
def test_a_session_that_crashes_the_function_twice_is_at_fault(word: str, ending: str) -> None:
    """A function that shakes hands once more is in order: the candidate gets the verdict."""
    function = FakeFunction()

    jobs = [session_of(f"{word} {word}"), session_of(f"{word} echo"), session_of("echo")]
    results = dict(remote(function).with_sessions(MODULES).run(jobs))

    assert outcomes(results) == [ending, "finished", "finished"]
    assert function.requests.count(HANDSHAKE) == 2


def test_tests_that_are_too_large_for_a_request_are_unsendable() -> None:
    """It is no outage: the detail says what to do, and other sessions run."""
    large = Session(harness=random.Random(0).randbytes(5_000_000).hex(), harness_limits=Limits())
    jobs = [Job(program="a", questions=(large,)), session_of("b")]

    results = dict(remote(FakeFunction(), jobs_per_request=2).with_sessions(MODULES).run(jobs))

    assert outcomes(results) == ["unsendable", "finished"]
    assert "score this sample without an executor function" in results[0][0].detail


def test_a_function_that_runs_no_sessions_is_an_outage() -> None:
    """One that crashes at the handshake, or runs no harness, leaves samples that are sent again."""

    def crashing(_: bytes) -> bytes:
        raise FunctionCrashedError("Runtime.ExitError")

    class Harmless(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.program:
                return super().run(job)
            return (Execution(ending=Ending.FINISHED, harness_ending=Ending.CRASHED),)

    class OtherPython(FakeFunction):
        def run(self, job: Job) -> tuple[Execution, ...]:
            if job.program:
                return super().run(job)
            return (Execution(ending=Ending.FINISHED, value=(b"cpython-27",)),)

    for invoke, problem in (
        (crashing, "Runtime.ExitError"),
        (Harmless(), "the harness ended crashed"),
        (OtherPython(), "its Python is b'cpython-27'"),
    ):
        results = dict(remote(invoke).with_sessions(MODULES).run([session_of("a")]))
        assert outcomes(results) == ["not_run"]
        assert problem in results[0][0].detail


def test_a_deadline_ends_a_handshake_without_a_response() -> None:
    """Sessions that had no time are not run."""
    stop = threading.Event()

    def unreachable(_: bytes) -> bytes:
        stop.wait(0.01)
        raise UnreachableError("gone")

    results = dict(remote(unreachable).with_sessions(MODULES).run([session_of("a")], deadline=-1.0))

    assert outcomes(results) == ["not_run"]


def test_protections_have_the_names_of_what_the_kernel_granted() -> None:
    """A version of Landlock counts as Landlock; what is not listed is not needed."""
    granted: dict[str, object] = {
        "level": "kernel", "seccomp": True, "landlock": 7, "hidden_from_peers": True
    }  # fmt: skip

    assert missing_protections(granted_protections(granted)) == ""
    assert missing_protections(granted_protections(granted | {"landlock": 0})) == "landlock"
    assert granted_protections({"level": "kernel"}) == frozenset()
