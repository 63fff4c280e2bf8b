"""The words between a keeper and its zygote: one packet each, packed as binary.

In: numbers. Out: bytes, and back. Binary because a zygote says and hears three of these
for every guest, and each page of memory that it touches after a fork is copied for it.
Must not know: what is done about a word.
"""

import json
import struct

PACKET_BYTES_MAX = 2**17
DESCRIPTORS = 5
"""What comes with a request: program, stdin, stdout, stderr, channel."""

KILL, REST, RESTING = b"kill", b"rest", b"resting"

# how many calls (0: it is run); CPU seconds, memory, output and program bytes; argv as JSON
_REQUEST = struct.Struct("=IQQQQ")
_STARTED = struct.Struct("=cI")
_ENDED = struct.Struct("=cIdQ")
_STARTED_TAG, _ENDED_TAG = b"s", b"e"

Request = tuple[int, int, int, int, int]


def pack_request(request: Request, argv: tuple[str, ...]) -> bytes:
    """Pack a request for a guest."""
    return _REQUEST.pack(*request) + (json.dumps(argv).encode("ascii") if argv else b"")


def read_request(packet: bytes) -> tuple[Request, list[str]]:
    """Read a request for a guest."""
    argv = packet[_REQUEST.size :]
    return _REQUEST.unpack_from(packet), json.loads(argv) if argv else []


def is_run(packet: bytes) -> bool:
    """Tell whether a request is for a program that is run, and not for one to be called."""
    return packet[:4] == b"\0\0\0\0"


def pack_started(pid: int) -> bytes:
    """Pack the word that a guest has been forked."""
    return _STARTED.pack(_STARTED_TAG, pid)


def pack_ended(status: int, cpu_seconds: float, peak_bytes: int) -> bytes:
    """Pack the word that a guest has been reaped: its wait status and what it used."""
    return _ENDED.pack(_ENDED_TAG, status, cpu_seconds, peak_bytes)


def read_started(packet: bytes) -> int | None:
    """Read `started`, if that is what it is: the guest's pid."""
    return _STARTED.unpack(packet)[1] if packet[:1] == _STARTED_TAG else None


def read_ended(packet: bytes) -> tuple[int, float, int] | None:
    """Read `ended`, if that is what it is: wait status, CPU seconds, peak bytes."""
    return _ENDED.unpack(packet)[1:] if packet[:1] == _ENDED_TAG else None
