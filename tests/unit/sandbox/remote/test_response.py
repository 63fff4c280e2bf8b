"""Responses of an executor function, as bytes: honest ones and forged ones."""

import contextlib
import json
import random
import zlib
from typing import Any

import pytest
from hypothesis import given

from nova_code_verifier.sandbox.host import schedule
from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.remote.fields import PAYLOAD_BYTES_MAX
from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames
from nova_code_verifier.sandbox.remote.protections import Protection
from nova_code_verifier.sandbox.remote.response import (
    RESPONSE_BYTES_MAX,
    RunResponse,
    read_response,
    write_response,
)
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    EncodedValue,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Limits,
    RaisedError,
    Run,
)
from tests.unit.sandbox.remote.payloads import CALLS, RUNS, SESSIONS, arbitrary_frames, fields

FINISHED = Execution(
    ending=Ending.FINISHED, cpu_seconds=0.25, wall_seconds=0.5, own_seconds=0.375, memory_bytes=7
)
RAN = Execution(ending=Ending.FINISHED, exit_status=3, stdout=b"\xff", stderr=b"oh")
RAISED = Execution(
    ending=Ending.RAISED, error=RaisedError(type_name="E", message="\ud800"), detail="d"
)
NOT_RUN = Execution(ending=Ending.NOT_RUN, detail="d", cause=Cause.DEADLINE)


def response_of(*executions: Execution) -> RunResponse:
    """Return a response for one job."""
    return RunResponse(level=IsolationLevel.KERNEL, results=(executions,))


@pytest.mark.parametrize(
    "value",
    [None, 7, 2**80, "\ud800", b"bytes", (1, [2]), {1: {2}}, [float("inf")], {"a": (b"", 1j)}],
)
def test_the_value_of_a_call_keeps_its_type(value: object) -> None:
    """A tuple stays a tuple, and bytes stay bytes."""
    job = Job(program="", questions=(Call(entry_point="f"),))
    encoded = encode(value)
    executions = (
        Execution(ending=Ending.FINISHED, value=EncodedValue(encoded), value_bytes=len(encoded)),
    )

    assert read_response(write_response(response_of(*executions), [job]), [job]).results == (
        executions,
    )


def test_every_field_of_an_execution_arrives() -> None:
    """Endings, causes, statuses, outputs and errors are read as they were written."""
    response = RunResponse(
        level=IsolationLevel.NONE,
        results=((RAN, RAISED), (FINISHED, RAISED), (NOT_RUN, RAN)),
    )
    jobs = [RUNS, CALLS, RUNS]

    read = read_response(write_response(response, jobs), jobs)

    assert [[execution.ending for execution in job] for job in read.results] == [
        ["finished", "raised"], ["finished", "raised"], ["not_run", "finished"]
    ]  # fmt: skip
    assert (read.results[0][0].stdout, read.results[0][0].exit_status) == (b"\xff", 3)
    assert (read.results[0][1].error, read.results[0][1].detail) == (RAISED.error, "d")
    assert read.results[2][0].cause is Cause.DEADLINE
    assert read.level is IsolationLevel.NONE


@pytest.mark.parametrize("messages", [(), (b"one",), (b'["begin", "a"]', bytes(range(256)))])
def test_a_session_arrives_with_all_its_messages(messages: tuple[bytes, ...]) -> None:
    """So do the ending of its harness, and the protections that the function was granted."""
    session = Execution(
        ending=Ending.OUT_OF_TIME,
        cause=Cause.CPU_TIME,
        value=messages,
        value_bytes=sum(map(len, messages)),
        stderr=b"noise",
        harness_ending=Ending.CRASHED,
        is_confirmed=True,
    )
    response = RunResponse(
        level=IsolationLevel.KERNEL,
        results=((session,),),
        protections=frozenset({Protection.SECCOMP, Protection.LANDLOCK}),
    )

    assert read_response(write_response(response, [SESSIONS]), [SESSIONS]) == response


def printed(count: int) -> Execution:
    """Return an execution whose output is *count* bytes that cannot be compressed."""
    stdout = random.Random(0).randbytes(count)
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)


def test_a_response_that_is_too_large_holds_the_first_runs() -> None:
    """Executions that do not fit are left out; the others are complete."""
    job = Job(program="", questions=(Run(),) * 3)
    payload = write_response(response_of(*[printed(2_000_000)] * 3), [job])

    (executions,) = read_response(payload, [job]).results

    assert executions == (printed(2_000_000),) * 2
    assert len(payload) <= PAYLOAD_BYTES_MAX


def test_a_job_that_does_not_fit_is_left_out() -> None:
    """The first job is always in the response; the next comes in another one."""
    jobs = [Job(program="", questions=(Run(),))] * 2
    response = RunResponse(
        level=IsolationLevel.KERNEL, results=((printed(3_000_000),), (printed(3_000_000),))
    )

    results = read_response(write_response(response, jobs), jobs).results

    assert [len(executions) for executions in results] == [1, 0]


