"""The frame of a message between a guest and its keeper: a length of four bytes, then the payload.

The keeper and both ends of a session read with `take_message`, which does not wait and bounds a
message. A guest reads what its keeper sends with `receive`, because it may trust its keeper.
"""

import os

_LENGTH_BYTES = 4
_read, _write = os.read, os.write  # tests and programs may patch them


class MessageTooLongError(ValueError):
    """A message that announces more bytes than it may have."""


def pack_message(payload: bytes) -> bytes:
    """Return a payload in its frame."""
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


def take_message(buffer: bytearray, *, bytes_max: int) -> bytes | None:
    """Remove the first message from *buffer* and return it, or None if it is not complete yet.

    Raise MessageTooLongError for one that announces more than *bytes_max* bytes.
    """
    if len(buffer) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
    if end - _LENGTH_BYTES > bytes_max:
        raise MessageTooLongError
    if len(buffer) < end:
        return None
    payload = bytes(buffer[_LENGTH_BYTES:end])
    del buffer[:end]
    return payload


def write_all(fd: int, data: bytes) -> None:
    """Write all bytes, and wait for room as long as it takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[_write(fd, rest) :]


def send(fd: int, payload: bytes) -> None:
    """Write a message, and wait for room as long as it takes."""
    write_all(fd, pack_message(payload))


def receive(fd: int) -> bytes | None:
    """Read a message, or return None if the other side closed the channel."""
    head = _read_exactly(fd, _LENGTH_BYTES)
    return None if head is None else _read_exactly(fd, int.from_bytes(head, "big"))


def _read_exactly(fd: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = _read(fd, count - len(data))
        if not piece:
            return None
        data += piece
    return bytes(data)
