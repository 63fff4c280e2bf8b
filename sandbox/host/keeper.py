"""The keeper: watches one guest from outside, measures it and kills it.

In: a worker, a program and its questions. Out: an `Execution` for each question that was asked.
The keeper believes nothing that the guest reports about its time, its memory or its end: it reads
the process's CPU clock, and gets the rest from the zygote, the guest's parent.
"""

import math
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import replace

from nova_code_verifier.sandbox.confinement.confine import THREADS_MAX
from nova_code_verifier.sandbox.host import answers, usage
from nova_code_verifier.sandbox.host.pipes import Stream, sealed_file
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import channel, control, guest_messages
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.guest_messages import GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import (
    Cause,
    Ending,
    Execution,
    Limits,
    Question,
    RaisedError,
    Run,
)

TICK_SECONDS = 0.02
# The output of a guest that ends sooner is read once, after its end: it cannot have waited long
# at a full pipe. Most guests are that short, and a wake-up costs as much as a question.
FIRST_LOOK_SECONDS = 0.003
STDERR_BYTES_KEPT = 2**15
DISK_FACTOR = 4
FILES_MAX = 1000
_READ_BYTES = 2**16
# Around an encoded value, and for messages of other kinds: they hold short texts.
_MESSAGE_BYTES_SPARE = 2**20
_NOTES_MAX = 2
_ANSWERS = frozenset({MessageKind.VALUE, MessageKind.RAISED, MessageKind.UNREADABLE})
_NOTES = frozenset({MessageKind.RAISED, MessageKind.FAILED, MessageKind.FORBIDDEN})
# No guest fills even the smallest memory limit in less time.
_TOO_SHORT_TO_FILL_MEMORY_SECONDS = 0.003
_ANSWERS_TOO_LONG = "all answers together are longer than limits.output_bytes"
_UNASKED = "a message that nobody asked for"
_OUT_OF_CPU_TIME = (Ending.OUT_OF_TIME, "cpu", Cause.CPU_TIME)


