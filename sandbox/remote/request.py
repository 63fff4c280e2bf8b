"""Orders, as bytes: what an executor elsewhere is to run.

In: jobs. Out: bytes, and back. There is no field for an expected answer, as in `Job` itself. Must
not know: how bytes travel, or who runs what.

An order is a row of pieces (`sandbox.remote.frames`): its head; for each job its facts, its
program, and
for each question a head and a body. Heads and facts are short JSON; a call's arguments are in
the typed encoding.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import assert_never

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode
from nova_code_verifier.sandbox.remote.fields import (
    PayloadError,
    dump_facts,
    load_facts,
    next_piece,
    number,
    whole,
)
from nova_code_verifier.sandbox.remote.frames import FramesError, pack_frames, unpack_frames
from nova_code_verifier.sandbox.types import Call, Job, Limits, Operation, Question, Run

ORDER_BYTES_MAX = 2**28
"""What an order may weigh when it is unpacked."""
_JOBS_MAX = 1000
_QUESTIONS_MAX = 100_000
_PIECES_A_QUESTION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Jobs, and the seconds that an executor has for them."""

    jobs: tuple[Job, ...]
    seconds: float


def write_request(order: RunRequest) -> bytes:
    """Pack an order. Raises EncodingError for arguments that are no plain data."""
    return pack_frames(_order_pieces(order))


def read_request(data: bytes) -> RunRequest:
    """Unpack an order. Raises PayloadError."""
    pieces_max = 1 + _JOBS_MAX * 2 + _QUESTIONS_MAX * _PIECES_A_QUESTION
    try:
        pieces = iter(unpack_frames(data, bytes_max=ORDER_BYTES_MAX, pieces_max=pieces_max))
        seconds, count = load_facts(next_piece(pieces), list, length=2)
        if type(count) is not int or not 0 < count <= _JOBS_MAX:
            raise PayloadError("an order of too many jobs, or none")
        jobs = tuple(_read_job(pieces) for _ in range(count))
        if any(True for _ in pieces):
            raise PayloadError("an order with something behind it")
        return RunRequest(jobs=jobs, seconds=number(seconds))
    except (FramesError, EncodingError, UnicodeDecodeError) as error:
        raise PayloadError(str(error)) from error


def _order_pieces(order: RunRequest) -> Iterator[bytes]:
    yield dump_facts([order.seconds, len(order.jobs)])
    for job in order.jobs:
        kind = type(job.questions[0]).__name__
        yield dump_facts([kind, len(job.questions), list(astuple(job.limits)), job.give_up_after])
        yield job.program.encode("utf-8", "surrogatepass")
        for question in job.questions:
            yield from _question_pieces(question)


def _question_pieces(question: Question) -> tuple[bytes, bytes]:
    match question:
        case Run():
            return dump_facts(list(question.argv)), question.stdin
        case Call():
            return dump_facts(question.entry_point), encode(list(question.arguments))
        case Operation():
            return b"null", question.instruction
        case _:
            assert_never(question)


def _read_job(pieces: Iterator[bytes]) -> Job:
    kind, count, limits, give_up_after = load_facts(next_piece(pieces), list, length=4)
    if type(limits) is not list or len(limits) != 4 or type(give_up_after) is not int:  # noqa: PLR2004
        raise PayloadError("a job with unknown limits")
    cpu_seconds, wall_seconds, memory_bytes, output_bytes = limits
    if type(count) is not int or not 0 < count <= _QUESTIONS_MAX or give_up_after < 2:  # noqa: PLR2004
        raise PayloadError("a job of too many questions, or none")
    return Job(
        program=next_piece(pieces).decode("utf-8", "surrogatepass"),
        questions=tuple(
            _read_question(kind, next_piece(pieces), next_piece(pieces)) for _ in range(count)
        ),
        limits=Limits(
            cpu_seconds=number(cpu_seconds),
            wall_seconds=number(wall_seconds),
            memory_bytes=whole(memory_bytes, 2**50),
            output_bytes=whole(output_bytes, 2**50),
        ),
        give_up_after=give_up_after,
    )


def _read_question(kind: object, head: bytes, body: bytes) -> Question:
    if kind == "Run":
        argv = load_facts(head, list)
        if not all(type(word) is str for word in argv):
            raise PayloadError("arguments of a program that are no texts")
        return Run(stdin=body, argv=tuple(argv))
    if kind == "Call":
        arguments = decode(body)
        if type(arguments) is not list:
            raise PayloadError("arguments of a call that are no list")
        return Call(entry_point=load_facts(head, str), arguments=tuple(arguments))
    if kind == "Operation":
        return Operation(instruction=body)
    raise PayloadError("a question of an unknown kind")
