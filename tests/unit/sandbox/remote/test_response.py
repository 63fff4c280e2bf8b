"""Orders and replies as bytes, when nobody, or everybody, lies."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.remote.fields import PAYLOAD_BYTES_MAX, PayloadError
from nova_code_verifier.sandbox.remote.frames import FramesError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.remote.request import RunRequest, read_request, write_request
from nova_code_verifier.sandbox.remote.response import (
    RESPONSE_BYTES_MAX,
    RunResponse,
    read_response,
    write_response,
)
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Limits,
    Operation,
    RaisedError,
    Run,
)

RUNS = Job(
    program="print('\ud800')",
    questions=(Run(stdin=b"\xff\0", argv=("-x", "\ud800")), Run()),
    limits=Limits(cpu_seconds=0.5, wall_seconds=2.0, memory_bytes=2**20, output_bytes=2**20),
    give_up_after=2,
)
CALLS = Job(
    program="def f(*a): return a",
    questions=(
        Call(entry_point="f", arguments=(1, [2.5, "x"], {3: None})),
        Call(entry_point="f", arguments=(float("inf"),)),
    ),
)
STEPS = Job(program="x = 1", questions=(Operation(instruction=b'{"op": "name"}'),))

FINISHED = Execution(ending=Ending.FINISHED, cpu_seconds=0.25, wall_seconds=0.5, memory_bytes=7)
RAN = Execution(ending=Ending.FINISHED, exit_status=3, stdout=b"\xff", stderr=b"oh")
RAISED = Execution(
    ending=Ending.RAISED, error=RaisedError(type_name="E", message="\ud800"), detail="d"
)
LATE = Execution(ending=Ending.NOT_RUN, detail="d", cause=Cause.DEADLINE)


def reply_of(*executions: Execution) -> RunResponse:
    """Tell of one job."""
    return RunResponse(level=IsolationLevel.KERNEL, results=(executions,))


@pytest.mark.parametrize("jobs", [(RUNS,), (CALLS,), (STEPS,), (RUNS, CALLS, STEPS)])
def test_an_order_arrives_as_it_was_sent(jobs: tuple[Job, ...]) -> None:
    """Programs, questions and limits are the same there, whatever text or bytes they hold."""
    order = RunRequest(jobs=jobs, seconds=12.5)

    assert read_request(write_request(order)) == order


@pytest.mark.parametrize(
    "value",
    [None, 7, 2**80, "\ud800", b"bytes", (1, [2]), {1: {2}}, [float("inf")], {"a": (b"", 1j)}],
)
def test_a_value_of_a_call_arrives_as_it_was(value: object) -> None:
    """Types are exact: a tuple stays one, and bytes are no step's answer."""
    job = Job(program="", questions=(Call(entry_point="f"),))
    executions = (Execution(ending=Ending.FINISHED, value=value, value_bytes=len(encode(value))),)

    assert read_response(write_response(reply_of(*executions), [job]), [job]).results == (
        executions,
    )


def test_every_fact_of_an_execution_arrives() -> None:
    """Endings, statuses, outputs, errors, times: nothing is lost on the way."""
    answer = Execution(ending=Ending.FINISHED, value=b'{"is": 1}', value_bytes=9)
    told = RunResponse(
        level=IsolationLevel.NONE,
        results=((RAN, RAISED), (FINISHED, RAISED), (answer,), (LATE, RAN)),
    )
    jobs = [RUNS, CALLS, STEPS, RUNS]

    read = read_response(write_response(told, jobs), jobs)

    as_read = [[(one.value_bytes, one) for one in executions] for executions in read.results]
    assert [[one.ending for _, one in job] for job in as_read] == [
        ["finished", "raised"], ["finished", "raised"], ["finished"], ["not_run", "finished"]
    ]  # fmt: skip
    assert (read.results[0][0].stdout, read.results[0][0].exit_status) == (b"\xff", 3)
    assert (read.results[0][1].error, read.results[0][1].detail) == (RAISED.error, "d")
    assert read.results[2][0].value == b'{"is": 1}'
    assert read.results[3][0].cause is Cause.DEADLINE
    assert read.level is IsolationLevel.NONE


def noise(count: int) -> bytes:
    """Make bytes that nobody can pack, the same each time."""
    import random  # noqa: PLC0415

    return random.Random(0).randbytes(count)


def printed(count: int) -> Execution:
    """Print *count* bytes that nobody can pack."""
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=noise(count))


