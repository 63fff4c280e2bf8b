"""Replies, as bytes: what an executor elsewhere says of an order.

In: executions. Out: bytes, and back. A reply may have been written by a candidate that overcame
the executor's wall, so nothing in it is believed: sizes, types and counts are those that the
order allows, or there is no reply. Must not know: how bytes travel, or what an execution means.

A reply is a row of pieces (`sandbox.remote.frames`): its head; for each execution its facts, value,
stdout and stderr. Head and facts are short JSON; values are in the typed encoding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nova_code_verifier.sandbox.host.keeper import STDERR_BYTES_KEPT
from nova_code_verifier.sandbox.host.schedule import KEPT_BYTES_MAX, VALUE_FACTOR
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode
from nova_code_verifier.sandbox.protocol.guest_messages import TEXT_MAX
from nova_code_verifier.sandbox.remote.fields import (
    PAYLOAD_BYTES_MAX,
    PayloadError,
    dump_facts,
    load_facts,
    number,
    text,
    whole,
)
from nova_code_verifier.sandbox.remote.frames import FramesError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.types import (
    Cause,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Operation,
    Question,
    RaisedError,
    Run,
)

RESPONSE_BYTES_MAX = 2**25
"""What a reply may weigh when it is unpacked."""
_COUNT_BYTES_MAX = 2**20
_PIECES_AN_EXECUTION = 4
_CUT_BYTES = 200  # what is left, packed, of an execution without its outputs
_READ_AHEAD_BYTES = 2**16  # what a pipe may hold beyond its cap when that is noticed
_UNSENT = "its outputs are more than an invocation can return"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResponse:
    """For each job of an order what happened to its questions, and the level, so it is said.

    A reply that would have been too large tells of the first questions alone: whoever ordered
    asks for the rest again. That goes for `Run`s only; other jobs are told of wholly, or not.
    """

    level: IsolationLevel
    results: tuple[tuple[Execution, ...], ...]


def write_response(
    reply: RunResponse, jobs: Sequence[Job], *, bytes_max: int = PAYLOAD_BYTES_MAX
) -> bytes:
    """Pack as much of a reply as one may weigh: as many questions, from the first on."""
    packed = _packed(reply, jobs)
    if packed is None or len(packed) > bytes_max:
        packed = _packed(_fitting(reply, jobs, bytes_max), jobs)
    assert packed is not None  # noqa: S101  (it was made to fit)
    return packed


def read_response(data: bytes, jobs: Sequence[Job]) -> RunResponse:
    """Unpack the reply to an order of *jobs*. Raises PayloadError."""
    asked = sum(len(job.questions) for job in jobs)
    pieces_max = 1 + asked * _PIECES_AN_EXECUTION
    try:
        pieces = unpack_frames(data, bytes_max=RESPONSE_BYTES_MAX, pieces_max=pieces_max)
    except FramesError as error:
        raise PayloadError(str(error)) from error
    level, counts = load_facts(pieces[0] if pieces else b"", list, length=2, most=_COUNT_BYTES_MAX)
    _check_counts(counts, jobs)
    if len(pieces) != 1 + sum(counts) * _PIECES_AN_EXECUTION:
        raise PayloadError("a reply that tells of more, or less, than it says")
    if level not in list(IsolationLevel):
        raise PayloadError("a level that there is not")
    rest = iter(pieces[1:])
    results = tuple(
        _read_executions(job, count, rest) for job, count in zip(jobs, counts, strict=True)
    )
    return RunResponse(level=IsolationLevel(level), results=results)


def _packed(reply: RunResponse, jobs: Sequence[Job]) -> bytes | None:
    pieces = [dump_facts([reply.level, [len(executions) for executions in reply.results]])]
    for job, executions in zip(jobs, reply.results, strict=True):
        unread = isinstance(job.questions[0], Operation)
        for execution in executions:
            pieces += _execution_pieces(execution, unread=unread)
    return pack_frames(pieces) if sum(map(len, pieces)) <= RESPONSE_BYTES_MAX else None


def _execution_pieces(one: Execution, *, unread: bool) -> tuple[bytes, bytes, bytes, bytes]:
    try:
        value = _value_piece(one.value, unread=unread)
    except EncodingError as error:  # what a guest made up can be read, and yet not be written
        value = b"null"
        one = replace(one, ending=Ending.UNREADABLE, detail=str(error))
    facts: list[object] = [one.ending, one.exit_status, one.signal]
    facts += [one.error.type_name, one.error.message] if one.error else [None, None]
    facts += [one.cpu_seconds, one.wall_seconds, one.memory_bytes]
    facts += [one.detail[:TEXT_MAX], one.cause]
    return dump_facts(facts), value, one.stdout, one.stderr


def _value_piece(value: object, *, unread: bool) -> bytes:
    """Write a value; the bytes of a step's answer, which nobody has read, as they are."""
    return value if unread and isinstance(value, bytes) else encode(value)


