"""Frames: byte strings in one compressed payload."""

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames, unpack_frames


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_frames_are_unpacked_as_they_were_packed(frames: list[bytes]) -> None:
    """Unpacking returns the same frames, in the same order."""
    packed = pack_frames(frames)

    assert unpack_frames(packed, bytes_max=1000, frames_max=20) == frames


def test_a_bomb_is_not_decompressed() -> None:
    """Decompression stops at the bound: a gigabyte that was packed into a megabyte is refused."""
    bomb = zlib.compress(bytes(2**28), 9)
    tracemalloc.start()
    try:
        with pytest.raises(PayloadError):
            unpack_frames(bomb, bytes_max=2**20, frames_max=10)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()
