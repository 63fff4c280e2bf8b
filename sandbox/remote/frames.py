"""Byte strings in a row, packed into one.

In: pieces. Out: compressed bytes that say where each begins, and back. Bounded before anything
is made of what came: in its size when unpacked, and in the number of pieces. Must not know: what
the pieces mean, or who wrote them.
"""

import struct
import zlib
from collections.abc import Iterable

_LENGTH = struct.Struct("=I")
_FAST = 1  # a tenth larger than the default, in a third of its time


class FramesError(ValueError):
    """Bytes that are no pieces in a row, or more than was agreed on."""


def pack_frames(pieces: Iterable[bytes]) -> bytes:
    """Pack pieces of less than 4 GiB each."""
    packer = zlib.compressobj(_FAST)
    packed = [
        packer.compress(part) for piece in pieces for part in (_LENGTH.pack(len(piece)), piece)
    ]
    return b"".join((*packed, packer.flush()))


def unpack_frames(data: bytes, *, bytes_max: int, pieces_max: int) -> list[bytes]:
    """Unpack pieces: *bytes_max* in all, *pieces_max* at most. Raises FramesError."""
    rest = memoryview(_decompressed(data, bytes_max + pieces_max * _LENGTH.size))
    pieces: list[bytes] = []
    while rest:
        if len(rest) < _LENGTH.size or len(pieces) == pieces_max:
            raise FramesError("pieces: cut off, or too many")
        end = _LENGTH.size + _LENGTH.unpack_from(rest)[0]
        if len(rest) < end:
            raise FramesError("pieces: cut off")
        pieces.append(bytes(rest[_LENGTH.size : end]))
        rest = rest[end:]
    return pieces


def _decompressed(data: bytes, bytes_max: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        # A thousandfold is easily packed: what is too much must never be unpacked.
        raw = unpacker.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise FramesError("pieces: not packed") from error
    if len(raw) > bytes_max or not unpacker.eof or unpacker.unused_data:
        raise FramesError("pieces: cut off, too many bytes, or more behind them")
    return raw