def test_a_reply_that_is_too_large_tells_of_the_first_runs() -> None:
    """What does not fit is left to be asked again; what is told is whole."""
    job = Job(program="", questions=(Run(),) * 3)
    payload = write_response(reply_of(*[printed(2_000_000)] * 3), [job])

    (told,) = read_response(payload, [job]).results

    assert told == (printed(2_000_000),) * 2
    assert len(payload) <= PAYLOAD_BYTES_MAX


def test_a_job_that_finds_no_room_is_told_of_in_another_reply() -> None:
    """The first job always gets through; the next has its turn alone."""
    jobs = [Job(program="", questions=(Run(),))] * 2
    told = RunResponse(
        level=IsolationLevel.KERNEL, results=((printed(3_000_000),), (printed(3_000_000),))
    )

    results = read_response(write_response(told, jobs), jobs).results

    assert [len(executions) for executions in results] == [1, 0]


@pytest.mark.parametrize("kind", [Run, Call])
def test_what_fits_in_no_reply_is_too_much_output(kind: Any) -> None:
    """One question's incompressible megabytes cost that question, and no other."""
    question = Run() if kind is Run else Call(entry_point="f")
    job = Job(program="", questions=(question, question))
    small = Execution(ending=Ending.FINISHED, stdout=b"")

    payload = write_response(reply_of(printed(5_000_000), small), [job])
    (told,) = read_response(payload, [job]).results

    assert told[0].ending is Ending.TOO_MUCH_OUTPUT
    assert told[0].detail == "its outputs are more than an invocation can return"
    assert len(told) == (1 if kind is Run else 2)


def test_calls_are_told_of_wholly() -> None:
    """They share a guest, so that none of them can be asked again without the others."""
    job = Job(program="", questions=(Call(entry_point="f"),) * 3)

    payload = write_response(reply_of(*[printed(2_000_000)] * 3), [job])
    (told,) = read_response(payload, [job]).results

    assert [one.ending for one in told] == ["finished", "finished", "too_much_output"]


# -- lies ------------------------------------------------------------------------------


def facts(**changes: object) -> bytes:
    """Write the facts of an execution, some of them changed."""
    honest: dict[str, object] = {"ending": "finished", "exit_status": 0, "signal": None}
    honest |= {"type_name": None, "message": None, "cpu": 0.1, "wall": 0.1, "memory": 1}
    honest |= {"detail": "", "cause": "none"}
    return json.dumps(list((honest | changes).values())).encode()


def lie(*pieces: bytes, head: object = None) -> bytes:
    """Pack a reply to an order of one run."""
    return pack_frames([json.dumps(head or ["kernel", [1]]).encode(), *pieces])


ONE_RUN = Job(program="", questions=(Run(),))
HONEST = (facts(), b"null", b"out", b"")


