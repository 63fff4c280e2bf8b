"""Requests and answers between two guests, over one stream socket.

Both sides are peers: either may send a request while it serves one, and waits for the answer. The
threads of one side are served in threads of their own on the other, so that a call which waits for
another thread's call does not wait for ever. Messages of one thread follow each other strictly:
an answer is always the one to the latest request.

A message is a frame of `sandbox/protocol/channel.py` around JSON: `[thread, number, kind, body]`.
The side that does not trust the other bounds the frame, and stops at the first message that does
not fit.
"""

import json
import os
import threading
from _thread import get_ident
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from nova_code_verifier.sandbox.protocol.channel import MessageTooLongError, send, take_message

ANSWER_TOO_LONG = "output: an answer is longer than limits.output_bytes"
_READ_BYTES = 2**18
_REQUEST, _ANSWER = "q", "a"
_THREADS_MAX = 300
_UNREADABLE = (
    ArithmeticError, AttributeError, BufferError, LookupError, MemoryError, RecursionError,
    TypeError, ValueError,
)  # fmt: skip
# Tests and programs may patch what they find in modules: none of it must end the conversation.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().decode
_read = os.read
_Thread = threading.Thread

Body = dict[str, Any]


class PeerLostError(Exception):
    """The other side has ended, or has sent what is no message."""


class Conversation(Protocol):
    """What one side makes of messages. It reads and writes them in the order of the socket."""

    def read(self, body: Body, payload: bytes) -> Any:  # noqa: ANN401  (what it makes of it)
        """Read the body of a message, at once. Raises ValueError if it is none."""

    def serve(self, request: Any) -> Callable[[], Body]:  # noqa: ANN401  (what `read` returned)
        """Do what was requested; return what writes the answer. Must not raise."""


class _Message(NamedTuple):
    thread: int
    number: int
    kind: str
    content: Any


def _do_nothing() -> None:
    pass


