"""The keeper: watches one guest from outside, measures it, ends it.

In: a worker, a program and the questions to ask it. Out: an `Execution` for each question
that was asked. Nothing that the guest says about its time, its memory or its end is
believed: time is read from the process's own CPU clock, the rest from the zygote, its
parent. Must not know: which answers are right, or what other workers do.
"""

import math
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement.confine import THREADS_MAX
from nova_code_verifier.sandbox.host import usage
from nova_code_verifier.sandbox.host.answers import error_of, failure_ending, read_answer
from nova_code_verifier.sandbox.host.pipes import Stream, sealed_file
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol.channel import (
    MessageTooLongError,
    pack_message,
    take_message,
)
from nova_code_verifier.sandbox.protocol.control import (
    GuestRequest,
    pack_request,
    read_ended,
    read_started,
)
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, encode
from nova_code_verifier.sandbox.protocol.guest_messages import (
    CALL,
    OPERATION,
    GuestMessage,
    MessageKind,
    read_message,
)
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    Ending,
    Execution,
    Limits,
    Operation,
    Question,
    RaisedError,
    Run,
)

TICK_SECONDS = 0.02
# A guest that ends sooner is read once, after its end: it cannot have waited for long at a
# full pipe. Most guests are that short, and every wake-up costs what a question costs.
FIRST_LOOK_SECONDS = 0.003
STDERR_BYTES_KEPT = 2**15
DISK_FACTOR = 4
FILES_MAX = 1000
_READ_BYTES = 2**16
_NOTES_MAX = 2
_ANSWERS = frozenset({MessageKind.VALUE, MessageKind.RAISED, MessageKind.UNREADABLE})
_NOTES = frozenset({MessageKind.RAISED, MessageKind.FAILED, MessageKind.FORBIDDEN})
# Less time than it takes to fill the smallest memory limit there is.
_TOO_SHORT_TO_FILL_MEMORY_SECONDS = 0.003


class _Outcome(NamedTuple):
    ending: Ending
    detail: str = ""
    cause: Cause = Cause.NONE


_OUT_OF_CPU_TIME = _Outcome(Ending.OUT_OF_TIME, "cpu", Cause.CPU_TIME)


