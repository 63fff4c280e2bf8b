"""What goes to an executor elsewhere, and what comes back: orders and replies, as bytes.

In: jobs, and executions. Out: bytes, and back. A reply may have been written by a candidate that
overcame the executor's wall, so nothing in it is believed: sizes, types and counts are those
that the order allows, or there is no reply. Must not know: how bytes travel, or what an
execution means.

A parcel is a row of pieces (`sandbox.frames`):

    order   head · for each job: facts, program, and for each question: head, body
    reply   head · for each execution: facts, value, stdout, stderr

Heads and facts are short JSON; values are in the typed encoding.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, assert_never

from sandbox.encoding import EncodingError, decode, encode
from sandbox.frames import FramesError, pack_frames, unpack_frames
from sandbox.keeper import STDERR_BYTES_KEPT
from sandbox.messages import TEXT_MAX
from sandbox.schedule import KEPT_BYTES_MAX, VALUE_FACTOR
from sandbox.types import (
    Call,
    Ending,
    Execution,
    Job,
    Level,
    Limits,
    Question,
    RaisedError,
    Run,
    Step,
)

PARCEL_BYTES_MAX = 4_400_000
"""What a parcel may weigh: in base64, with its wrapping, it stays under Lambda's 6 MB."""
REPLY_BYTES_MAX = 2**25
"""What a reply may weigh when it is unpacked."""
ORDER_BYTES_MAX = 2**28
_JOBS_MAX = 1000
_QUESTIONS_MAX = 100_000
_FACTS_BYTES_MAX = 2**15
_COUNT_BYTES_MAX = 2**20
_PIECES_A_QUESTION, _PIECES_AN_EXECUTION = 2, 4
_NUMBER_MAX = 1e15
_CUT_BYTES = 200  # what is left, packed, of an execution without its outputs
_READ_AHEAD_BYTES = 2**16  # what a pipe may hold beyond its cap when that is noticed
_UNSENT = "its outputs are more than an invocation can return"


