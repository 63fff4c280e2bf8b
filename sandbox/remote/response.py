"""The response of an executor function: executions, as bytes and back.

A candidate that broke out of the executor's isolation may have written it, so nothing in it is
believed: sizes, types and counts are what the request allows, or the response is refused.

A response is a row of frames (`sandbox/remote/frames.py`): its fields; for each execution its
fields, value, stdout and stderr. Fields are short JSON; values have the typed encoding.

For sessions, the first fields have one item more, the protections that the function was granted; so
have those of an execution, the ending of its harness. Its value is the messages of the harness.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nova_code_verifier.sandbox.host.schedule import kept_bytes_max
from nova_code_verifier.sandbox.host.watched_guest import STDERR_BYTES_KEPT
from nova_code_verifier.sandbox.protocol.channel import (
    MessageTooLongError,
    pack_message,
    take_message,
)
from nova_code_verifier.sandbox.protocol.guest_messages import TEXT_MAX
from nova_code_verifier.sandbox.remote.fields import (
    PAYLOAD_BYTES_MAX,
    check_number,
    check_text,
    check_whole,
    dump_fields,
    load_fields,
)
from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.remote.protections import Protection
from nova_code_verifier.sandbox.types import (
    Cause,
    EncodedValue,
    Ending,
    Execution,
    IsolationLevel,
    Job,
    Question,
    RaisedError,
    Run,
    Session,
)

RESPONSE_BYTES_MAX = 2**25
"""The size of a response when it is unpacked."""
_COUNT_BYTES_MAX = 2**20
_FRAMES_AN_EXECUTION = 4
_BARE_EXECUTION_BYTES = 200  # packed, without its outputs
_READ_AHEAD_BYTES = 2**16  # a keeper notices a flood only when it has read so much too much
_UNSENT = "its outputs are more than an invocation can return"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResponse:
    """The executions of each job of a request, and the isolation level as the function claims it.

    A response to sessions also claims `protections`.

    A response that would be too large holds only the first executions; the caller asks the other
    questions again. Only a job of `Run`s can be cut; other jobs are in the response as a whole, or
    not at all.
    """

    level: IsolationLevel
    results: tuple[tuple[Execution, ...], ...]
    protections: frozenset[Protection] = frozenset()


def write_response(
    response: RunResponse, jobs: Sequence[Job], *, bytes_max: int = PAYLOAD_BYTES_MAX
) -> bytes:
    """Pack as many of the first executions as *bytes_max* allows."""
    packed = _pack(response, jobs)
    if packed is None or len(packed) > bytes_max:
        packed = _pack(_fit(response, jobs, bytes_max), jobs)
    assert packed is not None  # noqa: S101  (it was made to fit)
    return packed


def read_response(data: bytes, jobs: Sequence[Job]) -> RunResponse:
    """Unpack the response to a request of *jobs*. Raises PayloadError."""
    asked = sum(len(job.questions) for job in jobs)
    frames_max = 1 + asked * _FRAMES_AN_EXECUTION
    frames = unpack_frames(data, bytes_max=RESPONSE_BYTES_MAX, frames_max=frames_max)
    first = frames[0] if frames else b""
    length = 3 if _has_sessions(jobs) else 2
    level, counts, *rest = load_fields(first, list, length=length, bytes_max=_COUNT_BYTES_MAX)
    _check_counts(counts, jobs)
    if len(frames) != 1 + sum(counts) * _FRAMES_AN_EXECUTION:
        raise PayloadError("response: its number of executions is not the one that it claims")
    if level not in list(IsolationLevel):
        raise PayloadError(f"level: expected one of {', '.join(IsolationLevel)}")
    left = iter(frames[1:])
    results = (_read_executions(job, count, left) for job, count in zip(jobs, counts, strict=True))
    return RunResponse(
        level=IsolationLevel(level),
        results=tuple(results),
        protections=_read_protections(rest[0]) if rest else frozenset(),
    )


def _has_sessions(jobs: Sequence[Job]) -> bool:
    return any(isinstance(job.questions[0], Session) for job in jobs)


def _pack(response: RunResponse, jobs: Sequence[Job]) -> bytes | None:
    counts = [len(executions) for executions in response.results]
    first: list[object] = [response.level, counts]
    frames = [dump_fields([*first, sorted(response.protections)] if _has_sessions(jobs) else first)]
    for job, executions in zip(jobs, response.results, strict=True):
        for question, execution in zip(job.questions, executions, strict=False):
            frames += _execution_frames(question, execution)
    return pack_frames(frames) if sum(map(len, frames)) <= RESPONSE_BYTES_MAX else None


def _execution_frames(
    question: Question, execution: Execution
) -> tuple[bytes, bytes, bytes, bytes]:
    match execution.value:
        case EncodedValue(data) | bytes(data):
            encoded = data  # as its guest wrote it: nobody has decoded it
        case tuple(messages):
            encoded = b"".join(map(pack_message, messages))
        case _:
            encoded = b"" if isinstance(question, Session) else b"null"
    raised = execution.error
    fields: list[object] = [execution.ending, execution.exit_status, execution.signal]
    fields += [raised.type_name, raised.message] if raised else [None, None]
    fields += [execution.cpu_seconds, execution.wall_seconds, execution.own_seconds]
    fields += [execution.memory_bytes]
    fields += [execution.detail[:TEXT_MAX], execution.cause, int(execution.is_confirmed)]
    fields += [execution.harness_ending] if isinstance(question, Session) else []
    return dump_fields(fields), encoded, execution.stdout, execution.stderr


def _fit(response: RunResponse, jobs: Sequence[Job], bytes_max: int) -> RunResponse:
    """Keep as many of the first executions as fit. If not even one job fits, drop its outputs."""
    results: list[tuple[Execution, ...]] = []
    room = _Room(bytes_max - len(response.results[0]) * _BARE_EXECUTION_BYTES)
    for job, executions in zip(jobs, response.results, strict=True):
        kept = tuple(
            execution
            for question, execution in zip(job.questions, executions, strict=False)
            if room.has_room(question, execution)
        )
        if len(kept) == len(executions) or (job.is_divisible and kept):
            results.append(kept)
        elif results:
            results.append(())  # the caller sends this job again, when it has all the room
        else:
            first = (_without_outputs(executions[0]),)
            rest = tuple(map(_without_outputs, executions[len(kept) :]))
            results.append(first if job.is_divisible else (*kept, *rest))
    return replace(response, results=tuple(results))


class _Room:
    """The bytes that are left in a response. Once something did not fit, nothing more does."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self._unpacked_left = RESPONSE_BYTES_MAX - _COUNT_BYTES_MAX

    def has_room(self, question: Question, execution: Execution) -> bool:
        frames = _execution_frames(question, execution)
        self._unpacked_left -= sum(map(len, frames))
        if self._unpacked_left < 0 or self._left < 0:
            return False
        self._left -= len(pack_frames(frames))
        return self._left >= 0


