"""Pack byte strings (frames) into one payload, and unpack them.

A payload may come from a candidate: its size and its number of frames are checked before
anything else is done with it.
"""

import struct
import zlib
from collections.abc import Iterable

_LENGTH = struct.Struct("=I")
_FAST = 1  # a tenth larger than the default, in a third of its time


class PayloadError(ValueError):
    """Bytes that are not a request, or not a response to the request that was sent."""


def pack_frames(frames: Iterable[bytes]) -> bytes:
    """Pack frames of less than 4 GiB each."""
    packer = zlib.compressobj(_FAST)
    packed = [
        packer.compress(part) for frame in frames for part in (_LENGTH.pack(len(frame)), frame)
    ]
    return b"".join((*packed, packer.flush()))


def unpack_frames(data: bytes, *, bytes_max: int, frames_max: int) -> list[bytes]:
    """Unpack at most *frames_max* frames of *bytes_max* bytes in all. Raises PayloadError."""
    rest = memoryview(_decompress(data, bytes_max + frames_max * _LENGTH.size))
    frames: list[bytes] = []
    while rest:
        if len(rest) < _LENGTH.size or len(frames) == frames_max:
            raise PayloadError("frames: cut off, or too many")
        end = _LENGTH.size + _LENGTH.unpack_from(rest)[0]
        if len(rest) < end:
            raise PayloadError("frames: cut off")
        frames.append(bytes(rest[_LENGTH.size : end]))
        rest = rest[end:]
    return frames


def _decompress(data: bytes, bytes_max: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        # Data can expand a thousandfold: stop at the bound.
        raw = unpacker.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise PayloadError("frames: not compressed data") from error
    if len(raw) > bytes_max or not unpacker.eof or unpacker.unused_data:
        raise PayloadError("frames: cut off, too many bytes, or bytes after the end")
    return raw