class Peer:
    """One end of a conversation."""

    def __init__(
        self,
        fd: int,
        conversation: Conversation,
        *,
        bytes_max: int,
        first_thread: int,
        begin_wait: Callable[[], None] = _do_nothing,
        end_wait: Callable[[], None] = _do_nothing,
    ) -> None:
        """Talk over the socket *fd*.

        Threads of this side count up from *first_thread* if it is 0, and down if it is -1. No
        message may have more than *bytes_max* bytes. *begin_wait* and *end_wait* are called around
        the time in which this side has nothing to do but to wait for the other.
        """
        self._fd = fd
        self._conversation = conversation
        self._bytes_max = bytes_max
        self._begin_wait, self._end_wait = begin_wait, end_wait
        self._next_thread = first_thread
        self._step = 1 if first_thread >= 0 else -1
        self.is_broken = False
        """Whether no further message can be sent or read, because one was interrupted."""
        self._number = 0
        self._incoming = bytearray()
        self._local = threading.local()
        self._changed = threading.Condition(threading.Lock())
        self._in_order = threading.Lock()
        self._busy_thread = 0
        self._is_read = False
        self._waiting: defaultdict[int, deque[_Message]] = defaultdict(deque)
        self._served: set[int] = set()

    # -- asking ------------------------------------------------------------------------

    def request(self, write: Callable[[], Body]) -> Any:  # noqa: ANN401  (what `read` makes of it)
        """Send the request that *write* returns; return the answer. Raises PeerLostError.

        What *write* raises is raised, and ends the conversation.
        """
        thread = self._own_thread()
        self._number += 1
        number = self._number
        self._send(thread, number, _REQUEST, write)
        while True:
            message = self._receive(thread)
            if message.kind == _ANSWER:
                if message.number != number:
                    raise self._broken("an answer that was not asked for")
                return message.content
            self._answer(message)

    def _own_thread(self) -> int:
        thread: int | None = getattr(self._local, "thread", None)
        if thread is None:
            with self._changed:
                thread = self._local.thread = self._next_thread
                self._next_thread += self._step
                self._served.add(thread)
        return thread

    # -- serving -----------------------------------------------------------------------

    def close(self) -> None:
        """End the conversation, also for threads that wait for a message."""
        self.is_broken = True
        with suppress(OSError):  # no guest may make a socket of the descriptor, to shut it down
            send(self._fd, b"")

    @property
    def is_busy(self) -> bool:
        """Whether this thread is reading or writing a message: it cannot request anything then."""
        return self._busy_thread == get_ident()

    def serve_main_thread(self) -> None:
        """Serve the first thread of the other side until it closes the conversation."""
        first = 0 if self._step < 0 else -1
        self._served.add(first)
        self._serve_thread(first)

    def _serve_thread(self, thread: int) -> None:
        self._local.thread = thread
        try:
            while True:
                self._answer(self._receive(thread))
        except PeerLostError:
            return

    def listen(self) -> None:
        """Serve what no thread waits for, until the conversation ends: for a thread of its own.

        Needed while this side's threads are busy and the other side may begin a request.
        """
        try:
            while True:
                self._receive(None)
        except PeerLostError:
            return

    def _answer(self, message: _Message) -> None:
        if message.kind != _REQUEST:
            raise self._broken("an answer that was not asked for")
        write = self._conversation.serve(message.content)
        self._send(message.thread, message.number, _ANSWER, write)

    # -- messages ----------------------------------------------------------------------

    def _send(self, thread: int, number: int, kind: str, write: Callable[[], Body]) -> None:
        if self.is_busy:
            raise TypeError("an object of the other side is asked while a message is written")
        with self._in_order:
            if self.is_broken:
                raise PeerLostError("the conversation has ended")
            self.is_broken = True  # an exception of a signal handler may come in the middle
            self._busy_thread = get_ident()
            try:
                message = (thread, number, kind, write())
            finally:
                self._busy_thread = 0
            payload = _encode(message).encode("ascii")
            try:
                send(self._fd, payload)
            except OSError as error:
                raise PeerLostError("the other side has ended") from error
            self.is_broken = False

    def _receive(self, thread: int | None) -> _Message:
        """Return the next message for *thread*; with None, only pass on those for others."""
        while True:
            with self._changed:
                while self._is_read and not (thread is not None and self._waiting.get(thread)):
                    self._changed.wait()
                if thread is not None and self._waiting.get(thread):
                    return self._waiting[thread].popleft()
                self._is_read = True
            try:
                message = self._read()
            except BaseException:
                self._stop_reading()
                raise
            # At once, or the thread that it is for would begin to read, too, and miss it.
            self._stop_reading(None if message.thread == thread else message)
            if message.thread == thread:
                return message

    def _stop_reading(self, message: _Message | None = None) -> None:
        """Let another thread read; give it the message that is for it. Start it if it is new."""
        with self._changed:
            self._is_read = False
            self._changed.notify_all()
            if message is None:
                return
            thread = message.thread
            is_foreign = (thread < 0) == (self._step > 0)
            if thread not in self._served:
                if not is_foreign or len(self._served) > _THREADS_MAX:
                    raise self._broken("a message for no thread")
                self._served.add(thread)
                server = _Thread(target=self._serve_thread, args=(thread,), daemon=True)
                server.start()
            self._waiting[thread].append(message)

    def _read(self) -> _Message:
        try:
            payload = self._read_payload()
        except BaseException:
            self.is_broken = True  # an exception of a signal handler may come in the middle
            raise
        with self._in_order:
            if self.is_broken:
                raise PeerLostError("the conversation has ended")
            self.is_broken = True
            self._busy_thread = get_ident()
            try:
                thread, number, kind, body = _decode(payload.decode("ascii"))
                if type(thread) is not int or type(number) is not int or type(body) is not dict:
                    raise ValueError(kind)
                content = self._conversation.read(body, payload)
            except _UNREADABLE as error:
                raise PeerLostError(f"protocol: {error}") from error
            finally:
                self._busy_thread = 0
            self.is_broken = False
        return _Message(thread, number, kind, content)

    def _read_payload(self) -> bytes:
        while True:
            try:
                payload = take_message(self._incoming, bytes_max=self._bytes_max)
            except MessageTooLongError as error:
                raise PeerLostError(ANSWER_TOO_LONG) from error
            if payload is not None:
                return payload
            self._begin_wait()
            try:
                piece = _read(self._fd, _READ_BYTES)
            except OSError as error:
                raise PeerLostError("the other side has ended") from error
            finally:
                self._end_wait()
            if not piece:
                raise PeerLostError("the other side has ended")
            self._incoming += piece

    def _broken(self, problem: str) -> PeerLostError:
        self.is_broken = True
        return PeerLostError(problem)
