"""Messages between the command and its shards: pickled frames over a socket.

Both ends are our own processes of one user; no byte of a guest is unpickled, except inside of a
value of plain JSON.
"""

import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import IsolationLevel

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """To a shard, first: how many workers it has, and the memory for all their guests."""

    settings: Settings
    workers: int
    guests_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """To a shard, second: works follow. The details of their samples are *full*, or a summary."""

    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """To a shard: packed entries to score. `number` counts the works of this run."""

    number: int
    entries: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """From a shard: it can score, at this level."""

    level: IsolationLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """From a shard, which then ends: why nothing can go on, and whether a setting is at fault."""

    problem: str
    is_setting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """From a shard: the entry at *index* of a work is scored. `bug` is that of `Place`."""

    number: int
    index: int
    sample: ScoredSample
    bug: str = ""


Answer = Ready | Refused | Scored


def frame_of(message: Start | Begin | Work | Answer) -> bytes:
    """Return the bytes of a message."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


class Frames:
    """The messages in a stream of bytes."""

    def __init__(self) -> None:
        """Start empty."""
        self._bytes = bytearray()

    def add(self, piece: bytes) -> Iterator[object]:
        """Add the next bytes, and yield the messages that are now whole."""
        self._bytes += piece
        start = 0
        while len(self._bytes) - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._bytes, start)
            end = start + _LENGTH.size + size
            if len(self._bytes) < end:
                break
            yield pickle.loads(memoryview(self._bytes)[start + _LENGTH.size : end])  # noqa: S301
            start = end
        del self._bytes[:start]