@pytest.mark.parametrize("kind", [Run, Call])
def test_an_output_that_fits_in_no_response_is_too_much_output(kind: Any) -> None:
    """One question's large output costs that question, and no other."""
    question = Run() if kind is Run else Call(entry_point="f")
    job = Job(program="", questions=(question, question))
    small = Execution(ending=Ending.FINISHED, stdout=b"")

    payload = write_response(response_of(printed(5_000_000), small), [job])
    (executions,) = read_response(payload, [job]).results

    assert executions[0].ending is Ending.TOO_MUCH_OUTPUT
    assert executions[0].detail == "its outputs are more than an invocation can return"
    assert len(executions) == (1 if kind is Run else 2)


def test_a_report_that_fits_in_no_response_is_too_much_output() -> None:
    """A session's messages come back all together, or none does."""
    messages = (b"[]", random.Random(0).randbytes(5_000_000))
    session = Execution(ending=Ending.FINISHED, value=messages)

    payload = write_response(response_of(session), [SESSIONS])
    ((execution,),) = read_response(payload, [SESSIONS]).results

    assert (execution.ending, execution.value) == (Ending.TOO_MUCH_OUTPUT, ())


def test_calls_are_in_a_response_all_together() -> None:
    """Calls share a guest, so the caller could not ask some of them again."""
    job = Job(program="", questions=(Call(entry_point="f"),) * 3)

    payload = write_response(response_of(*[printed(2_000_000)] * 3), [job])
    (executions,) = read_response(payload, [job]).results

    assert [execution.ending for execution in executions] == [
        "finished", "finished", "too_much_output"
    ]  # fmt: skip


# -- forged responses ------------------------------------------------------------------


def forged(*frames: bytes, head: object = None) -> bytes:
    """Pack a response to a request of one run."""
    return pack_frames([json.dumps(head or ["kernel", [1]]).encode(), *frames])


ONE_RUN = Job(program="", questions=(Run(),))
HONEST = (fields(), b"null", b"out", b"")


def test_the_unchanged_response_is_accepted() -> None:
    """Each forged response below is refused for its change: without one, it is read."""
    (executions,) = read_response(forged(*HONEST), [ONE_RUN]).results

    assert executions[0].stdout == b"out"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"nonsense", id="not compressed"),
        pytest.param(forged(*HONEST)[:-1], id="cut off"),
        pytest.param(forged(*HONEST) + b"x", id="bytes after the end"),
        pytest.param(forged(*HONEST, *HONEST), id="more executions than it claims"),
        pytest.param(forged(), id="fewer executions"),
        pytest.param(forged(*HONEST, *HONEST, head=["kernel", [2]]), id="more than was asked"),
        pytest.param(forged(head=["kernel", [0]]), id="no execution"),
        pytest.param(forged(*HONEST, head=["kernel", [1, 0]]), id="another job"),
        pytest.param(forged(*HONEST, head=["kernel", [True]]), id="a bool as count"),
        pytest.param(forged(*HONEST, head=["kernel", [-1]]), id="negative count"),
        pytest.param(forged(*HONEST, head=["kernel", 1]), id="counts that are no list"),
        pytest.param(forged(*HONEST, head=["root", [1]]), id="unknown level"),
        pytest.param(forged(*HONEST, head=[["kernel"], [1]]), id="a list as level"),
        pytest.param(forged(*HONEST, head={"kernel": [1]}), id="no head"),
        pytest.param(forged(b"[" * 30_000, *HONEST[1:]), id="deep fields"),
        pytest.param(forged(b"[" + b"0," * 30_000 + b"0]", *HONEST[1:]), id="long fields"),
        pytest.param(forged(fields(ending="accepted"), *HONEST[1:]), id="ending"),
        pytest.param(forged(fields(ending="unsendable"), *HONEST[1:]), id="ending of ours"),
        pytest.param(forged(fields(exit_status=256), *HONEST[1:]), id="status"),
        pytest.param(forged(fields(exit_status=0.0), *HONEST[1:]), id="a float as status"),
        pytest.param(forged(fields(signal=-9), *HONEST[1:]), id="signal"),
        pytest.param(forged(fields(cpu=-1), *HONEST[1:]), id="negative time"),
        pytest.param(forged(fields(cpu=float("nan")), *HONEST[1:]), id="NaN as time"),
        pytest.param(forged(fields(wall=float("inf")), *HONEST[1:]), id="infinite time"),
        pytest.param(forged(fields(wall=10**400), *HONEST[1:]), id="a time too large for a float"),
        pytest.param(forged(fields(cpu="1"), *HONEST[1:]), id="a text as time"),
        pytest.param(forged(fields(cpu=True), *HONEST[1:]), id="a bool as time"),
        pytest.param(forged(fields(memory=2**60), *HONEST[1:]), id="memory"),
        pytest.param(forged(fields(detail="x" * 501), *HONEST[1:]), id="long detail"),
        pytest.param(forged(fields(detail=None), *HONEST[1:]), id="no detail"),
        pytest.param(forged(fields(cause="mercy"), *HONEST[1:]), id="unknown cause"),
        pytest.param(forged(fields(cause=None), *HONEST[1:]), id="no cause"),
        pytest.param(forged(fields(is_confirmed=2), *HONEST[1:]), id="confirmed twice"),
        pytest.param(forged(fields(is_confirmed=True), *HONEST[1:]), id="a truth as a number"),
        pytest.param(forged(fields(cause=["none"]), *HONEST[1:]), id="a list as cause"),
        pytest.param(forged(fields(type_name="E", message=7), *HONEST[1:]), id="error"),
        pytest.param(forged(fields(), b"7", b"", b""), id="a value of a run"),
        pytest.param(forged(fields(ending="crashed"), b"7", b"", b""), id="a value of a crash"),
        pytest.param(forged(fields(), b"null", b"x" * (2**24 + 2**16 + 1), b""), id="stdout"),
        pytest.param(forged(fields(), b"null", b"", b"x" * (2**15 + 1)), id="stderr"),
        pytest.param(zlib.compress(b"\0" * (RESPONSE_BYTES_MAX + 2**20)), id="a bomb"),
        pytest.param(pack_frames([b""] * 6), id="empty frames"),
    ],
)
def test_a_forged_response_is_refused(payload: bytes) -> None:
    """A size, type or count that the request does not allow raises PayloadError."""
    with pytest.raises(PayloadError):
        read_response(payload, [ONE_RUN])


