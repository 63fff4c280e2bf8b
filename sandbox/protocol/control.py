"""The packets between a keeper and its zygote.

First the zygote sends one JSON packet: what the kernel granted, or why it refused. All later
packets are binary: a zygote sends and receives three of them for every guest, and the kernel
copies each page of memory that it touches after a fork.
"""

import json
import struct
from typing import NamedTuple

PACKET_BYTES_MAX = 2**17
DESCRIPTORS_MAX = 9
"""A request comes with these descriptors: program, stdin, stdout, stderr, channel.

A request for a pair comes with those of the candidate, and then those of the harness: program,
output, channel, and the page of `sandbox/protocol/progress.py`.
"""

KILL, DRAIN, DRAINED = b"kill", b"drain", b"drained"
KILL_CANDIDATE = b"kill candidate"
"""Of a pair, kill the candidate alone. KILL kills both."""

# Number of calls and of runs, CPU seconds, bytes of memory, of output, of the prelude and of the
# program; then argv as JSON.
_REQUEST = struct.Struct("=IIQQQQQ")
_SINGLE_RUN = struct.pack("=II", 0, 1)
# A number of calls that no request has; the other numbers of the candidate; those of the harness:
# CPU seconds, bytes of memory, of output and of the program; and the processor for both.
_PAIR = struct.Struct("=4sQQQQQQQQQi")
_PAIR_TAG = b"\xff\xff\xff\xff"
_STARTED = struct.Struct("=c?I")
_ENDED = struct.Struct("=c?IdQ")
_STARTED_TAG, _ENDED_TAG = b"s", b"e"


class GuestRequest(NamedTuple):
    """What a guest is forked for. With no calls, the program is run as `__main__`.

    The file of the program begins with its prelude. The guest asks for the descriptors of a second
    run, and of later ones (`sandbox/guest/company.py`).
    """

    calls: int
    cpu_seconds: int
    memory_bytes: int
    output_bytes: int
    prelude_bytes: int
    program_bytes: int
    argv: tuple[str, ...] = ()
    runs: int = 1


class PairRequest(NamedTuple):
    """What a candidate and its harness are forked for.

    Both run on *processor* only; on any if it is -1. Calls and argv of the two are not sent.
    """

    candidate: GuestRequest
    harness: GuestRequest
    processor: int = -1


class Started(NamedTuple):
    """A guest that has been forked."""

    pid: int
    is_harness: bool


class Ended(NamedTuple):
    """A guest that has been reaped: its wait status and what it used."""

    status: int
    cpu_seconds: float
    peak_bytes: int
    is_harness: bool


def pack_ready(granted: dict[str, object], refusal: str | None = None) -> bytes:
    """Pack what the kernel granted, or why it refuses the level that was asked for."""
    return json.dumps((granted, refusal)).encode("ascii")


def read_ready(packet: bytes) -> tuple[dict[str, object], str | None]:
    """Read what the kernel granted, and why it refused the level (None if it did not)."""
    granted, refusal = json.loads(packet)
    return granted, refusal


def pack_request(request: GuestRequest) -> bytes:
    """Pack a request for a guest."""
    calls, *numbers, argv, runs = request
    packed = _REQUEST.pack(calls, runs, *numbers)
    return packed + (json.dumps(argv).encode("ascii") if argv else b"")


def read_request(packet: bytes) -> GuestRequest:
    """Read a request for a guest."""
    argv = packet[_REQUEST.size :]
    texts = tuple(json.loads(argv)) if argv else ()
    calls, runs, *numbers = _REQUEST.unpack_from(packet)
    return GuestRequest._make((calls, *numbers, texts, runs))


def is_run(packet: bytes) -> bool:
    """Return whether a request is for a program that is run, once, and not called."""
    return packet[:8] == _SINGLE_RUN


def is_pair(packet: bytes) -> bool:
    """Return whether a request is for a pair."""
    return packet[:4] == _PAIR_TAG


def pack_pair(request: PairRequest) -> bytes:
    """Pack a request for a pair."""
    _, *candidate, _, _ = request.candidate
    _, cpu_seconds, memory_bytes, output_bytes, _, program_bytes, *_ = request.harness
    harness = cpu_seconds, memory_bytes, output_bytes, program_bytes
    return _PAIR.pack(_PAIR_TAG, *candidate, *harness, request.processor)


def read_pair(packet: bytes) -> PairRequest:
    """Read a request for a pair."""
    _, *numbers, processor = _PAIR.unpack(packet)
    cpu_seconds, memory_bytes, output_bytes, program_bytes = numbers[5:]
    return PairRequest(
        GuestRequest(0, *numbers[:5]),
        GuestRequest(0, cpu_seconds, memory_bytes, output_bytes, 0, program_bytes),
        processor,
    )


def pack_started(pid: int, *, is_harness: bool = False) -> bytes:
    """Pack the message that a guest has been forked."""
    return _STARTED.pack(_STARTED_TAG, is_harness, pid)


def pack_ended(
    status: int, cpu_seconds: float, peak_bytes: int, *, is_harness: bool = False
) -> bytes:
    """Pack the message that a guest has been reaped: its wait status and what it used."""
    return _ENDED.pack(_ENDED_TAG, is_harness, status, cpu_seconds, peak_bytes)


def read_started(packet: bytes) -> Started | None:
    """Return which guest has been forked if the packet is a `started` message."""
    if packet[:1] != _STARTED_TAG:
        return None
    _, is_harness, pid = _STARTED.unpack(packet)
    return Started(pid, is_harness)


def read_ended(packet: bytes) -> Ended | None:
    """Return how a guest ended if the packet is an `ended` message."""
    if packet[:1] != _ENDED_TAG:
        return None
    _, is_harness, status, cpu_seconds, peak_bytes = _ENDED.unpack(packet)
    return Ended(status, cpu_seconds, peak_bytes, is_harness)