def _fitting(reply: RunResponse, jobs: Sequence[Job], bytes_max: int) -> RunResponse:
    """Keep as many of the first executions as fit. If not even one job does, cut its outputs."""
    results: list[tuple[Execution, ...]] = []
    room = _Room(bytes_max - len(reply.results[0]) * _CUT_BYTES)
    for job, executions in zip(jobs, reply.results, strict=True):
        unread = isinstance(job.questions[0], Operation)
        kept = tuple(one for one in executions if room.takes(one, unread=unread))
        divisible = job.is_divisible
        if len(kept) == len(executions) or (divisible and kept):
            results.append(kept)
        elif results:
            results.append(())  # to be sent again, when it has all the room there is
        else:
            first = (_without_outputs(executions[0]),)
            rest = tuple(map(_without_outputs, executions[len(kept) :]))
            results.append(first if divisible else (*kept, *rest))
    return replace(reply, results=tuple(results))


class _Room:
    """How much still fits into a reply. Once something did not, nothing more does."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self._raw_left = RESPONSE_BYTES_MAX - _COUNT_BYTES_MAX

    def takes(self, execution: Execution, *, unread: bool) -> bool:
        pieces = _execution_pieces(execution, unread=unread)
        self._raw_left -= sum(map(len, pieces))
        if self._raw_left < 0 or self._left < 0:
            return False
        self._left -= len(pack_frames(pieces))
        return self._left >= 0


def _without_outputs(execution: Execution) -> Execution:
    cut = replace(execution, value=None, stdout=b"", stderr=b"", error=None)
    if execution.ending is not Ending.FINISHED:
        return cut
    return replace(cut, ending=Ending.TOO_MUCH_OUTPUT, detail=_UNSENT)


def _check_counts(counts: object, jobs: Sequence[Job]) -> None:
    if type(counts) is not list or len(counts) != len(jobs):
        raise PayloadError("a reply to another order")
    for place, (count, job) in enumerate(zip(counts, jobs, strict=True)):
        if type(count) is not int or not 0 <= count <= len(job.questions):
            raise PayloadError("a job of which too much is told, or nothing that can be")
        if count < len(job.questions) and not job.is_divisible and count:
            raise PayloadError("a job of which only a part is told")
        if count == 0 and place == 0:
            raise PayloadError("a reply that tells of nothing")


def _read_executions(job: Job, count: int, pieces: Iterator[bytes]) -> tuple[Execution, ...]:
    executions: list[Execution] = []
    kept = 0
    for question in job.questions[:count]:
        facts, value, stdout, stderr = (next(pieces) for _ in range(_PIECES_AN_EXECUTION))
        kept += len(stdout) + len(value) * VALUE_FACTOR
        if kept > KEPT_BYTES_MAX or len(stdout) > job.limits.output_bytes + _READ_AHEAD_BYTES:
            raise PayloadError("more output than a job may have")
        if len(stderr) > STDERR_BYTES_KEPT:
            raise PayloadError("more error output than is ever kept")
        execution = _read_facts(facts)
        execution = replace(execution, stdout=stdout, stderr=stderr)
        executions.append(_with_value(execution, question, value))
    return tuple(executions)


def _read_facts(data: bytes) -> Execution:
    ending, status, signal, type_name, message, cpu, wall, memory, detail, cause = load_facts(
        data, list, length=10
    )
    # What it was sent, it could read: this one would be a way to be judged by nobody.
    if ending not in list(Ending) or ending == Ending.UNSENDABLE:
        raise PayloadError("an ending that there is not")
    if cause not in list(Cause):
        raise PayloadError("a cause that there is not")
    return Execution(
        ending=Ending(ending),
        exit_status=None if status is None else whole(status, 255),
        signal=None if signal is None else whole(signal, 64),
        error=None if type_name is None else _error(type_name, message),
        cpu_seconds=number(cpu),
        wall_seconds=number(wall),
        memory_bytes=whole(memory, 2**50),
        detail=text(detail),
        cause=Cause(cause),
    )


def _with_value(execution: Execution, question: Question, value: bytes) -> Execution:
    if execution.ending is not Ending.FINISHED or isinstance(question, Run):
        if value != b"null":
            raise PayloadError("a value where there is none")
        return execution
    execution = replace(execution, value_bytes=len(value))
    if isinstance(question, Operation):
        return replace(execution, value=value)
    try:
        return replace(execution, value=decode(value))
    except EncodingError as error:
        return replace(execution, ending=Ending.UNREADABLE, detail=str(error))


def _error(type_name: object, message: object) -> RaisedError:
    return RaisedError(type_name=text(type_name), message=text(message))