HONEST_SESSION = (fields("finished"), b"\0\0\0\1x", b"", b"")
PROTECTED = ["kernel", [1], ["seccomp"]]


def test_the_unchanged_response_to_a_session_is_accepted() -> None:
    """Each forged response to a session below is refused for its change."""
    (executions,) = read_response(forged(*HONEST_SESSION, head=PROTECTED), [SESSIONS]).results

    assert executions[0].value == (b"x",)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(forged(*HONEST_SESSION), id="no protections"),
        pytest.param(forged(*HONEST_SESSION, head=["kernel", [1], "seccomp"]), id="a text"),
        pytest.param(forged(*HONEST_SESSION, head=["kernel", [1], ["magic"]]), id="unknown"),
        pytest.param(forged(*HONEST_SESSION, head=["kernel", [1], [["seccomp"]]]), id="lists"),
        pytest.param(forged(fields(), *HONEST_SESSION[1:], head=PROTECTED), id="no ending"),
        pytest.param(
            forged(fields("unsendable"), *HONEST_SESSION[1:], head=PROTECTED), id="ending of ours"
        ),
        pytest.param(forged(fields(1), *HONEST_SESSION[1:], head=PROTECTED), id="a number"),
        *(
            pytest.param(forged(fields("finished"), value, b"", b"", head=PROTECTED), id=name)
            for name, value in {
                "half a length": b"\0\0\0",
                "half a message": b"\0\0\0\2x",
                "a huge message": b"\xff\xff\xff\xffx",
                "empty messages": bytes(4000),
                "no messages": b"null",
            }.items()
        ),
    ],
)
def test_a_forged_response_to_a_session_is_refused(payload: bytes) -> None:
    """It has exactly the items of a session, and whole messages."""
    with pytest.raises(PayloadError):
        read_response(payload, [SESSIONS])


def test_a_value_is_not_decoded() -> None:
    """A value may be anything, as in an executor on this machine: the verifier decodes it."""
    job = Job(program="", questions=(Call(entry_point="f"),))

    (executions,) = read_response(forged(fields(), b'{"lie": 1}', b"", b""), [job]).results

    assert executions[0].value == EncodedValue(b'{"lie": 1}')


def test_the_outputs_of_a_job_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response holds no more of a job than an executor on this machine would keep."""
    monkeypatch.setattr(schedule, "KEPT_BYTES_MAX", 10)
    limits = Limits(output_bytes=20)
    job = Job(program="", questions=(Call(entry_point="f"),), limits=limits)

    assert read_response(forged(fields(), b"1" * 20, b"", b""), [job])
    with pytest.raises(PayloadError, match="more output"):
        read_response(forged(fields(), b"1" * 21, b"", b""), [job])


@given(arbitrary_frames)
@pytest.mark.parametrize("job", [RUNS, CALLS, SESSIONS])
def test_any_frames_are_read_or_refused(job: Job, frames: list[bytes]) -> None:
    """No bytes raise anything but a PayloadError."""
    for data in (pack_frames(frames), b"".join(frames)):
        with contextlib.suppress(PayloadError):
            read_response(data, [job])