class Keeper:
    """The keeper of one guest. Events drive it: `on_control`, `on_output`, `on_tick`."""

    def __init__(
        self,
        worker: Worker,
        *,
        program: int,
        prelude_bytes: int,
        questions: Sequence[Question],
        limits: Limits,
    ) -> None:
        """Request a guest that answers *questions*: one `Run`, or all `Call`s, or all `Operation`s.

        *program* is a descriptor of the program's text, of which the first *prelude_bytes* are its
        prelude. Raises WorkerLostError.
        """
        self.worker = worker
        self.executions: list[Execution] = []
        self.ended = False
        self.loaded = False
        self.is_watched = False
        self.terminated_at: float | None = None
        self._questions = questions
        self._limits = limits
        # A guest holds from its start what its zygote has loaded.
        held_bytes = usage.usage(worker.zygote_pid).resident_bytes if worker.libraries else 0
        self._memory_bytes = limits.memory_bytes + held_bytes
        self._asked_count = self._answer_bytes = 0
        self._pid: int | None = None
        self._termination: answers.Outcome | None = None
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
            self._request_guest(program, prelude_bytes, guest_channel.detach())
        except BaseException:
            self.close()
            raise

    def _request_guest(self, program: int, prelude_bytes: int, guest_channel: int) -> None:
        first = self._questions[0]
        run = first if isinstance(first, Run) else Run()
        calls = len(self._questions) if self.is_interactive else 0
        request = control.GuestRequest(
            calls=calls,
            # The kernel's own limit, in whole seconds, holds even if this process ends. Each call
            # may use the CPU time of one question, and so may the program while it loads.
            cpu_seconds=math.ceil(self._limits.cpu_seconds * (calls + 1)) + 1,
            memory_bytes=self._limits.memory_bytes,
            output_bytes=self._limits.output_bytes,
            prelude_bytes=prelude_bytes,
            program_bytes=os.fstat(program).st_size - prelude_bytes,
            argv=run.argv,
        )
        stdin = sealed_file("stdin", run.stdin)
        guest_ends = [stdin, self._stdout.guest_end, self._stderr.guest_end, guest_channel]
        try:
            self.worker.send(control.pack_request(request), [program, *guest_ends])
        finally:
            for fd in guest_ends:
                os.close(fd)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """Return what to watch for input, and pass to `on_output`. The last is the channel."""
        return self._stdout.fd, self._stderr.fd, self._channel.fileno()

    @property
    def is_interactive(self) -> bool:
        """Whether the guest answers over its channel, which must be watched from the start."""
        return not isinstance(self._questions[0], Run)

    @property
    def has_unsent_input(self) -> bool:
        """Whether part of a question waits for room in the channel."""
        return bool(self._outgoing)

    def is_stuck(self, now: float, patience_seconds: float) -> bool:
        """Return whether the zygote has not started or killed its guest in time."""
        waiting_since = self.started_at if self._pid is None else self.terminated_at
        return waiting_since is not None and now - waiting_since > patience_seconds

    def close(self) -> None:
        """Close all descriptors."""
        os.close(self._stdout.fd)
        os.close(self._stderr.fd)
        self._channel.close()

    def terminate(self, ending: Ending, detail: str = "", cause: Cause = Cause.NONE) -> None:
        """Kill the guest. The first reason for it becomes the ending."""
        if self._termination is None:
            self._termination = answers.Outcome(ending, detail, cause)
            self.terminated_at = time.monotonic()
            self.worker.send(control.KILL)

    # -- events ------------------------------------------------------------------------

    def on_control(self) -> None:
        """Read a packet of the zygote. Raises WorkerLostError."""
        packet = self.worker.receive()
        if (pid := control.read_started(packet)) is not None:
            self._pid = pid
            # Until now the zygote may have removed the files of the guest before this one.
            self._wall_mark = time.monotonic()
        elif (ended := control.read_ended(packet)) is not None:
            self._on_ended(*ended)

    def on_output(self, fd: int) -> None:
        """Read a pipe, or read and write the channel."""
        if fd == self._channel.fileno():
            self._send_input()
            self._read_channel()
        else:
            self._drain()

    def on_tick(self) -> None:
        """Compare the guest with its limits, and set the time of the next tick."""
        if self.is_interactive and len(self.executions) == len(self._questions):
            self.worker.send(control.KILL)  # nothing that it still does matters
        now = time.monotonic()
        # Look sooner than usual at a guest whose start the zygote has not announced yet.
        self.next_tick = now + TICK_SECONDS / 10
        self._drain()
        cpu = usage.cpu_seconds(self._pid) if self._pid is not None else None
        if cpu is None or self._termination is not None:
            return  # not started, or ended: a packet of the zygote will follow
        left = self._limits.cpu_seconds - (cpu - self._cpu_mark)
        if left < 0:
            self.terminate(*_OUT_OF_CPU_TIME)
        self._check_sleeper(now)
        self._check_memory()
        if now >= self._next_disk_check:
            self._next_disk_check = now + 5 * TICK_SECONDS
            self._check_disk()
        self.next_tick = now + min(TICK_SECONDS, max(left / 2, TICK_SECONDS / 10))

    # -- limits ------------------------------------------------------------------------

    def discount_pause(self, seconds: float) -> None:
        """Do not count a pause of the event loop as wall time: an answer may have been waiting."""
        self._wall_mark = min(time.monotonic(), self._wall_mark + seconds)

    def _check_sleeper(self, now: float) -> None:
        """Kill a guest that is out of wall time, unless it waited for a busy processor."""
        over = now - self._wall_mark - self._limits.wall_seconds
        if over > 0 and self._pid is not None and over > usage.waited_seconds(self._pid):
            self.terminate(Ending.OUT_OF_TIME, "wall")

    def _check_memory(self) -> None:
        if self._pid:
            held = usage.usage(self._pid)
            if held.resident_bytes > self._memory_bytes:
                self.terminate(Ending.OUT_OF_MEMORY)
            elif held.threads > THREADS_MAX:
                self.terminate(Ending.OUT_OF_MEMORY, "threads")

    def _check_disk(self) -> None:
        bytes_max = self._limits.output_bytes * DISK_FACTOR
        directory = self.worker.directory
        if usage.holds_too_much(directory, bytes_max=bytes_max, files_max=FILES_MAX):
            self.terminate(Ending.TOO_MUCH_OUTPUT, "files")

    def _drain(self) -> None:
        if not (self._stdout.drain() and self._stderr.drain()):
            self.terminate(Ending.TOO_MUCH_OUTPUT)
        del self._stderr.data[:-STDERR_BYTES_KEPT]

    # -- questions and answers ----------------------------------------------------------

    def _read_channel(self) -> None:
        """Read the guest's messages, as far as they have arrived."""
        while self._termination is None:
            try:
                piece = self._channel.recv(_READ_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            self._incoming += piece
            self._take_messages()
            if len(piece) < _READ_BYTES:
                return  # most likely all there is; if not, `epoll` reports it again

    @property
    def _message_bytes_max(self) -> int:
        return self._limits.output_bytes - self._answer_bytes + _MESSAGE_BYTES_SPARE

    def _take_messages(self) -> None:
        try:
            while self._termination is None:
                payload = channel.take_message(self._incoming, bytes_max=self._message_bytes_max)
                if payload is None:
                    return
                self._on_message(payload)
        except channel.MessageTooLongError:
            self.terminate(Ending.TOO_MUCH_OUTPUT, _ANSWERS_TOO_LONG)

    def _on_message(self, payload: bytes) -> None:
        message = guest_messages.read_message(payload)
        if self.is_interactive and message.kind is MessageKind.LOADED and not self.loaded:
            self.loaded = True
            if self._is_in_time():
                self._ask_next_question()
        elif (
            self.is_interactive
            and message.kind in _ANSWERS
            and self._asked_count > len(self.executions)
        ):
            if self._is_in_time():
                self._on_answer(message, len(payload))
        elif message.kind in _NOTES and len(self._notes) < _NOTES_MAX:
            self._notes.append(message)
        elif not self.ended:
            self.terminate(Ending.UNREADABLE, _UNASKED)

    def _is_in_time(self) -> bool:
        """Read the clocks at the moment of an answer; return whether all limits hold."""
        self._now = time.monotonic()
        if self.ended or self._pid is None:
            return not self.ended
        self._cpu_now = usage.cpu_seconds(self._pid) or self._cpu_now
        if self._cpu_now - self._cpu_mark > self._limits.cpu_seconds:
            self.terminate(*_OUT_OF_CPU_TIME)
        elif self._now - self._wall_mark > _TOO_SHORT_TO_FILL_MEMORY_SECONDS:
            self._check_sleeper(self._now)
            self._check_memory()
        return self._termination is None

    def _on_answer(self, message: GuestMessage, message_bytes: int) -> None:
        self._drain()
        self._answer_bytes += message_bytes
        if self._answer_bytes > self._limits.output_bytes:
            self.terminate(Ending.TOO_MUCH_OUTPUT, _ANSWERS_TOO_LONG)
        if self._termination is None:
            execution = self._execution()
            self._ask_next_question()  # before all else: the guest waits for it
            outcome = answers.read_answer(message, self._questions[0])
            self.executions.append(
                replace(execution, **outcome._asdict(), value_bytes=message_bytes)
            )

    def _ask_next_question(self) -> None:
        if self._asked_count == len(self._questions):
            self.next_tick = self._now + TICK_SECONDS / 10  # by then it should have ended
        elif self._incoming:
            # It answers before it is asked, so it cannot have computed the answer.
            self.terminate(Ending.UNREADABLE, _UNASKED)
        else:
            try:
                payload = answers.encode_question(self._questions[self._asked_count])
            except EncodingError as error:
                self.terminate(Ending.UNSENDABLE, f"its arguments cannot be sent: {error}")
                return
            self._outgoing = memoryview(channel.pack_message(payload))
            self._asked_count += 1
            # Since its last answer the guest has waited, and used no CPU time.
            self._cpu_mark = self._cpu_now
            self._wall_mark = time.monotonic()
            self._send_input()

    def _send_input(self) -> None:
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._channel.send(self._outgoing) :]
        except BlockingIOError:
            pass  # the guest does not read: only its limits end it
        except OSError:
            self._outgoing = memoryview(b"")  # it closed its channel: `ended` will follow

    # -- the end -----------------------------------------------------------------------

    def _on_ended(self, status: int, cpu_seconds: float, memory_bytes: int) -> None:
        """Read the rest of its output, and record how the last question ended."""
        self._now = time.monotonic()
        self._read_channel()
        self.ended = True
        if not (self._stdout.drain() and self._stderr.drain()):
            self._termination = self._termination or answers.Outcome(Ending.TOO_MUCH_OUTPUT)
        if len(self.executions) < len(self._questions):
            used = max(cpu_seconds - self._cpu_mark, 0.0)
            outcome = self._outcome(status, used, memory_bytes)
            by_itself = outcome.ending in (Ending.FINISHED, Ending.CRASHED)
            execution = replace(
                self._execution(),
                **outcome._replace(error=self._raised())._asdict(),
                cpu_seconds=used,
                exit_status=os.WEXITSTATUS(status) if by_itself and os.WIFEXITED(status) else None,
                signal=os.WTERMSIG(status) if by_itself and os.WIFSIGNALED(status) else None,
            )
            # What ended the guest before its first question ended all questions.
            before_all = self.is_interactive and not self.loaded
            self.executions += [execution] * (len(self._questions) if before_all else 1)
        self.executions = [replace(known, memory_bytes=memory_bytes) for known in self.executions]

    def _outcome(self, status: int, used: float, memory_bytes: int) -> answers.Outcome:  # noqa: PLR0911  (a list of cases, the most certain first)
        notes = {note.kind: note for note in reversed(self._notes)}
        raised = self._raised()
        if self._termination is not None:
            return self._termination
        if MessageKind.FORBIDDEN in notes:
            return answers.Outcome(Ending.FORBIDDEN, notes[MessageKind.FORBIDDEN].detail)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
            return answers.Outcome(Ending.FORBIDDEN, "system call")
        if used > self._limits.cpu_seconds:
            return answers.Outcome(*_OUT_OF_CPU_TIME)
        was_refused_memory = raised is not None and raised.type_name == "MemoryError"
        if was_refused_memory or memory_bytes > self._memory_bytes:
            return answers.Outcome(Ending.OUT_OF_MEMORY)
        if MessageKind.FAILED in notes:
            return answers.Outcome(answers.failure_ending(notes[MessageKind.FAILED]))
        if os.WIFSIGNALED(status) or self.is_interactive:
            return answers.Outcome(Ending.CRASHED)
        return answers.Outcome(Ending.FINISHED)

    def _raised(self) -> RaisedError | None:
        for note in self._notes:
            if note.kind is not MessageKind.FORBIDDEN:
                return answers.error_of(note)
        return None

    def _execution(self) -> Execution:
        """Return what the current question has used and printed so far."""
        return Execution(
            ending=Ending.FINISHED,
            stdout=self._stdout.take(),
            stderr=self._stderr.take()[-STDERR_BYTES_KEPT:],
            cpu_seconds=self._cpu_now - self._cpu_mark,
            # The first question of a guest includes the time in which the program loaded.
            wall_seconds=self._now - (self._wall_mark if self.executions else self.started_at),
        )
