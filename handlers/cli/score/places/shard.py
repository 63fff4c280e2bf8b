"""A shard: a process that scores a part of the samples, with an executor of its own.

In: works, over a socket. Out: scored samples, over the same socket. It ends with the socket, or
with the process that started it.
"""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import TypeVar

from nova_code_verifier.handlers.cli.score.places.place import Chunk
from nova_code_verifier.handlers.cli.score.places.shard_messages import (
    Answer,
    Begin,
    Frames,
    Ready,
    Refused,
    Scored,
    Start,
    Work,
    frame_of,
)
from nova_code_verifier.handlers.cli.score.places.this_process import ThisProcess
from nova_code_verifier.handlers.executors import start_local
from nova_code_verifier.handlers.scored.packing import unpack
from nova_code_verifier.handlers.settings import SettingsError
from nova_code_verifier.sandbox.confinement.kernel import prepare_to_die_with_parent
from nova_code_verifier.sandbox.errors import SandboxError

T = TypeVar("T")
_PIECE_BYTES = 2**20


class _Link:
    """The socket to the command. It is the shard's `Chunks`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = self._messages()
        self._pending = bytearray()

    def _messages(self) -> Iterator[object]:
        frames = Frames()
        while piece := self._connection.recv(_PIECE_BYTES):
            yield from frames.add(piece)

    def receive(self, kind: type[T]) -> T | None:
        """Wait for the next message, which is of this *kind*; None if the command has ended."""
        message = next(self._received, None)
        assert message is None or isinstance(message, kind)  # noqa: S101
        return message

    def take(self) -> Chunk | None:
        """Send what is pending, and wait for the next work: no guest runs now."""
        self._connection.sendall(self._pending)
        self._pending.clear()
        if (work := self.receive(Work)) is None:
            return None
        return Chunk(number=work.number, entries=unpack(work.entries))

    def offer(self, answer: Answer) -> None:
        """Send as much as does not wait: this thread also enforces the limits of guests."""
        self._pending += frame_of(answer)
        try:
            while self._pending:
                sent = self._connection.send(self._pending, socket.MSG_DONTWAIT)
                del self._pending[:sent]
        except BlockingIOError:
            pass

    def send(self, answer: Answer) -> None:
        """Send all of an answer."""
        self._connection.sendall(frame_of(answer))


def main(descriptor: int, parent_pid: int) -> None:
    """Score what comes over the socket *descriptor*, until it is closed."""
    signal.signal(signal.SIGTERM, _exit)
    prepare_to_die_with_parent(signal.SIGTERM)()
    if os.getppid() != parent_pid:
        return  # it has ended before it could matter
    connection = socket.socket(fileno=os.dup(descriptor))  # no child inherits the copy
    os.close(descriptor)
    link = _Link(connection)
    try:
        if start := link.receive(Start):
            _serve(link, start)
    except ConnectionError:
        pass  # the command has ended


def _serve(link: _Link, start: Start) -> None:
    start_executor = partial(
        start_local, start.settings, workers=start.workers, guests_bytes=start.guests_bytes
    )
    place = ThisProcess(start_executor, start.settings)
    try:
        with place:
            place.wait_ready()
            link.send(Ready(level=place.level))
            begin = link.receive(Begin)
            for number, index, sample in place.score(link, full=begin.full) if begin else ():
                link.offer(Scored(number=number, index=index, sample=sample, bug=place.bug))
    except (SandboxError, SettingsError) as error:
        link.send(Refused(problem=str(error), is_setting=isinstance(error, SettingsError)))


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
