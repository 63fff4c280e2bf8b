"""Messages between a guest and its keeper: a length of four bytes, then JSON.

In: a message. Out: bytes on a descriptor, and back. The keeper reads with `take_message`
and believes nothing; the guest reads with `receive`, as it may trust its keeper.
Must not know: what a message says.
"""

import os

MESSAGE_BYTES_MAX = 8 * 2**20
_LENGTH_BYTES = 4


class MessageTooLongError(ValueError):
    """A message that announces more bytes than anybody will read."""


def pack_message(payload: bytes) -> bytes:
    """Put a payload into its frame."""
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


def take_message(buffer: bytearray) -> bytes | None:
    """Take the first whole message off *buffer*; None if it is not there yet."""
    if len(buffer) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
    if end > MESSAGE_BYTES_MAX:
        raise MessageTooLongError
    if len(buffer) < end:
        return None
    payload = bytes(buffer[_LENGTH_BYTES:end])
    del buffer[:end]
    return payload


def send(fd: int, payload: bytes) -> None:
    """Write a whole message, waiting for room as long as it takes."""
    rest = memoryview(pack_message(payload))
    while rest:
        rest = rest[os.write(fd, rest) :]


def receive(fd: int) -> bytes | None:
    """Read a whole message; None at the end of the conversation."""
    head = _read_exactly(fd, _LENGTH_BYTES)
    return None if head is None else _read_exactly(fd, int.from_bytes(head, "big"))


def _read_exactly(fd: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = os.read(fd, count - len(data))
        if not piece:
            return None
        data += piece
    return bytes(data)