class Keeper:
    """One guest's keeper. Driven by events: `on_control`, `on_output`, `on_tick`."""

    def __init__(
        self, worker: Worker, *, program: int, questions: Sequence[Question], limits: Limits
    ) -> None:
        """Ask the worker for a guest that answers *questions*: one `Run`, or some `Call`s.

        *program* is a descriptor of the program's text. Raises WorkerLostError.
        """
        self.worker = worker
        self.executions: list[Execution] = []
        self.ended = False
        self.loaded = False
        self.is_watched = False
        self.cut_at: float | None = None
        self._questions = questions
        self._limits = limits
        self._asked = self._answer_bytes = 0
        self._pid: int | None = None
        self._cut: _Outcome | None = None
        self._notes: list[GuestMessage] = []
        self._incoming = bytearray()
        self._outgoing = memoryview(b"")
        self._cpu_mark = self._cpu_now = 0.0
        self.started_at = self._now = self._wall_mark = time.monotonic()
        self.next_tick = self._now + FIRST_LOOK_SECONDS
        self._next_disk_check = self._now + 2 * TICK_SECONDS
        self._stdout = Stream(limits.output_bytes)
        self._stderr = Stream(limits.output_bytes)
        self._channel, guest_channel = socket.socketpair()
        self._channel.settimeout(0)
        try:
            self._ask_for_guest(program, guest_channel.detach())
        except BaseException:
            self.close()
            raise

    def _ask_for_guest(self, program: int, guest_channel: int) -> None:
        first = self._questions[0]
        is_run = isinstance(first, Run)
        # The kernel's own limit, in whole seconds, is there in case that we are not. In a
        # guest that is asked calls, loading takes its share, and then each call.
        shares = 1 if is_run else len(self._questions) + 1
        request = GuestRequest(
            calls=0 if is_run else len(self._questions),
            cpu_seconds=math.ceil(self._limits.cpu_seconds * shares) + 1,
            memory_bytes=self._limits.memory_bytes,
            output_bytes=self._limits.output_bytes,
            program_bytes=os.fstat(program).st_size,
            argv=first.argv if isinstance(first, Run) else (),
        )
        stdin = sealed_file("stdin", first.stdin if isinstance(first, Run) else b"")
        guest_ends = [stdin, self._stdout.guest_end, self._stderr.guest_end, guest_channel]
        try:
            self.worker.request(pack_request(request), [program, *guest_ends])
        finally:
            for fd in guest_ends:
                os.close(fd)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """What to watch for input, and hand to `on_output`. The last is the channel."""
        return self._stdout.fd, self._stderr.fd, self._channel.fileno()

    @property
    def talks(self) -> bool:
        """Whether the guest is asked calls, so that it must be watched from the start."""
        return not isinstance(self._questions[0], Run)

    @property
    def has_more_to_say(self) -> bool:
        """Whether part of a question is still waiting for room in the channel."""
        return bool(self._outgoing)

    def is_stuck(self, now: float, patience_seconds: float) -> bool:
        """Whether the zygote has not done in time what it was told."""
        waiting_since = self.started_at if self._pid is None else self.cut_at
        return waiting_since is not None and now - waiting_since > patience_seconds

    def close(self) -> None:
        """Let go of all descriptors."""
        os.close(self._stdout.fd)
        os.close(self._stderr.fd)
        self._channel.close()

    def cut(self, ending: Ending, detail: str = "", cause: Cause = Cause.NONE) -> None:
        """End the guest, for this reason. The first reason stays."""
        if self._cut is None:
            self._cut = _Outcome(ending, detail, cause)
            self.cut_at = time.monotonic()
            self.worker.kill_guest()

    # -- events ------------------------------------------------------------------------

    def on_control(self) -> None:
        """Hear the zygote. Raises WorkerLostError."""
        packet = self.worker.receive()
        if (pid := read_started(packet)) is not None:
            self._pid = pid
        elif (ended := read_ended(packet)) is not None:
            self._on_ended(*ended)

    def on_output(self, fd: int) -> None:
        """Empty a pipe, or go on with the conversation."""
        if fd == self._channel.fileno():
            self._push()
            self._read_channel()
        else:
            self._drain()

    def on_tick(self) -> None:
        """Compare the guest with its limits, and say when to look again."""
        if self.talks and len(self.executions) == len(self._questions):
            self.worker.kill_guest()  # nothing that it could still do matters
        now = time.monotonic()
        # Shorter than usual for a guest whose start has not been announced yet.
        self.next_tick = now + TICK_SECONDS / 10
        self._drain()
        cpu = usage.cpu_seconds(self._pid) if self._pid is not None else None
        if cpu is None or self._cut is not None:
            return  # not started, or ended: the zygote's word is on its way
        left = self._limits.cpu_seconds - (cpu - self._cpu_mark)
        if left < 0:
            self.cut(*_OUT_OF_CPU_TIME)
        self._check_sleeper(now)
        self._check_memory()
        if now >= self._next_disk_check:
            self._next_disk_check = now + 5 * TICK_SECONDS
            self._check_disk()
        self.next_tick = now + min(TICK_SECONDS, max(left / 2, TICK_SECONDS / 10))

    # -- limits ------------------------------------------------------------------------

    def excuse(self, seconds: float) -> None:
        """Leave out of the wall time how long nobody looked: an answer may have been waiting."""
        self._wall_mark = min(time.monotonic(), self._wall_mark + seconds)

    def _check_sleeper(self, now: float) -> None:
        """Look for a guest out of wall time, unless the machine had no time for it."""
        over = now - self._wall_mark - self._limits.wall_seconds
        if over > 0 and self._pid is not None and over > usage.waited_seconds(self._pid):
            self.cut(Ending.OUT_OF_TIME, "wall")

    def _check_memory(self) -> None:
        if self._pid:
            held = usage.usage(self._pid)
            if held.resident_bytes > self._limits.memory_bytes:
                self.cut(Ending.OUT_OF_MEMORY)
            elif held.threads > THREADS_MAX:
                self.cut(Ending.OUT_OF_MEMORY, "threads")

    def _check_disk(self) -> None:
        bytes_max = self._limits.output_bytes * DISK_FACTOR
        directory = self.worker.work_directory
        if usage.holds_too_much(directory, bytes_max=bytes_max, files_max=FILES_MAX):
            self.cut(Ending.TOO_MUCH_OUTPUT, "files")

    def _drain(self) -> None:
        if not (self._stdout.drain() and self._stderr.drain()):
            self.cut(Ending.TOO_MUCH_OUTPUT)
        del self._stderr.data[:-STDERR_BYTES_KEPT]

    # -- the conversation --------------------------------------------------------------

    def _read_channel(self) -> None:
        """Take in what the guest says, as far as it is there."""
        while self._cut is None:
            try:
                piece = self._channel.recv(_READ_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            self._incoming += piece
            self._take_messages()
            if len(piece) < _READ_BYTES:
                return  # all there is, most likely; if not, we are told again

    def _take_messages(self) -> None:
        try:
            while self._cut is None and (payload := take_message(self._incoming)) is not None:
                self._on_message(payload)
        except MessageTooLongError:
            self.cut(Ending.TOO_MUCH_OUTPUT, "answer")

    def _on_message(self, payload: bytes) -> None:
        message = read_message(payload)
        if self.talks and message.kind is MessageKind.LOADED and not self.loaded:
            self.loaded = True
            if self._in_time():
                self._ask_next()
        elif self.talks and message.kind in _ANSWERS and self._asked > len(self.executions):
            if self._in_time():
                self._on_answer(message, len(payload))
        elif message.kind in _NOTES and len(self._notes) < _NOTES_MAX:
            self._notes.append(message)
        elif not self.ended:
            self.cut(Ending.UNREADABLE, "spoke out of turn")

    def _in_time(self) -> bool:
        """Read the clocks at the very moment of an answer."""
        self._now = time.monotonic()
        if self.ended or self._pid is None:
            return not self.ended
        self._cpu_now = usage.cpu_seconds(self._pid) or self._cpu_now
        if self._cpu_now - self._cpu_mark > self._limits.cpu_seconds:
            self.cut(*_OUT_OF_CPU_TIME)
        elif self._now - self._wall_mark > _TOO_SHORT_TO_FILL_MEMORY_SECONDS:
            self._check_sleeper(self._now)
            self._check_memory()
        return self._cut is None

    def _on_answer(self, message: GuestMessage, message_bytes: int) -> None:
        self._drain()
        self._answer_bytes += message_bytes
        if self._answer_bytes > self._limits.output_bytes:
            self.cut(Ending.TOO_MUCH_OUTPUT, "answers")
        if self._cut is None:
            execution = self._execution()
            self._ask_next()  # the guest works on it while we read its answer
            is_decoded = not isinstance(self._questions[0], Operation)
            answer = read_answer(message, is_decoded=is_decoded)
            self.executions.append(
                replace(execution, **answer._asdict(), value_bytes=message_bytes)
            )

    def _ask_next(self) -> None:
        if self._asked == len(self._questions):
            self.next_tick = self._now + TICK_SECONDS / 10  # by then it should have left
        elif self._incoming:
            # It answers before it is asked: it cannot have computed what it says.
            self.cut(Ending.UNREADABLE, "spoke out of turn")
        else:
            try:
                payload = _write(self._questions[self._asked])
            except EncodingError as error:
                self.cut(Ending.UNSENDABLE, f"its arguments cannot be sent: {error}")
                return
            self._outgoing = memoryview(pack_message(payload))
            self._asked += 1
            # The guest has been waiting since its last answer: its clock has stood still.
            self._cpu_mark = self._cpu_now
            self._wall_mark = time.monotonic()
            self._push()

    def _push(self) -> None:
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._channel.send(self._outgoing) :]
        except BlockingIOError:
            pass  # a guest that does not listen is waited for by the clocks alone
        except OSError:
            self._outgoing = memoryview(b"")  # it closed its channel: the zygote will tell

    # -- the end -----------------------------------------------------------------------

    def _on_ended(self, status: int, cpu_seconds: float, memory_bytes: int) -> None:
        """Read what is left, and say how the question ended that the guest did not survive."""
        self._now = time.monotonic()
        self._read_channel()
        self.ended = True
        if not (self._stdout.drain() and self._stderr.drain()):
            self._cut = self._cut or _Outcome(Ending.TOO_MUCH_OUTPUT)
        if len(self.executions) < len(self._questions):
            used = max(cpu_seconds - self._cpu_mark, 0.0)
            outcome = self._outcome(status, used, memory_bytes)
            by_itself = outcome.ending in (Ending.FINISHED, Ending.CRASHED)
            execution = replace(
                self._execution(),
                **outcome._asdict(),
                error=self._raised(),
                cpu_seconds=used,
                exit_status=os.WEXITSTATUS(status) if by_itself and os.WIFEXITED(status) else None,
                signal=os.WTERMSIG(status) if by_itself and os.WIFSIGNALED(status) else None,
            )
            # What happened before the first question happened to all of them.
            before_all = self.talks and not self.loaded
            self.executions += [execution] * (len(self._questions) if before_all else 1)
        self.executions = [replace(one, memory_bytes=memory_bytes) for one in self.executions]

    def _outcome(self, status: int, used: float, memory_bytes: int) -> _Outcome:  # noqa: PLR0911  (a list of cases, the most telling first)
        notes = {note.kind: note for note in reversed(self._notes)}
        raised = self._raised()
        if self._cut is not None:
            return self._cut
        if MessageKind.FORBIDDEN in notes:
            return _Outcome(Ending.FORBIDDEN, notes[MessageKind.FORBIDDEN].detail)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
            return _Outcome(Ending.FORBIDDEN, "system call")
        if used > self._limits.cpu_seconds:
            return _OUT_OF_CPU_TIME
        if memory_bytes > self._limits.memory_bytes:
            return _Outcome(Ending.OUT_OF_MEMORY)
        if raised is not None and raised.type_name == "MemoryError":
            return _Outcome(Ending.OUT_OF_MEMORY)
        if MessageKind.FAILED in notes:
            return _Outcome(failure_ending(notes[MessageKind.FAILED]))
        if os.WIFSIGNALED(status) or self.talks:
            return _Outcome(Ending.CRASHED)
        return _Outcome(Ending.FINISHED)

    def _raised(self) -> RaisedError | None:
        for note in self._notes:
            if note.kind is not MessageKind.FORBIDDEN:
                return error_of(note)
        return None

    def _execution(self) -> Execution:
        """Note what the present question has cost and printed so far."""
        return Execution(
            ending=Ending.FINISHED,
            stdout=self._stdout.take(),
            stderr=self._stderr.take()[-STDERR_BYTES_KEPT:],
            cpu_seconds=self._cpu_now - self._cpu_mark,
            # The first of a guest's calls has waited for the program to load.
            wall_seconds=self._now - (self._wall_mark if self.executions else self.started_at),
        )


def _write(question: Question) -> bytes:
    if isinstance(question, Operation):
        return OPERATION + question.instruction
    assert isinstance(question, Call)  # noqa: S101  (runs are not asked in words)
    return CALL + encode([question.entry_point, list(question.arguments)])
