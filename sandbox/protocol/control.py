"""The packets between a keeper and its zygote.

First the zygote sends one JSON packet: what the kernel granted, or why it refused. All later
packets are binary: a zygote sends and receives three of them for every guest, and the kernel
copies each page of memory that it touches after a fork.
"""

import json
import struct
from typing import NamedTuple

PACKET_BYTES_MAX = 2**17
DESCRIPTORS = 5
"""A request comes with these descriptors: program, stdin, stdout, stderr, channel."""

KILL, DRAIN, DRAINED = b"kill", b"drain", b"drained"

# Number of calls, CPU seconds, bytes of memory, of output, of the prelude and of the program; then
# argv as JSON.
_REQUEST = struct.Struct("=IQQQQQ")
_STARTED = struct.Struct("=cI")
_ENDED = struct.Struct("=cIdQ")
_STARTED_TAG, _ENDED_TAG = b"s", b"e"


class GuestRequest(NamedTuple):
    """What a guest is forked for. With no calls, the program is run as `__main__`.

    The file of the program begins with its prelude.
    """

    calls: int
    cpu_seconds: int
    memory_bytes: int
    output_bytes: int
    prelude_bytes: int
    program_bytes: int
    argv: tuple[str, ...] = ()


def pack_ready(granted: dict[str, object], refusal: str | None = None) -> bytes:
    """Pack what the kernel granted, or why it refuses the level that was asked for."""
    return json.dumps((granted, refusal)).encode("ascii")


def read_ready(packet: bytes) -> tuple[dict[str, object], str | None]:
    """Read what the kernel granted, and why it refused the level (None if it did not)."""
    granted, refusal = json.loads(packet)
    return granted, refusal


def pack_request(request: GuestRequest) -> bytes:
    """Pack a request for a guest."""
    *numbers, argv = request
    return _REQUEST.pack(*numbers) + (json.dumps(argv).encode("ascii") if argv else b"")


def read_request(packet: bytes) -> GuestRequest:
    """Read a request for a guest."""
    argv = packet[_REQUEST.size :]
    texts = tuple(json.loads(argv)) if argv else ()
    return GuestRequest._make((*_REQUEST.unpack_from(packet), texts))


def is_run(packet: bytes) -> bool:
    """Return whether a request is for a program that is run, not for one that is called."""
    return packet[:4] == b"\0\0\0\0"


def pack_started(pid: int) -> bytes:
    """Pack the message that a guest has been forked."""
    return _STARTED.pack(_STARTED_TAG, pid)


def pack_ended(status: int, cpu_seconds: float, peak_bytes: int) -> bytes:
    """Pack the message that a guest has been reaped: its wait status and what it used."""
    return _ENDED.pack(_ENDED_TAG, status, cpu_seconds, peak_bytes)


def read_started(packet: bytes) -> int | None:
    """Return the guest's pid if the packet is a `started` message."""
    return _STARTED.unpack(packet)[1] if packet[:1] == _STARTED_TAG else None


def read_ended(packet: bytes) -> tuple[int, float, int] | None:
    """Return wait status, CPU seconds and peak bytes if the packet is an `ended` message."""
    return _ENDED.unpack(packet)[1:] if packet[:1] == _ENDED_TAG else None
