"""The keeper: watches one guest from outside, measures it and kills it.

In: a worker, a program and its questions. Out: an `Execution` for each question that was asked.
The keeper believes nothing that the guest reports about its time, its memory or its end: it reads
the process's CPU clock, and gets the rest from the zygote, the guest's parent.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

from nova_code_verifier.sandbox.host import answers, usage
from nova_code_verifier.sandbox.host.base_keeper import (
    FIRST_LOOK_SECONDS,
    TICK_SECONDS,
    BaseKeeper,
)
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.host.watched_guest import (
    MESSAGE_BYTES_SPARE,
    OUT_OF_CPU_TIME,
    OUT_OF_TOTAL_CPU_TIME,
    OUT_OF_TOTAL_WALL_TIME,
    OUT_OF_WALL_TIME,
    STDERR_BYTES_KEPT,
    WatchedGuest,
)
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import channel, control, guest_messages
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.guest_messages import GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import Ending, Execution, Limits, Question, Run

_ANSWERS = frozenset({MessageKind.VALUE, MessageKind.RAISED, MessageKind.UNREADABLE})
# To look at a guest's memory costs as much as a short question. Do not look at one that cannot have
# filled it: no machine fills memory at such a rate.
_FILL_BYTES_PER_SECOND = 20 * 2**30
_FILL_SECONDS_MAX = 0.003
_ANSWERS_TOO_LONG = "all answers together are longer than limits.output_bytes"
_UNASKED = "a message that nobody asked for"


class Keeper(BaseKeeper):
    """The keeper of one guest."""

    def __init__(
        self,
        worker: Worker,
        clock: GuestClock,
        *,
        program: int,
        prelude_bytes: int,
        questions: Sequence[Question],
        limits: Limits,
    ) -> None:
        """Request a guest that answers *questions*: one `Run`, or all `Call`s.

        *program* is a descriptor of the program's text, of which the first *prelude_bytes* are its
        prelude. Raises WorkerLostError.
        """
        self._guest = guest = WatchedGuest(worker, limits)
        super().__init__(worker, clock, guest)
        self.loaded = False
        self.is_interactive = not isinstance(questions[0], Run)
        self._questions = questions
        self._answers: list[dict[str, Any]] = []  # the fields of their executions
        self._limits = limits
        self._asked_count = self._answer_bytes = 0
        self._outgoing = memoryview(b"")
        self._cpu_mark = self._cpu_now = self._own_mark = 0.0
        self._has_unread_clock = False
        self._now = self._wall_mark = self.started_at
        self._asked_at = time.monotonic()
        fill_seconds = limits.memory_bytes / _FILL_BYTES_PER_SECOND
        self._fill_seconds = min(fill_seconds, _FILL_SECONDS_MAX)
        first = questions[0]
        run = first if isinstance(first, Run) else Run()
        calls = len(questions) if self.is_interactive else 0
        self._request_guest(
            program,
            prelude_bytes,
            run.stdin,
            # Each call may use the CPU time of one question, and so may the program as it loads.
            cpu_seconds=limits.cpu_seconds * (calls + 1),
            calls=calls,
            argv=run.argv,
        )

    @property
    def has_unsent_input(self) -> bool:
        """Whether part of a question waits for room in the channel."""
        return bool(self._outgoing)

    # -- events ------------------------------------------------------------------------

    def on_control(self) -> None:
        """Read a packet of the zygote. Raises WorkerLostError."""
        packet = self.worker.receive()
        if (started := control.read_started(packet)) is not None:
            self._guest.pid = started.pid
            # Until now the zygote may have removed the files of the guest before this one.
            self._wall_mark, self._own_since = self.clock.now, self.clock.total_now
            self.next_tick = time.monotonic() + FIRST_LOOK_SECONDS
        elif (ended := control.read_ended(packet)) is not None:
            self._on_ended(ended)

    def on_output(self, fd: int) -> None:
        """Read a pipe, or read and write the channel."""
        if fd == self._guest.channel.fileno():
            self._send_input()
            self._read_channel()
        else:
            self._drain()

    def on_tick(self) -> None:
        """Compare the guest with its limits, and set the time of the next tick."""
        if self.is_interactive and len(self._answers) == len(self._questions):
            self.worker.send(control.KILL)  # nothing that it still does matters
        now = time.monotonic()
        self.next_tick = now + TICK_SECONDS
        self._drain()
        pid = self._guest.pid
        cpu = usage.cpu_seconds(pid) if pid is not None else None
        if cpu is None or self._termination is not None:
            return  # not started, or ended: a packet of the zygote will follow
        left = self._limits.cpu_seconds - (cpu - self._cpu_mark)
        if left < 0:
            self._end(OUT_OF_CPU_TIME)
        self._check_sleeper()
        self._check_totals(cpu)
        self._end(self._guest.find_excess())
        if self._has_full_disk(now):
            self.terminate(Ending.TOO_MUCH_OUTPUT, "files")
        self._set_next_tick(now, left)

    @property
    def _termination(self) -> answers.Outcome | None:
        return self._guest.termination

    def _end(self, outcome: answers.Outcome | None) -> None:
        """Kill the guest for this reason, if there is one."""
        if outcome is not None:
            self.terminate(outcome.ending, outcome.detail, outcome.cause)

    # -- limits ------------------------------------------------------------------------

    def _check_sleeper(self) -> None:
        """Kill a guest that is out of wall time, unless it waited for a busy processor."""
        over = self.clock.now - self._wall_mark - self._limits.wall_seconds
        pid = self._guest.pid
        if over > 0 and pid is not None and over > usage.waited_seconds(pid):
            # One that has ended by now reads as if it had never waited, and has its answer ready.
            is_alive = usage.cpu_seconds(pid) is not None
            self._end(OUT_OF_WALL_TIME if is_alive else None)

    def _check_totals(self, cpu: float) -> None:
        """Kill a guest that has used up what all questions of its job may use together."""
        self._count_own_time(cpu)
        if cpu > self._limits.total_cpu_seconds:
            self._end(OUT_OF_TOTAL_CPU_TIME)
        elif self.own_seconds > self._limits.total_wall_seconds:
            self._end(OUT_OF_TOTAL_WALL_TIME)

    def _drain(self) -> None:
        if not self._guest.drain():
            self.terminate(Ending.TOO_MUCH_OUTPUT)

    # -- questions and answers ----------------------------------------------------------

    def _read_channel(self) -> None:
        """Read the guest's messages, as far as they have arrived."""
        if self._termination is not None:
            return
        try:
            for payload in self._guest.messages(self._message_bytes_max):
                self._on_message(payload)
                if self._termination is not None:
                    return
        except channel.MessageTooLongError:
            self.terminate(Ending.TOO_MUCH_OUTPUT, _ANSWERS_TOO_LONG)

    def _message_bytes_max(self) -> int:
        return self._limits.output_bytes - self._answer_bytes + MESSAGE_BYTES_SPARE

    def _on_message(self, payload: bytes) -> None:
        message = guest_messages.read_message(payload)
        if self.is_interactive and message.kind is MessageKind.LOADED and not self.loaded:
            self.loaded = True
            if self._is_in_time():
                self._ask_next_question()
        elif (
            self.is_interactive
            and message.kind in _ANSWERS
            and self._asked_count > len(self._answers)
        ):
            if self._is_in_time():
                self._on_answer(message, len(payload))
        elif not self._guest.keep_note(message) and not self.ended:
            self.terminate(Ending.UNREADABLE, _UNASKED)

    def _is_in_time(self) -> bool:
        """Read the clocks at the moment of an answer; return whether all limits hold."""
        self._now = self.clock.now
        pid = self._guest.pid
        if self.ended or pid is None:
            return not self.ended
        cpu = usage.cpu_seconds(pid)
        if cpu is None:
            # It has ended after its answer, and nobody knows how long it waited for a processor.
            # What it used, its zygote will report.
            self._has_unread_clock = True
            return True
        self._cpu_now = cpu
        if self._cpu_now - self._cpu_mark > self._limits.cpu_seconds:
            self._end(OUT_OF_CPU_TIME)
        elif time.monotonic() - self._asked_at > self._fill_seconds:
            self._check_sleeper()
            self._end(self._guest.find_excess())
        return self._termination is None

    def _on_answer(self, message: GuestMessage, message_bytes: int) -> None:
        self._drain()
        self._answer_bytes += message_bytes
        if self._answer_bytes > self._limits.output_bytes:
            self.terminate(Ending.TOO_MUCH_OUTPUT, _ANSWERS_TOO_LONG)
        if self._termination is None:
            facts = self._facts()
            self._ask_next_question()  # before all else: the guest waits for it
            facts |= answers.read_answer(message)._asdict()
            facts["value_bytes"] = message_bytes
            self._answers.append(facts)

    def _ask_next_question(self) -> None:
        if self._asked_count == len(self._questions):
            self.next_tick = time.monotonic() + TICK_SECONDS / 10  # by then it should have ended
        elif self._guest.incoming:
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
            self._wall_mark, self._asked_at = self.clock.now, time.monotonic()
            self._send_input()

    def _send_input(self) -> None:
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._guest.channel.send(self._outgoing) :]
        except BlockingIOError:
            pass  # the guest does not read: only its limits end it
        except OSError:
            self._outgoing = memoryview(b"")  # it closed its channel: `ended` will follow

    # -- the end -----------------------------------------------------------------------

    def _on_ended(self, ended: control.Ended) -> None:
        """Read the rest of its output, and record how the last question ended."""
        self._now = self.clock.now
        self._read_channel()
        self.ended = self._guest.has_ended = True
        if not self._guest.drain() and self._termination is None:
            self._guest.termination = answers.Outcome(Ending.TOO_MUCH_OUTPUT)
        if len(self._answers) < len(self._questions):
            status = ended.status
            used = max(ended.cpu_seconds - self._cpu_mark, 0.0)
            outcome = self._outcome(status, used, ended.peak_bytes)
            by_itself = outcome.ending in (Ending.FINISHED, Ending.CRASHED)
            facts = self._facts() | outcome._replace(error=self._guest.raised)._asdict()
            facts["cpu_seconds"] = used
            if by_itself and os.WIFEXITED(status):
                facts["exit_status"] = os.WEXITSTATUS(status)
            elif by_itself and os.WIFSIGNALED(status):
                facts["signal"] = os.WTERMSIG(status)
            # What ended the guest before its first question ended all questions.
            self._answers.append(facts)
            if self.is_interactive and not self.loaded:
                unasked = facts | {"cpu_seconds": 0.0, "own_seconds": 0.0}  # used once, not by each
                self._answers += [unasked] * (len(self._questions) - 1)
        elif self._has_unread_clock:
            self._measure_last_answer(ended)
        self.executions = [
            Execution(**facts, memory_bytes=ended.peak_bytes) for facts in self._answers
        ]

    def _measure_last_answer(self, ended: control.Ended) -> None:
        """Compare with the limits what the last question used, as the zygote reports it."""
        used = max(ended.cpu_seconds - self._cpu_mark, 0.0)
        last = self._answers[-1]
        last["cpu_seconds"] = used
        outcome = None
        if used > self._limits.cpu_seconds:
            outcome = OUT_OF_CPU_TIME
        elif ended.peak_bytes > self._guest.memory_bytes:
            outcome = answers.Outcome(Ending.OUT_OF_MEMORY)
        if outcome is not None:
            last |= outcome._asdict() | {"value_bytes": 0}

    def _outcome(self, status: int, used: float, peak_bytes: int) -> answers.Outcome:
        reason = self._guest.reason_of_end(status, cpu_seconds=used, peak_bytes=peak_bytes)
        if reason is not None:
            return reason
        if os.WIFSIGNALED(status) or self.is_interactive:
            return self._guest.unexplained_end(status)
        return answers.Outcome(Ending.FINISHED)

    def _facts(self) -> dict[str, Any]:
        """Return what the current question has used and printed so far."""
        stdout, stderr = self._guest.streams
        own_seconds, self._own_mark = self.own_seconds - self._own_mark, self.own_seconds
        return {
            "stdout": stdout.take(),
            "stderr": stderr.take()[-STDERR_BYTES_KEPT:],
            "cpu_seconds": self._cpu_now - self._cpu_mark,
            # The first question of a guest includes the time in which the program loaded.
            "wall_seconds": self._now - (self._wall_mark if self._answers else self.started_at),
            "own_seconds": own_seconds,
        }
