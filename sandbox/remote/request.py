"""The request to an executor function: jobs, and the seconds for them, as bytes and back.

As in `Job` itself, there is no field for an expected answer. Only a request of sessions holds
tests, and it names the modules that their harnesses need (`sandbox/remote/sessions.py`).

A request is a row of frames (`sandbox/remote/frames.py`): its fields; for each job its fields, its
program and, if it has one, its prelude; for each question its fields and its content. Fields are
short JSON; the arguments of a call have the typed encoding.

The fields of a job with a prelude, or one that needs all answers, end with a mark for each. An
executor that is older than a mark refuses the request; it never runs a program without its prelude.
"""

import math
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any, assert_never

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode
from nova_code_verifier.sandbox.remote.fields import (
    check_number,
    check_whole,
    dump_fields,
    load_fields,
    next_frame,
)
from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.types import (
    Call,
    ExactCall,
    Job,
    Limits,
    Question,
    Run,
    Session,
    Substitute,
)

_REQUEST_BYTES_MAX = 2**28  # unpacked
_JOBS_MAX = 1000
_QUESTIONS_MAX = 100_000
_ITEMS_MAX = 2**31
_HAS_PRELUDE, _NEEDS_ALL = "prelude", "needs_all"
_MARKS: tuple[list[str], ...] = ([], [_HAS_PRELUDE], [_NEEDS_ALL], [_HAS_PRELUDE, _NEEDS_ALL])


class _Kind(StrEnum):
    """What all questions of a job are."""

    RUN = "run"
    CALL = "call"
    EXACT_CALL = "exact_call"
    SESSION = "session"


