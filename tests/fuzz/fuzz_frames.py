"""Fuzz the frames of messages: what a guest writes into a channel arrives in any pieces.

In: bytes that atheris generates. Out: nothing, or an exception that must not be, with the bytes
that caused it. `make fuzz` runs this.
"""

import contextlib
import io
import os
import socket
import sys
from pathlib import Path
from typing import Any, cast
from unittest import mock

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.fuzz.sessions import unwrapped
from tests.fuzz.shapes import NoPage

with atheris.instrument_imports(include=["nova_code_verifier"]):
    from nova_code_verifier.handlers.executor_function.envelope import unwrap
    from nova_code_verifier.sandbox.host.watched_guest import WatchedGuest
    from nova_code_verifier.sandbox.protocol.channel import (
        MessageTooLongError,
        pack_message,
        take_message,
    )
    from nova_code_verifier.sandbox.remote.frames import PayloadError, pack_frames, unpack_frames
    from nova_code_verifier.sandbox.types import Limits
    from nova_code_verifier.verifier.test_code.harness.candidates import (
        CandidateLostError,
        UncarriedError,
    )
    from nova_code_verifier.verifier.test_code.harness.session import LiveCandidate

_BYTES_MAX = 2**12
_FRAMES_MAX = 64


def take_all(pieces: list[bytes]) -> tuple[list[bytes], bool]:
    """Take all messages from bytes that arrive in *pieces*; and whether one was too long."""
    buffer, taken = bytearray(), []
    for piece in pieces:
        buffer += piece
        try:
            while (payload := take_message(buffer, bytes_max=_BYTES_MAX)) is not None:
                assert len(payload) <= _BYTES_MAX
                taken.append(payload)
        except MessageTooLongError:
            return taken, True
    return taken, False


def fuzz_channel(some: Any, data: bytes) -> None:
    """Take the messages at once, and in pieces: they are the same."""
    ends = sorted(some.ConsumeIntInRange(0, len(data)) for _ in range(4))
    pieces = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    assert take_all(pieces) == take_all([data])


def fuzz_guest(data: bytes) -> None:
    """Read what a guest sends as its keeper does, with a note of why it ends."""
    worker: Any = mock.Mock(held_bytes=0)
    guest = WatchedGuest(worker, Limits(output_bytes=_BYTES_MAX))
    try:
        with socket.socket(fileno=os.dup(guest.guest_ends[-1])) as ours:
            ours.setblocking(False)  # noqa: FBT003  (its only argument)
            with contextlib.suppress(BlockingIOError):
                ours.send(data)
        with contextlib.suppress(MessageTooLongError):
            for payload in guest.messages(lambda: _BYTES_MAX):
                assert len(payload) <= _BYTES_MAX
    finally:
        guest.close_guest_ends()
        guest.close()


def fuzz_session(data: bytes) -> None:
    """Send bytes as the candidate's side of a session, where its tests wait for an answer."""
    ours, theirs = socket.socketpair()
    with ours, theirs, unwrapped(), contextlib.redirect_stdout(io.StringIO()):
        candidate = LiveCandidate(ours.fileno(), cast("Any", NoPage()), "")
        theirs.setblocking(False)  # noqa: FBT003  (its only argument)
        with contextlib.suppress(BlockingIOError):
            theirs.send(data)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(CandidateLostError, UncarriedError):
            candidate.ask("name", "f")


def fuzz_payload(some: Any, data: bytes) -> None:
    """Unpack bytes as compressed frames, bounded; and frames as they were packed."""
    for payload in (data, pack_frames(data.split(b"\0"))):
        with contextlib.suppress(PayloadError):
            frames = unpack_frames(payload, bytes_max=_BYTES_MAX, frames_max=_FRAMES_MAX)
            assert len(frames) <= _FRAMES_MAX
            assert sum(map(len, frames)) <= _BYTES_MAX
    with contextlib.suppress(ValueError):
        unwrap({"payload": some.ConsumeUnicode(64)} if some.ConsumeBool() else None)


def fuzz_one(data: bytes) -> None:
    """Pass the input, as it is and as framed messages, to every reader."""
    some = atheris.FuzzedDataProvider(data)
    rest = data[8:]
    framed = b"".join(pack_message(part) for part in rest.split(b"\n"))
    step = b'[0,1,"a",' + rest[:64] + b"]"
    for stream in (rest, framed, pack_message(step), pack_message(step)[:-1]):
        fuzz_channel(some, stream)
        fuzz_guest(stream)
        fuzz_session(stream)
    fuzz_payload(some, rest)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