def _without_outputs(execution: Execution) -> Execution:
    bare = replace(execution, value=None, stdout=b"", stderr=b"", error=None)
    if execution.ending is not Ending.FINISHED:
        return bare
    return replace(bare, ending=Ending.TOO_MUCH_OUTPUT, detail=_UNSENT)


def _check_counts(counts: object, jobs: Sequence[Job]) -> None:
    if type(counts) is not list or len(counts) != len(jobs):
        raise PayloadError("counts: expected one for each job")
    for index, (count, job) in enumerate(zip(counts, jobs, strict=True)):
        # Without any execution, the caller would send the same request again and again.
        least = 1 if index == 0 else 0
        check_whole("counts", count, len(job.questions), least=least)
        if 0 < count < len(job.questions) and not job.is_divisible:
            raise PayloadError("counts: expected all executions of a job of calls, or none")


def _read_executions(job: Job, count: int, frames: Iterator[bytes]) -> tuple[Execution, ...]:
    executions: list[Execution] = []
    kept_bytes = 0
    for question in job.questions[:count]:
        fields, value, stdout, stderr = (next(frames) for _ in range(_FRAMES_AN_EXECUTION))
        kept_bytes += len(stdout) + len(value)
        if (
            kept_bytes > kept_bytes_max(job)
            or len(stdout) > job.limits.output_bytes + _READ_AHEAD_BYTES
        ):
            raise PayloadError("stdout, value: more output than a job may have")
        if len(stderr) > STDERR_BYTES_KEPT:
            raise PayloadError("stderr: more than is ever kept")
        is_session = isinstance(question, Session)
        execution = replace(
            _read_fields(fields, is_session=is_session), stdout=stdout, stderr=stderr
        )
        executions.append(_with_value(execution, question, value))
    return tuple(executions)


def _read_protections(names: object) -> frozenset[Protection]:
    if type(names) is not list or not all(name in list(Protection) for name in names):
        raise PayloadError(f"protections: expected some of {', '.join(Protection)}")
    return frozenset(map(Protection, names))


def _read_fields(data: bytes, *, is_session: bool) -> Execution:
    fields = load_fields(data, list, length=13 if is_session else 12)
    ending, status, signal, type_name, message, cpu, wall, own, memory, *rest = fields
    detail, cause, is_confirmed, *others = rest
    (harness_ending,) = others or (Ending.FINISHED,)
    # The function could read its request. If it could claim UNSENDABLE, a candidate could make
    # its sample ungraded.
    for claimed in (ending, harness_ending):
        if claimed not in list(Ending) or claimed == Ending.UNSENDABLE:
            raise PayloadError("ending: not one that a function can report")
    if cause not in list(Cause):
        raise PayloadError(f"cause: expected one of {', '.join(Cause)}")
    error = None
    if type_name is not None:
        error = RaisedError(
            type_name=check_text("type_name", type_name), message=check_text("message", message)
        )
    return Execution(
        ending=Ending(ending),
        exit_status=None if status is None else check_whole("exit_status", status, 255),
        signal=None if signal is None else check_whole("signal", signal, 64),
        error=error,
        cpu_seconds=check_number("cpu_seconds", cpu),
        wall_seconds=check_number("wall_seconds", wall),
        own_seconds=check_number("own_seconds", own),
        memory_bytes=check_whole("memory_bytes", memory, 2**50),
        detail=check_text("detail", detail),
        cause=Cause(cause),
        harness_ending=Ending(harness_ending),
        is_confirmed=check_whole("is_confirmed", is_confirmed, 1) == 1,
    )


def _with_value(execution: Execution, question: Question, value: bytes) -> Execution:
    if isinstance(question, Session):
        messages = tuple(_read_messages(bytearray(value)))
        return replace(execution, value=messages, value_bytes=sum(map(len, messages)))
    if execution.ending is not Ending.FINISHED or isinstance(question, Run):
        if value != b"null":
            raise PayloadError("value: expected none")
        return execution
    return replace(execution, value=EncodedValue(value), value_bytes=len(value))


def _read_messages(rest: bytearray) -> Iterator[bytes]:
    while rest:
        try:
            message = take_message(rest, bytes_max=len(rest))
        except MessageTooLongError:
            message = None
        if not message:
            raise PayloadError("value: expected the messages of a harness")
        yield message
