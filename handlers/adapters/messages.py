"""The messages between a trainer's process and the process that owns the sandboxes.

In and out: typed values, and their bytes in a stream. Neither side runs what it reads. A frame is
its length, in eight bytes, and a value in the encoding of `sandbox/protocol/encoding.py`.
"""

from asyncio import StreamReader
from typing import Any

from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode
from nova_code_verifier.verifier.types import Sample, Verdict

_LENGTH_BYTES = 8
_FRAME_BYTES_MAX = 2**30


def entry_frame(number: int, entry: Entry) -> bytes:
    """Return the frame that sends an entry for grading. Raises EncodingError."""
    if entry.sample is None:
        return _frame((number, entry.problem or "sample: unreadable"))
    sample = entry.sample
    return _frame((number, sample.completion, sample.reference, sample.tasks))


def read_entry(data: bytes) -> tuple[int, Entry]:
    """Return the number and the entry in a frame. Raises EncodingError for anything else."""
    match _value(data):
        case (int() as number, str() as problem):
            return number, Entry(id=number, problem=problem)
        case (int() as number, str() | None as completion, reference, tuple() as tasks):
            sample = Sample(completion=completion, reference=reference, tasks=tasks)
            return number, Entry(id=number, sample=sample)
    raise EncodingError("a frame that is no entry")


def grade_frame(number: int, grade: Grade) -> bytes:
    """Return the frame that answers the entry *number*."""
    metrics = dict(grade.metrics)
    return _frame(
        (number, grade.reward, metrics, str(grade.verdict), grade.problem, grade.is_outage)
    )


def read_grade(data: bytes) -> tuple[int, Grade]:
    """Return the number of an entry and its grade in a frame."""
    number, reward, metrics, verdict, problem, is_outage = _value(data)
    return number, Grade(
        reward=reward,
        metrics=metrics,
        verdict=Verdict(verdict),
        problem=problem,
        is_outage=is_outage,
    )


async def read_frame(reader: StreamReader) -> bytes:
    """Return the value of the next frame. Raises ConnectionError at the end of the stream."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > _FRAME_BYTES_MAX:
            raise ConnectionError(f"a frame of {length} bytes")
        return await reader.readexactly(length)
    except EOFError:
        raise ConnectionError("the other side closed the connection") from None


def _frame(value: object) -> bytes:
    data = encode(value)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def _value(data: bytes) -> Any:  # noqa: ANN401  (each caller knows the form)
    return decode(data)