def test_the_liar_can_tell_the_truth() -> None:
    """Without a change, the lies below are a good reply: each fails for what is wrong in it."""
    (told,) = read_response(lie(*HONEST), [ONE_RUN]).results

    assert told[0].stdout == b"out"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"nonsense", id="not packed"),
        pytest.param(lie(*HONEST)[:-1], id="cut off"),
        pytest.param(lie(*HONEST) + b"x", id="something behind"),
        pytest.param(lie(*HONEST, *HONEST), id="more executions than it says"),
        pytest.param(lie(), id="fewer"),
        pytest.param(lie(*HONEST, *HONEST, head=["kernel", [2]]), id="more than was asked"),
        pytest.param(lie(head=["kernel", [0]]), id="of nothing"),
        pytest.param(lie(*HONEST, head=["kernel", [1, 0]]), id="another job"),
        pytest.param(lie(*HONEST, head=["kernel", [True]]), id="a truth for a count"),
        pytest.param(lie(*HONEST, head=["kernel", [-1]]), id="negative"),
        pytest.param(lie(*HONEST, head=["kernel", 1]), id="no list"),
        pytest.param(lie(*HONEST, head=["root", [1]]), id="a level that there is not"),
        pytest.param(lie(*HONEST, head=[["kernel"], [1]]), id="a level that is a list"),
        pytest.param(lie(*HONEST, head={"kernel": [1]}), id="no head"),
        pytest.param(lie(b"[" * 30_000, *HONEST[1:]), id="deep facts"),
        pytest.param(lie(b"[" + b"0," * 30_000 + b"0]", *HONEST[1:]), id="long facts"),
        pytest.param(lie(facts(ending="accepted"), *HONEST[1:]), id="ending"),
        pytest.param(lie(facts(exit_status=256), *HONEST[1:]), id="status"),
        pytest.param(lie(facts(exit_status=0.0), *HONEST[1:]), id="status of a float"),
        pytest.param(lie(facts(signal=-9), *HONEST[1:]), id="signal"),
        pytest.param(lie(facts(cpu=-1), *HONEST[1:]), id="negative time"),
        pytest.param(lie(facts(cpu=float("nan")), *HONEST[1:]), id="no time"),
        pytest.param(lie(facts(wall=float("inf")), *HONEST[1:]), id="endless time"),
        pytest.param(lie(facts(wall=10**400), *HONEST[1:]), id="a time of no float"),
        pytest.param(lie(facts(cpu="1"), *HONEST[1:]), id="a time in words"),
        pytest.param(lie(facts(cpu=True), *HONEST[1:]), id="a true time"),
        pytest.param(lie(facts(memory=2**60), *HONEST[1:]), id="memory"),
        pytest.param(lie(facts(detail="x" * 501), *HONEST[1:]), id="long detail"),
        pytest.param(lie(facts(detail=None), *HONEST[1:]), id="no detail"),
        pytest.param(lie(facts(cause="mercy"), *HONEST[1:]), id="cause"),
        pytest.param(lie(facts(cause=None), *HONEST[1:]), id="no cause"),
        pytest.param(lie(facts(type_name="E", message=7), *HONEST[1:]), id="error"),
        pytest.param(lie(facts(), b"7", b"", b""), id="a value of a run"),
        pytest.param(lie(facts(ending="crashed"), b"7", b"", b""), id="a value of a crash"),
        pytest.param(lie(facts(), b"null", b"x" * (2**24 + 2**16 + 1), b""), id="output"),
        pytest.param(lie(facts(), b"null", b"", b"x" * (2**15 + 1)), id="error output"),
        pytest.param(zlib.compress(b"\0" * (RESPONSE_BYTES_MAX + 2**20)), id="a bomb"),
        pytest.param(pack_frames([b""] * 6), id="empty pieces"),
    ],
)
def test_a_lie_is_no_reply(payload: bytes) -> None:
    """Sizes, types and counts that the order does not allow make all of it unreadable."""
    with pytest.raises(PayloadError):
        read_response(payload, [ONE_RUN])


def test_a_value_that_cannot_be_read_costs_its_question() -> None:
    """As a guest's does, in an executor of this machine."""
    job = Job(program="", questions=(Call(entry_point="f"),))

    (told,) = read_response(lie(facts(), b'{"lie": 1}', b"", b""), [job]).results

    assert (told[0].ending, told[0].value) == (Ending.UNREADABLE, None)


def test_values_take_no_more_memory_than_at_home() -> None:
    """A value takes several times its encoded size: there is a bound for all of a job's."""
    job = Job(program="", questions=(Call(entry_point="f"),))

    with pytest.raises(PayloadError, match="more output"):
        read_response(lie(facts(), b"[" + b"1," * 2**22 + b"1]", b"", b""), [job])


def test_a_bomb_is_never_unpacked() -> None:
    """Unpacking stops at the bound: a gigabyte in a megabyte takes no gigabyte."""
    import tracemalloc  # noqa: PLC0415

    bomb = zlib.compress(bytes(2**28), 9)
    tracemalloc.start()
    try:
        with pytest.raises(FramesError):
            unpack_frames(bomb, bytes_max=2**20, frames_max=10)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_pieces_stay_apart(pieces: list[bytes]) -> None:
    """Whatever is packed is unpacked as it was."""
    packed = pack_frames(pieces)

    assert unpack_frames(packed, bytes_max=1000, frames_max=20) == pieces


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([facts(), b"null", b'["kernel",[1]]', b'["kernel",[2]]', b"[1.0,1]"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda tree: json.dumps(tree).encode()),
)


@given(st.lists(PIECES, max_size=10))
@pytest.mark.parametrize(
    "read",
    [
        read_request,
        lambda data: read_response(data, [RUNS]),
        lambda data: read_response(data, [CALLS]),
    ],
)
def test_any_pieces_are_read_or_refused(
    read: Callable[[bytes], object], pieces: list[bytes]
) -> None:
    """No bytes bring a reader to anything but a reply or one kind of error."""
    for data in (pack_frames(pieces), b"".join(pieces)):
        try:
            read(data)
        except PayloadError:
            continue
