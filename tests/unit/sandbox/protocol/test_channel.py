"""Messages in their frames: complete, in pieces, and too long."""

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.channel import (
    MessageTooLongError,
    pack_message,
    receive,
    send,
    take_message,
)

HEADER_BYTES = 4
LONGEST_PAYLOAD_BYTES = 1000


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return the two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


@given(payloads=st.lists(st.binary(max_size=40)), data=st.data())
def test_messages_in_pieces_of_any_size_arrive(payloads: list[bytes], data: st.DataObject) -> None:
    """Pieces of any size give the same messages, in order."""
    rest = b"".join(map(pack_message, payloads))
    buffer, taken = bytearray(), []
    while rest:
        length = data.draw(st.integers(1, len(rest)))
        buffer += rest[:length]
        rest = rest[length:]
        while (payload := take_message(buffer, bytes_max=LONGEST_PAYLOAD_BYTES)) is not None:
            taken.append(payload)

    assert (taken, bytes(buffer)) == (payloads, b"")


@pytest.mark.parametrize("length", range(8))
def test_an_incomplete_message_stays_in_the_buffer(length: int) -> None:
    """It is neither returned nor lost."""
    part = pack_message(b"1234")[:length]
    buffer = bytearray(part)

    assert (take_message(buffer, bytes_max=LONGEST_PAYLOAD_BYTES), bytes(buffer)) == (None, part)


def test_an_empty_message_is_a_message() -> None:
    """A message of no bytes is not the same as no message."""
    assert take_message(bytearray(pack_message(b"")), bytes_max=0) == b""


def test_a_message_of_the_longest_size_is_read() -> None:
    """The bound itself is allowed."""
    longest = bytes(LONGEST_PAYLOAD_BYTES)

    assert take_message(bytearray(pack_message(longest)), bytes_max=1000) == longest


@pytest.mark.parametrize("announced", [LONGEST_PAYLOAD_BYTES + 1, 2**32 - 1])
def test_a_message_that_is_too_long_is_refused_by_its_head(announced: int) -> None:
    """Its length alone raises MessageTooLongError."""
    with pytest.raises(MessageTooLongError):
        take_message(bytearray(announced.to_bytes(HEADER_BYTES, "big")), bytes_max=1000)


@given(st.binary(max_size=64))
def test_any_bytes_are_messages_or_too_long(stream: bytes) -> None:
    """No bytes raise anything else, and reading them ends."""
    buffer = bytearray(stream)
    try:
        while take_message(buffer, bytes_max=LONGEST_PAYLOAD_BYTES) is not None:
            pass
    except MessageTooLongError:
        pass

    assert len(buffer) <= len(stream)


@pytest.mark.parametrize("payload", [b"", b"a", b"\x00" * 3, bytes(range(256)) * 4096])
def test_a_message_that_was_sent_is_received(pipe: tuple[int, int], payload: bytes) -> None:
    """A message may be larger than the pipe."""
    reader, writer = pipe
    sender = threading.Thread(target=send, args=(writer, payload))
    sender.start()

    received = receive(reader)

    sender.join()
    assert received == payload


def test_receiving_leaves_the_next_message(pipe: tuple[int, int]) -> None:
    """Each call returns one message."""
    reader, writer = pipe
    send(writer, b"one")
    send(writer, b"two")

    assert [receive(reader), receive(reader)] == [b"one", b"two"]


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x00\x00\x05", b"\x00\x00\x00\x05four"])
def test_a_closed_channel_ends_in_none(sent: bytes) -> None:
    """It does so within a message, too."""
    reader, writer = os.pipe()
    os.write(writer, sent)
    os.close(writer)

    received = receive(reader)

    os.close(reader)
    assert received is None
