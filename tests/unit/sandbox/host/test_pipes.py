"""Sealed files, which nobody can change, and streams with a cap."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.host.pipes import Stream, sealed_file

READ_BYTES = 2**16  # what a look into the pipe may bring beyond the cap


@pytest.fixture
def sealed() -> Iterator[int]:
    """Return the descriptor of a sealed file."""
    fd = sealed_file("test", b"content")
    yield fd
    os.close(fd)


@pytest.fixture
def open_stream() -> Iterator[Callable[[int], Stream]]:
    """Return a function that opens a stream with a cap, and close what it opened."""
    opened: list[Stream] = []

    def open_one(cap: int) -> Stream:
        opened.append(Stream(cap))
        return opened[-1]

    yield open_one
    for stream in opened:
        stream.close()
        stream.close_guest_end()


# Files


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256)) * 2**14])
def test_a_sealed_file_holds_its_content(content: bytes) -> None:
    """The file has exactly its content."""
    fd = sealed_file("test", content)
    try:
        assert os.pread(fd, len(content) + 1, 0) == content
    finally:
        os.close(fd)


def test_a_sealed_file_is_read_from_its_start(sealed: int) -> None:
    """The first read of a guest's standard input gets the first byte."""
    assert os.read(sealed, 3) == b"con"


@pytest.mark.parametrize(
    "change",
    [
        lambda fd: os.write(fd, b"x"),
        lambda fd: os.pwrite(fd, b"x", 100),
        lambda fd: os.ftruncate(fd, 0),
        lambda fd: os.ftruncate(fd, 100),
        lambda fd: fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE),
    ],
    ids=["write", "append", "shrink", "grow", "seal"],
)
def test_a_sealed_file_cannot_be_changed(sealed: int, change: Callable[[int], object]) -> None:
    """A guest cannot change what the next guest of the same program reads."""
    with pytest.raises(PermissionError):
        change(sealed)


def test_a_sealed_file_is_not_inheritable(sealed: int) -> None:
    """A child process gets the descriptor only if it is passed on."""
    assert not os.get_inheritable(sealed)


# Streams


@given(pieces=st.lists(st.binary(max_size=50), max_size=10))
def test_a_stream_collects_what_is_written(pieces: list[bytes]) -> None:
    """Every byte arrives, in order, whenever the stream is drained."""
    stream = Stream(1000)
    taken = b""
    for piece in pieces:
        os.write(stream.guest_end, piece)
        assert stream.drain()
        taken += stream.take()
    stream.close_guest_end()
    stream.close()

    assert taken == b"".join(pieces)


def test_a_forgotten_stream_closes_its_pipe() -> None:
    """As Ctrl-C leaves one that no keeper knows yet."""
    stream = Stream(10)
    ends = stream.fd, stream.guest_end

    del stream

    for fd in ends:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_an_empty_pipe_does_not_block(open_stream: Callable[[int], Stream]) -> None:
    """A guest that writes nothing does not stop its keeper."""
    stream = open_stream(10)

    assert (stream.drain(), stream.take()) == (True, b"")


def test_a_closed_pipe_is_within_its_cap(open_stream: Callable[[int], Stream]) -> None:
    """Draining a closed pipe returns what the guest wrote before."""
    stream = open_stream(10)
    os.write(stream.guest_end, b"last words")
    stream.close_guest_end()

    assert (stream.drain(), stream.drain(), stream.take()) == (True, True, b"last words")


def test_the_guests_end_blocks(open_stream: Callable[[int], Stream]) -> None:
    """A program that prints more than the pipe holds waits, and sees no error."""
    assert os.get_blocking(open_stream(10).guest_end)


@pytest.mark.parametrize(("cap", "is_within"), [(9, False), (10, True), (11, True)])
def test_a_guest_may_write_exactly_its_cap(
    open_stream: Callable[[int], Stream], cap: int, *, is_within: bool
) -> None:
    """Ten bytes are over a cap of nine, and within a cap of ten."""
    stream = open_stream(cap)
    os.write(stream.guest_end, bytes(10))

    assert stream.drain() is is_within


def test_taking_output_does_not_raise_the_cap(open_stream: Callable[[int], Stream]) -> None:
    """The cap is for all that a guest writes, not for each answer."""
    stream = open_stream(10)
    for _ in range(2):
        os.write(stream.guest_end, bytes(6))
        is_within = stream.drain()
        stream.take()

    assert not is_within


def test_a_stream_over_its_cap_is_not_read_again(open_stream: Callable[[int], Stream]) -> None:
    """Draining it again reports the same."""
    stream = open_stream(3)
    os.write(stream.guest_end, bytes(4))
    stream.drain()
    os.write(stream.guest_end, b"more")

    assert (stream.drain(), bytes(stream.data)) == (False, bytes(4))


def test_a_stream_keeps_at_most_its_cap_and_one_read(
    open_stream: Callable[[int], Stream],
) -> None:
    """However fast a guest writes, the kept bytes are bounded."""
    stream = open_stream(100_000)
    writer = threading.Thread(target=os.write, args=(stream.guest_end, bytes(2**22)), daemon=True)
    writer.start()
    while stream.drain():
        pass

    assert len(stream.data) <= 100_000 + READ_BYTES
    os.set_blocking(stream.fd, True)
    left = 2**22 - len(stream.data)
    while left:  # let the writer go
        left -= len(os.read(stream.fd, left))
    writer.join()


def test_output_is_taken_once(open_stream: Callable[[int], Stream]) -> None:
    """The output of one answer is not part of the next."""
    stream = open_stream(10)
    os.write(stream.guest_end, b"first")
    stream.drain()
    stream.take()

    assert stream.take() == b""
