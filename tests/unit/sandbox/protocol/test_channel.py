"""Messages in their frames, whole, in pieces, and too long."""

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.channel import (
    MESSAGE_BYTES_MAX,
    MessageTooLongError,
    pack_message,
    receive,
    send,
    take_message,
)

HEADER_BYTES = 4
LONGEST_PAYLOAD_BYTES = MESSAGE_BYTES_MAX - HEADER_BYTES


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give the two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


@given(payloads=st.lists(st.binary(max_size=40)), data=st.data())
def test_messages_arrive_however_they_are_cut(payloads: list[bytes], data: st.DataObject) -> None:
    """Pieces of any size give the same messages, in order, and nothing is left over."""
    rest = b"".join(map(pack_message, payloads))
    buffer, taken = bytearray(), []
    while rest:
        length = data.draw(st.integers(1, len(rest)))
        buffer += rest[:length]
        rest = rest[length:]
        while (payload := take_message(buffer)) is not None:
            taken.append(payload)

    assert (taken, bytes(buffer)) == (payloads, b"")


@pytest.mark.parametrize("length", range(8))
def test_a_part_of_a_message_stays_where_it_is(length: int) -> None:
    """What is not whole yet is not taken, and not lost."""
    part = pack_message(b"1234")[:length]
    buffer = bytearray(part)

    assert (take_message(buffer), bytes(buffer)) == (None, part)


def test_an_empty_message_is_a_message() -> None:
    """No bytes is something else than nothing yet."""
    assert take_message(bytearray(pack_message(b""))) == b""


def test_the_longest_message_is_taken() -> None:
    """The bound is what may be sent."""
    longest = bytes(LONGEST_PAYLOAD_BYTES)

    assert take_message(bytearray(pack_message(longest))) == longest


@pytest.mark.parametrize("announced", [LONGEST_PAYLOAD_BYTES + 1, 2**32 - 1])
def test_a_message_that_is_too_long_is_refused_by_its_head(announced: int) -> None:
    """Nobody waits for, or makes room for, the bytes of a message that will not be read."""
    with pytest.raises(MessageTooLongError):
        take_message(bytearray(announced.to_bytes(HEADER_BYTES, "big")))


@given(st.binary(max_size=64))
def test_any_bytes_are_messages_or_too_long(stream: bytes) -> None:
    """A guest may write what it likes: there is no third way, and taking comes to an end."""
    buffer = bytearray(stream)
    try:
        while take_message(buffer) is not None:
            pass
    except MessageTooLongError:
        pass

    assert len(buffer) <= len(stream)


@pytest.mark.parametrize("payload", [b"", b"a", b"\x00" * 3, bytes(range(256)) * 4096])
def test_what_is_sent_is_received(pipe: tuple[int, int], payload: bytes) -> None:
    """A message passes a pipe that has room for a small part of it only."""
    reader, writer = pipe
    sender = threading.Thread(target=send, args=(writer, payload))
    sender.start()

    received = receive(reader)

    sender.join()
    assert received == payload


def test_messages_stay_apart(pipe: tuple[int, int]) -> None:
    """Reading one message leaves the next one alone."""
    reader, writer = pipe
    send(writer, b"one")
    send(writer, b"two")

    assert [receive(reader), receive(reader)] == [b"one", b"two"]


@pytest.mark.parametrize("said", [b"", b"\x00", b"\x00\x00\x00\x05", b"\x00\x00\x00\x05four"])
def test_a_conversation_that_breaks_off_is_over(said: bytes) -> None:
    """The end of the stream, in the middle of a message too, is the end."""
    reader, writer = os.pipe()
    os.write(writer, said)
    os.close(writer)

    received = receive(reader)

    os.close(reader)
    assert received is None