class ParcelError(ValueError):
    """Bytes that are no order, or no reply to the order that was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Jobs, and the seconds that an executor has for them."""

    jobs: tuple[Job, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """For each job of an order what happened to its questions, and the level, so it is said.

    A reply that would have been too large tells of the first questions alone: whoever ordered
    asks for the rest again. That goes for `Run`s only; other jobs are told of wholly, or not.
    """

    level: Level
    results: tuple[tuple[Execution, ...], ...]


# -- orders ----------------------------------------------------------------------------


def write_order(order: Order) -> bytes:
    """Pack an order. Raises EncodingError for arguments that are no plain data."""
    return pack_frames(_order_pieces(order))


def read_order(data: bytes) -> Order:
    """Unpack an order. Raises ParcelError."""
    pieces_max = 1 + _JOBS_MAX * 2 + _QUESTIONS_MAX * _PIECES_A_QUESTION
    try:
        pieces = iter(unpack_frames(data, bytes_max=ORDER_BYTES_MAX, pieces_max=pieces_max))
        seconds, count = _load(_next(pieces), list, length=2)
        if type(count) is not int or not 0 < count <= _JOBS_MAX:
            raise ParcelError("an order of too many jobs, or none")
        jobs = tuple(_read_job(pieces) for _ in range(count))
        if any(True for _ in pieces):
            raise ParcelError("an order with something behind it")
        return Order(jobs=jobs, seconds=_number(seconds))
    except (FramesError, EncodingError, UnicodeDecodeError) as error:
        raise ParcelError(str(error)) from error


def _order_pieces(order: Order) -> Iterator[bytes]:
    yield _dump([order.seconds, len(order.jobs)])
    for job in order.jobs:
        kind = type(job.questions[0]).__name__
        yield _dump([kind, len(job.questions), list(astuple(job.limits)), job.give_up_after])
        yield job.program.encode("utf-8", "surrogatepass")
        for question in job.questions:
            yield from _question_pieces(question)


def _question_pieces(question: Question) -> tuple[bytes, bytes]:
    match question:
        case Run():
            return _dump(list(question.argv)), question.stdin
        case Call():
            return _dump(question.entry_point), encode(list(question.arguments))
        case Step():
            return b"null", question.instruction
        case _:
            assert_never(question)


def _read_job(pieces: Iterator[bytes]) -> Job:
    kind, count, limits, give_up_after = _load(_next(pieces), list, length=4)
    if type(limits) is not list or len(limits) != 4 or type(give_up_after) is not int:  # noqa: PLR2004
        raise ParcelError("a job with unknown limits")
    cpu_seconds, wall_seconds, memory_bytes, output_bytes = limits
    if type(count) is not int or not 0 < count <= _QUESTIONS_MAX or give_up_after < 2:  # noqa: PLR2004
        raise ParcelError("a job of too many questions, or none")
    return Job(
        program=_next(pieces).decode("utf-8", "surrogatepass"),
        questions=tuple(_read_question(kind, _next(pieces), _next(pieces)) for _ in range(count)),
        limits=Limits(
            cpu_seconds=_number(cpu_seconds),
            wall_seconds=_number(wall_seconds),
            memory_bytes=_whole(memory_bytes, 2**50),
            output_bytes=_whole(output_bytes, 2**50),
        ),
        give_up_after=give_up_after,
    )


def _read_question(kind: object, head: bytes, body: bytes) -> Question:
    if kind == "Run":
        argv = _load(head, list)
        if not all(type(word) is str for word in argv):
            raise ParcelError("arguments of a program that are no texts")
        return Run(stdin=body, argv=tuple(argv))
    if kind == "Call":
        arguments = decode(body)
        if type(arguments) is not list:
            raise ParcelError("arguments of a call that are no list")
        return Call(entry_point=_load(head, str), arguments=tuple(arguments))
    if kind == "Step":
        return Step(instruction=body)
    raise ParcelError("a question of an unknown kind")


# -- replies ---------------------------------------------------------------------------


def write_reply(reply: Reply, jobs: Sequence[Job], *, bytes_max: int = PARCEL_BYTES_MAX) -> bytes:
    """Pack as much of a reply as one may weigh: as many questions, from the first on."""
    packed = _packed(reply, jobs)
    if packed is None or len(packed) > bytes_max:
        packed = _packed(_fitting(reply, jobs, bytes_max), jobs)
    assert packed is not None  # noqa: S101  (it was made to fit)
    return packed


def read_reply(data: bytes, jobs: Sequence[Job]) -> Reply:
    """Unpack the reply to an order of *jobs*. Raises ParcelError."""
    asked = sum(len(job.questions) for job in jobs)
    pieces_max = 1 + asked * _PIECES_AN_EXECUTION
    try:
        pieces = unpack_frames(data, bytes_max=REPLY_BYTES_MAX, pieces_max=pieces_max)
    except FramesError as error:
        raise ParcelError(str(error)) from error
    level, counts = _load(pieces[0] if pieces else b"", list, length=2, most=_COUNT_BYTES_MAX)
    _check_counts(counts, jobs)
    if len(pieces) != 1 + sum(counts) * _PIECES_AN_EXECUTION:
        raise ParcelError("a reply that tells of more, or less, than it says")
    if level not in list(Level):
        raise ParcelError("a level that there is not")
    rest = iter(pieces[1:])
    results = tuple(
        _read_executions(job, count, rest) for job, count in zip(jobs, counts, strict=True)
    )
    return Reply(level=Level(level), results=results)


def _packed(reply: Reply, jobs: Sequence[Job]) -> bytes | None:
    pieces = [_dump([reply.level, [len(executions) for executions in reply.results]])]
    for job, executions in zip(jobs, reply.results, strict=True):
        unread = isinstance(job.questions[0], Step)
        for execution in executions:
            pieces += _execution_pieces(execution, unread=unread)
    return pack_frames(pieces) if sum(map(len, pieces)) <= REPLY_BYTES_MAX else None


def _execution_pieces(one: Execution, *, unread: bool) -> tuple[bytes, bytes, bytes, bytes]:
    try:
        value = _value_piece(one.value, unread=unread)
    except EncodingError as error:  # what a guest made up can be read, and yet not be written
        value = b"null"
        one = replace(one, ending=Ending.UNREADABLE, detail=str(error))
    facts: list[object] = [one.ending, one.exit_status, one.signal]
    facts += [one.error.type_name, one.error.message] if one.error else [None, None]
    facts += [one.cpu_seconds, one.wall_seconds, one.memory_bytes, one.detail[:TEXT_MAX]]
    return _dump(facts), value, one.stdout, one.stderr


def _value_piece(value: object, *, unread: bool) -> bytes:
    """Write a value; the bytes of a step's answer, which nobody has read, as they are."""
    return value if unread and isinstance(value, bytes) else encode(value)


def _fitting(reply: Reply, jobs: Sequence[Job], bytes_max: int) -> Reply:
    """Keep as many of the first executions as fit. If not even one job does, cut its outputs."""
    results: list[tuple[Execution, ...]] = []
    room = _Room(bytes_max - len(reply.results[0]) * _CUT_BYTES)
    for job, executions in zip(jobs, reply.results, strict=True):
        unread = isinstance(job.questions[0], Step)
        kept = tuple(one for one in executions if room.takes(one, unread=unread))
        divisible = isinstance(job.questions[0], Run)
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
        self._raw_left = REPLY_BYTES_MAX - _COUNT_BYTES_MAX

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
        raise ParcelError("a reply to another order")
    for place, (count, job) in enumerate(zip(counts, jobs, strict=True)):
        if type(count) is not int or not 0 <= count <= len(job.questions):
            raise ParcelError("a job of which too much is told, or nothing that can be")
        if count < len(job.questions) and not isinstance(job.questions[0], Run) and count:
            raise ParcelError("a job of which only a part is told")
        if count == 0 and place == 0:
            raise ParcelError("a reply that tells of nothing")


def _read_executions(job: Job, count: int, pieces: Iterator[bytes]) -> tuple[Execution, ...]:
    executions: list[Execution] = []
    kept = 0
    for question in job.questions[:count]:
        facts, value, stdout, stderr = (next(pieces) for _ in range(_PIECES_AN_EXECUTION))
        kept += len(stdout) + len(value) * VALUE_FACTOR
        if kept > KEPT_BYTES_MAX or len(stdout) > job.limits.output_bytes + _READ_AHEAD_BYTES:
            raise ParcelError("more output than a job may have")
        if len(stderr) > STDERR_BYTES_KEPT:
            raise ParcelError("more error output than is ever kept")
        execution = _read_facts(facts)
        execution = replace(execution, stdout=stdout, stderr=stderr)
        executions.append(_with_value(execution, question, value))
    return tuple(executions)


def _read_facts(data: bytes) -> Execution:
    ending, status, signal, type_name, message, cpu, wall, memory, detail = _load(
        data, list, length=9
    )
    if ending not in list(Ending):
        raise ParcelError("an ending that there is not")
    return Execution(
        ending=Ending(ending),
        exit_status=None if status is None else _whole(status, 255),
        signal=None if signal is None else _whole(signal, 64),
        error=None if type_name is None else _error(type_name, message),
        cpu_seconds=_number(cpu),
        wall_seconds=_number(wall),
        memory_bytes=_whole(memory, 2**50),
        detail=_text(detail),
    )


def _with_value(execution: Execution, question: Question, value: bytes) -> Execution:
    if execution.ending is not Ending.FINISHED or isinstance(question, Run):
        if value != b"null":
            raise ParcelError("a value where there is none")
        return execution
    execution = replace(execution, value_bytes=len(value))
    if isinstance(question, Step):
        return replace(execution, value=value)
    try:
        return replace(execution, value=decode(value))
    except EncodingError as error:
        return replace(execution, ending=Ending.UNREADABLE, detail=str(error))


# -- facts -----------------------------------------------------------------------------


def _next(pieces: Iterator[bytes]) -> bytes:
    for piece in pieces:
        return piece
    raise ParcelError("a parcel that is cut off")


def _dump(facts: object) -> bytes:
    return json.dumps(facts, separators=(",", ":")).encode("ascii")


def _load(
    data: bytes,
    kind: type[list[Any]] | type[str],
    *,
    length: int | None = None,
    most: int = _FACTS_BYTES_MAX,
) -> Any:  # noqa: ANN401  (narrowed by type(), never by trust)
    if len(data) > most:
        raise ParcelError("facts that are too long")
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ParcelError("facts that are no JSON") from error
    if type(facts) is not kind or (length is not None and len(facts) != length):
        raise ParcelError("facts of an unknown form")
    return facts


def _number(value: Any) -> float:  # noqa: ANN401
    # Not by its type alone: NaN and infinities are floats, and an int may have no float.
    if type(value) not in (int, float) or not 0 <= value <= _NUMBER_MAX:
        raise ParcelError("a number that is none, negative or too large")
    return float(value)


def _whole(value: Any, most: int) -> int:  # noqa: ANN401
    if type(value) is not int or not 0 <= value <= most:
        raise ParcelError("a whole number that is none, or too large")
    return value


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise ParcelError("a text that is none, or too long")
    return value


def _error(type_name: object, message: object) -> RaisedError:
    return RaisedError(type_name=_text(type_name), message=_text(message))