_SUBSTITUTES = frozenset(Substitute)
_KINDS = {Run: _Kind.RUN, Call: _Kind.CALL, ExactCall: _Kind.EXACT_CALL, Session: _Kind.SESSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Jobs, and the seconds that an executor has for them.

    If the jobs are sessions, `modules` are those that their harnesses find imported; else none.
    """

    jobs: tuple[Job, ...]
    seconds: float
    modules: tuple[str, ...] = ()


def write_request(request: RunRequest) -> bytes:
    """Pack a request. Raises EncodingError for what cannot be sent."""
    return pack_frames(_request_frames(request))


def read_request(data: bytes) -> RunRequest:
    """Unpack a request. Raises PayloadError."""
    frames_max = 1 + 3 * _JOBS_MAX + 2 * _QUESTIONS_MAX
    try:
        frames = iter(unpack_frames(data, bytes_max=_REQUEST_BYTES_MAX, frames_max=frames_max))
        seconds, count, *rest = _load_longer(next_frame(frames), 2, most=3)
        modules = _read_texts("modules", rest[0]) if rest else ()
        count = check_whole("jobs", count, _JOBS_MAX, least=1)
        jobs = tuple(_read_job(frames) for _ in range(count))
        if any(True for _ in frames):
            raise PayloadError("request: more frames than its jobs have")
        if any(isinstance(job.questions[0], Session) != bool(modules) for job in jobs):
            raise PayloadError("modules: expected for sessions, and for nothing else")
        return RunRequest(jobs=jobs, seconds=check_number("seconds", seconds), modules=modules)
    except (EncodingError, UnicodeDecodeError) as error:
        raise PayloadError(str(error)) from error


def _request_frames(request: RunRequest) -> Iterator[bytes]:
    first: list[object] = [request.seconds, len(request.jobs)]
    yield dump_fields([*first, request.modules] if request.modules else first)
    for job in request.jobs:
        kind = _KINDS[type(job.questions[0])]
        fields = [kind, len(job.questions), list(astuple(job.limits)), job.give_up_after]
        yield dump_fields([*fields, *_marks(job)])
        yield job.program.encode("utf-8", "surrogatepass")
        if job.prelude:
            yield job.prelude.encode("utf-8", "surrogatepass")
        for question in job.questions:
            yield from _question_frames(question)


def _marks(job: Job) -> list[str]:
    marks = {_HAS_PRELUDE: job.prelude, _NEEDS_ALL: job.needs_all}
    return [mark for mark, is_set in marks.items() if is_set]


def _question_frames(question: Question) -> tuple[bytes, bytes]:
    match question:
        case Run():
            return dump_fields(list(question.argv)), question.stdin
        case ExactCall():
            fields = [question.entry_point, question.keeps_object, question.substitute]
            content = [list(question.arguments), dict(question.keywords)]
            return dump_fields(fields), encode(content)
        case Call():
            return dump_fields(question.entry_point), encode(list(question.arguments))
        case Session():
            fields = [list(astuple(question.harness_limits)), question.items_max]
            return dump_fields(fields), question.harness.encode("utf-8", "surrogatepass")
        case _:
            assert_never(question)


def _read_job(frames: Iterator[bytes]) -> Job:
    kind, count, limits, give_up_after, *marks = _load_longer(next_frame(frames), 4, most=6)
    if marks not in _MARKS:
        raise PayloadError("job: its fields are not those that a request has")
    count = check_whole("questions", count, _QUESTIONS_MAX, least=1)
    return Job(
        program=next_frame(frames).decode("utf-8", "surrogatepass"),
        prelude=next_frame(frames).decode("utf-8", "surrogatepass")
        if _HAS_PRELUDE in marks
        else "",
        questions=tuple(
            _read_question(kind, next_frame(frames), next_frame(frames)) for _ in range(count)
        ),
        limits=_read_limits(limits),
        give_up_after=check_whole("give_up_after", give_up_after, math.inf, least=2),
        needs_all=_NEEDS_ALL in marks,
    )


def _load_longer(data: bytes, length: int, *, most: int) -> list[Any]:
    """Read a list of *length* to *most* items."""
    fields: list[Any] = load_fields(data, list)
    if not length <= len(fields) <= most:
        raise PayloadError(f"fields: expected a list of {length} to {most} items")
    return fields


def _read_texts(name: str, texts: object) -> tuple[str, ...]:
    if type(texts) is not list or not all(type(text) is str for text in texts):
        raise PayloadError(f"{name}: expected a list of texts")
    return tuple(texts)


def _read_limits(limits: object) -> Limits:
    # Neither side may guess a limit that the other does not know.
    if type(limits) is not list or len(limits) != 6:  # noqa: PLR2004
        raise PayloadError(
            "limits: expected a list of six numbers; use one release for both functions"
        )
    cpu_seconds, wall_seconds, memory_bytes, output_bytes, *totals = limits
    total_cpu_seconds, total_wall_seconds = totals
    return Limits(
        cpu_seconds=check_number("cpu_seconds", cpu_seconds),
        wall_seconds=check_number("wall_seconds", wall_seconds),
        memory_bytes=check_whole("memory_bytes", memory_bytes, 2**50),
        output_bytes=check_whole("output_bytes", output_bytes, 2**50),
        total_cpu_seconds=check_number("total_cpu_seconds", total_cpu_seconds),
        total_wall_seconds=check_number("total_wall_seconds", total_wall_seconds),
    )


def _read_exact_call(fields: list[Any], content: object) -> ExactCall:
    match fields, content:
        case [str(entry_point), bool(keeps_object), str(substitute)], [
            list(arguments),
            dict(keywords),
        ] if substitute in _SUBSTITUTES and all(type(name) is str for name in keywords):
            return ExactCall(
                entry_point=entry_point,
                arguments=tuple(arguments),
                keywords=tuple(keywords.items()),
                keeps_object=keeps_object,
                substitute=Substitute(substitute),
            )
    raise PayloadError("arguments: expected a list, and a dict of those with a name")


def _read_question(kind: object, fields: bytes, content: bytes) -> Question:
    match kind:
        case _Kind.RUN:
            return Run(stdin=content, argv=_read_texts("argv", load_fields(fields, list)))
        case _Kind.CALL:
            arguments = decode(content)
            if type(arguments) is not list:
                raise PayloadError("arguments: expected a list")
            return Call(entry_point=load_fields(fields, str), arguments=tuple(arguments))
        case _Kind.EXACT_CALL:
            return _read_exact_call(load_fields(fields, list, length=3), decode(content))
        case _Kind.SESSION:
            limits, items_max = load_fields(fields, list, length=2)
            return Session(
                harness=content.decode("utf-8", "surrogatepass"),
                harness_limits=_read_limits(limits),
                items_max=check_whole("items_max", items_max, _ITEMS_MAX, least=1),
            )
    raise PayloadError(f"job: expected a kind of question, one of {', '.join(_Kind)}")
