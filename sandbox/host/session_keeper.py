"""The keeper of a session: watches a candidate and its harness, and kills one or both.

In: a worker, a program and a `Session`. Out: one `Execution`, with all messages of the harness.

The limits count for each test item. The harness notes on a page of memory when an item began, and
since when it waits for the candidate (`sandbox/protocol/progress.py`). So a candidate that is out
of time is killed alone: the harness sees the end of its socket, and reports which item was lost. A
harness that is out of time, or dies, ends the session.
"""

import math
import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack

from nova_code_verifier.sandbox.host import answers, usage
from nova_code_verifier.sandbox.host.base_keeper import (
    FIRST_LOOK_SECONDS,
    TICK_SECONDS,
    BaseKeeper,
)
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.host.pipes import sealed_file, shared_file
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
from nova_code_verifier.sandbox.protocol.progress import PAGE_BYTES, Progress, read_progress
from nova_code_verifier.sandbox.types import Cause, Ending, Execution, Limits, Session

_FEW_BYTES = 2**13
_NOT_A_NOTE = "a message that nobody asked for"
_REPORT_TOO_LONG = "all messages of the harness are longer than harness_limits.output_bytes"


class SessionKeeper(BaseKeeper):
    """The keeper of a candidate and its harness."""

    def __init__(
        self,
        worker: Worker,
        clock: GuestClock,
        *,
        program: int,
        prelude_bytes: int,
        session: Session,
        limits: Limits,
        processor: int,
    ) -> None:
        """Request the two guests of *session*, to run on *processor*, or on any if it is -1.

        *program* is a descriptor of the candidate's text, of which the first *prelude_bytes* are
        its prelude. Raises WorkerLostError.
        """
        self._candidate = WatchedGuest(worker, limits)
        try:
            self._harness = WatchedGuest(worker, session.harness_limits, stream_count=1)
        except BaseException:
            self._candidate.close()
            self._candidate.close_guest_ends()
            raise
        super().__init__(worker, clock, self._candidate, self._harness)
        self.processor = processor
        self._page = -1
        self._progress = Progress()
        self._absent_seconds = clock.absent_seconds  # when the page was read last
        self._item_began_at, self._waits_since = self.started_at, 0.0  # by the guest clock
        self._cpu_mark = 0.0  # of the candidate's clock, when the item began
        self._candidate_killed_at: float | None = None
        self._candidate_end: control.Ended | None = None
        self._harness_end: control.Ended | None = None
        self._outlived = False
        self._messages: list[bytes] = []
        self._message_bytes = 0
        self._bytes_read, self._bytes_of_tick = self._count_read(), 0
        self._candidate_watch = _Stopwatch()
        self._harness_watch = _Stopwatch()
        try:
            self._request_guests(program, prelude_bytes, session)
        except BaseException:
            self.close()
            raise

    def _request_guests(self, program: int, prelude_bytes: int, session: Session) -> None:
        text = session.harness.encode("utf-8", "surrogatepass")
        program_bytes = os.fstat(program).st_size - prelude_bytes
        request = control.PairRequest(
            _guest_request(self._candidate.limits, session, prelude_bytes, program_bytes),
            _guest_request(self._harness.limits, session, 0, len(text)),
            self.processor,
        )
        with ExitStack() as stack:
            stack.callback(self._candidate.close_guest_ends)
            stack.callback(self._harness.close_guest_ends)
            self._page = shared_file("progress", PAGE_BYTES)
            stack.callback(os.close, stdin := sealed_file("stdin", b""))
            stack.callback(os.close, harness := sealed_file("harness", text))
            output, harness_channel = self._harness.guest_ends
            descriptors = [program, stdin, *self._candidate.guest_ends]
            descriptors += [harness, output, harness_channel, self._page]
            self.worker.send(control.pack_pair(request), descriptors)

    @property
    def is_talkative(self) -> bool:
        """Whether the guests have written much since the last tick.

        Most sessions report a few items, and to wake up for each report costs more than the report.
        """
        return self._bytes_of_tick > _FEW_BYTES

    def close(self) -> None:
        """Close all descriptors."""
        super().close()
        if self._page >= 0:
            os.close(self._page)

    def is_stuck(self, patience_seconds: float) -> bool:
        """Return whether the zygote has not started or killed its guests in time."""
        killed_at = self._candidate_killed_at if self._candidate_end is None else None
        is_stuck = killed_at is not None and self.clock.now - killed_at > patience_seconds
        return is_stuck or super().is_stuck(patience_seconds)

    # -- events ------------------------------------------------------------------------

    def on_control(self) -> None:
        """Read a packet of the zygote. Raises WorkerLostError."""
        packet = self.worker.receive()
        if (started := control.read_started(packet)) is not None:
            (self._harness if started.is_harness else self._candidate).pid = started.pid
            self.next_tick = time.monotonic() + FIRST_LOOK_SECONDS
        elif (ended := control.read_ended(packet)) is not None:
            self._read_progress()
            if ended.is_harness:
                self._harness_end = ended
                self._harness.has_ended = True
            else:
                self._candidate_end = ended
                self._candidate.has_ended = True
                self._outlived = self._harness_end is not None or self.terminated_at is not None
            if self._harness_end and self._candidate_end:
                self._finish(self._candidate_end, self._harness_end)

    def on_output(self, fd: int) -> None:
        """Read a pipe or a channel."""
        if fd == self._harness.channel.fileno():
            self._read_messages()
        elif fd == self._candidate.channel.fileno():
            self._read_notes()
        else:
            self._drain()

    def on_tick(self) -> None:
        """Compare both guests with their limits, and set the time of the next tick."""
        now = time.monotonic()
        self.next_tick = now + TICK_SECONDS
        self._read_all()
        before, self._bytes_read = self._bytes_read, self._count_read()
        self._bytes_of_tick = self._bytes_read - before
        if self._harness.pid is None or self.terminated_at is not None:
            return  # not started, or killed: a packet of the zygote will follow
        left = math.inf
        if self._is_candidate_alive:
            self._check_totals()
            left = self._check_candidate()
        if self._harness_end is None:
            left = min(left, self._check_harness())
        if self._has_full_disk(now):
            self._end_either(answers.Outcome(Ending.TOO_MUCH_OUTPUT, "files"))
        self._set_next_tick(now, left)

    # -- limits ------------------------------------------------------------------------

    @property
    def _is_candidate_alive(self) -> bool:
        return self._candidate_end is None and self._candidate.termination is None

    def _read_progress(self) -> bool:
        """Read the page; return whether it is still the item of the last look.

        Read it after the clocks that are compared with it. So a mark can only be too late, and a
        guest only seem to have used less than it has.
        """
        before = self._progress
        # While the harness writes the page, the last look holds.
        self._progress = read_progress(self._page, item_min=before.item) or before
        if self._progress.started != before.started:
            self._item_began_at = self._by_guest_clock(self._progress.started)
        if self._progress.waiting_since != before.waiting_since:
            self._waits_since = self._by_guest_clock(self._progress.waiting_since)
        self._absent_seconds = self.clock.absent_seconds
        # After the candidate's end, the harness cannot read its clock.
        self._cpu_mark = max(self._cpu_mark, self._progress.candidate_cpu)
        return self._progress.item == before.item

    def _by_guest_clock(self, moment: float) -> float:
        """Convert a time that the harness has noted since the page was read last.

        If this process was absent in between, it was so after that moment, as far as it knows.
        """
        return min(moment - self._absent_seconds, self.clock.now)

    def _check_candidate(self) -> float:
        """Kill a candidate that exceeds a limit. Return the seconds of CPU time that are left."""
        pid = self._candidate.pid
        assert pid is not None  # noqa: S101  (the zygote announces it before the harness)
        outcome, left = self._find_candidate_excess(pid)
        # Look twice: perhaps the item has ended just now.
        if outcome is not None and self._read_progress():
            outcome, left = self._find_candidate_excess(pid)
            self._end_candidate(outcome)
        return left

    def _find_candidate_excess(self, pid: int) -> tuple[answers.Outcome | None, float]:
        cpu = usage.cpu_seconds(pid) or 0.0
        self._read_progress()
        left = self._candidate.limits.cpu_seconds - (cpu - self._cpu_mark)
        if left < 0:
            return OUT_OF_CPU_TIME, left
        if self._oversleeps():
            return OUT_OF_WALL_TIME, left
        return self._candidate.find_excess(), left

    def _check_totals(self) -> None:
        """Kill a candidate that has used up what all test items may use together.

        Their wall time includes that of the harness: the two take turns.
        """
        limits, pids = self._candidate.limits, [guest.pid for guest in self._guests]
        cpu, harness_cpu = (usage.cpu_seconds(pid) or 0.0 for pid in pids if pid is not None)
        self._count_own_time(cpu + harness_cpu)
        if cpu > limits.total_cpu_seconds:
            self._end_candidate(OUT_OF_TOTAL_CPU_TIME)
        elif self.own_seconds > limits.total_wall_seconds:
            self._end_candidate(OUT_OF_TOTAL_WALL_TIME)

    def _oversleeps(self) -> bool:
        """Return whether the harness has waited too long, at one request or in the whole item."""
        if not self._progress.waiting_since:
            return False
        limit = self._candidate.limits.wall_seconds
        return self._exceeds(self._candidate_watch, limit, self._waits_since) or self._takes_longer(
            limit + self._harness.limits.wall_seconds
        )

    def _takes_longer(self, limit: float) -> bool:
        """Return whether the item has taken more than *limit* seconds."""
        return self._exceeds(self._harness_watch, limit, self._item_began_at)

    def _exceeds(self, watch: "_Stopwatch", limit: float, since: float) -> bool:
        # A harness that has its answer, and waits for a processor to read it, still seems to wait
        # for the candidate; and while it does wait, the candidate may not have a processor.
        return watch.exceeds(limit, since=since, now=self.clock.now, guests=self._guests)

    def _check_harness(self) -> float:
        """End the session if the harness exceeds a limit. Return the CPU seconds that are left."""
        pid, limits = self._harness.pid, self._harness.limits
        assert pid is not None  # noqa: S101  (see `on_tick`)
        cpu = usage.cpu_seconds(pid) or 0.0
        self._read_progress()
        left = limits.cpu_seconds - (cpu - self._progress.harness_cpu)
        # Without its candidate, it has nothing to wait for.
        is_waiting = self._progress.waiting_since > 0 and self._is_candidate_alive
        if left < 0:
            self._end_harness(OUT_OF_CPU_TIME)
        elif not is_waiting and self._takes_longer(limits.wall_seconds):
            self._end_harness(OUT_OF_WALL_TIME)
        else:
            self._end_harness(self._harness.find_excess())
        return left

    def _drain(self) -> None:
        too_much = answers.Outcome(Ending.TOO_MUCH_OUTPUT)
        if not self._candidate.drain():
            self._end_candidate(too_much)
        if not self._harness.drain():
            self._end_harness(too_much)
        for stream in self._candidate.streams:
            stream.take()  # nobody reads it

    def _end_candidate(self, outcome: answers.Outcome | None) -> None:
        """Kill the candidate alone, if there is a reason."""
        if outcome is not None and self._is_candidate_alive:
            self._candidate.termination = outcome
            self._candidate_killed_at = self.clock.now
            self.worker.send(control.KILL_CANDIDATE)

    def _end_harness(self, outcome: answers.Outcome | None) -> None:
        """Kill both guests, if there is a reason."""
        if outcome is not None and self._harness_end is None:
            self._harness.termination = self._harness.termination or outcome
            self._kill()

    def _end_either(self, outcome: answers.Outcome) -> None:
        """Blame the candidate for what the two share; without it, the harness."""
        if self._is_candidate_alive:
            self._end_candidate(outcome)
        else:
            self._end_harness(outcome)

    def _read_all(self) -> None:
        self._read_messages()
        self._read_notes()
        self._drain()

    def _count_read(self) -> int:
        streams = (*self._candidate.streams, *self._harness.streams)
        return self._message_bytes - sum(stream.room for stream in streams)

    # -- messages ----------------------------------------------------------------------

    def _read_messages(self) -> None:
        """Keep the messages of the harness, as far as they have arrived."""
        try:
            for payload in self._harness.messages(self._message_room):
                if payload.startswith(guest_messages.FORBIDDEN_START):  # from the audit hook
                    self._harness.keep_note(guest_messages.read_message(payload))
                    continue
                self._messages.append(payload)
                self._message_bytes += len(payload)
        except channel.MessageTooLongError:
            self._end_harness(answers.Outcome(Ending.TOO_MUCH_OUTPUT, _REPORT_TOO_LONG))

    def _message_room(self) -> int:
        return self._harness.limits.output_bytes - self._message_bytes

    def _read_notes(self) -> None:
        """Read why the candidate ends; it has nothing else to send."""
        try:
            for payload in self._candidate.messages(lambda: MESSAGE_BYTES_SPARE):
                if not self._candidate.keep_note(guest_messages.read_message(payload)):
                    self._end_candidate(answers.Outcome(Ending.UNREADABLE, _NOT_A_NOTE))
                    return
        except channel.MessageTooLongError:
            self._end_candidate(answers.Outcome(Ending.UNREADABLE, _NOT_A_NOTE))

    # -- the end -----------------------------------------------------------------------

    def _finish(self, candidate: control.Ended, harness: control.Ended) -> None:
        """Read the rest of what both said, and record how they ended."""
        self._read_all()
        self.ended = True
        of_candidate = self._candidate_outcome(candidate)
        of_harness = self._harness_outcome(harness)
        if of_harness.ending is Ending.NOT_RUN:  # our own fault ends the whole session
            of_candidate = of_harness
        was_killed = Cause.KILLED in (of_candidate.cause, of_harness.cause)
        status = candidate.status
        by_itself = of_candidate.ending is Ending.CRASHED
        self.executions.append(
            Execution(
                ending=of_candidate.ending,
                detail=of_candidate.detail or of_harness.detail,
                cause=Cause.KILLED if was_killed else of_candidate.cause,
                error=self._candidate.raised,
                exit_status=os.WEXITSTATUS(status) if by_itself and os.WIFEXITED(status) else None,
                signal=os.WTERMSIG(status) if by_itself and os.WIFSIGNALED(status) else None,
                value=tuple(self._messages),
                value_bytes=self._message_bytes,
                stderr=self._harness.streams[0].take()[-STDERR_BYTES_KEPT:],
                cpu_seconds=candidate.cpu_seconds,
                wall_seconds=self.clock.now - self.started_at,
                own_seconds=self.own_seconds,
                memory_bytes=candidate.peak_bytes,
                harness_ending=of_harness.ending,
            )
        )

    def _candidate_outcome(self, ended: control.Ended) -> answers.Outcome:
        """Return how the candidate ended. It is killed if it outlives its harness."""
        if self._outlived:
            reason = self._candidate.reason_of_end(ended.status, cpu_seconds=0.0, peak_bytes=0)
            own = os.WIFSIGNALED(ended.status) and os.WTERMSIG(ended.status) != signal.SIGKILL
            return reason or answers.Outcome(Ending.CRASHED if own else Ending.FINISHED)
        used = ended.cpu_seconds - self._cpu_mark
        reason = self._candidate.reason_of_end(
            ended.status, cpu_seconds=used, peak_bytes=ended.peak_bytes
        )
        return reason or self._candidate.unexplained_end(ended.status)

    def _harness_outcome(self, ended: control.Ended) -> answers.Outcome:
        if ended.status == 0 and self._harness.termination is None:
            return answers.Outcome(Ending.FINISHED)
        used = ended.cpu_seconds - self._progress.harness_cpu
        reason = self._harness.reason_of_end(
            ended.status, cpu_seconds=used, peak_bytes=ended.peak_bytes
        )
        return reason or self._harness.unexplained_end(ended.status)


class _Stopwatch:
    """Measures how long guests have taken since a moment that changes now and then.

    Their waits for a busy processor do not count.
    """

    def __init__(self) -> None:
        self._since = 0.0
        self._waited = 0.0  # before that moment

    def exceeds(
        self, limit: float, *, since: float, now: float, guests: Sequence[WatchedGuest]
    ) -> bool:
        """Return whether more than *limit* seconds have passed from *since* to *now*."""
        if since != self._since:
            self._since = since
            self._waited = sum(guest.waited_seconds() for guest in guests)
        over = now - since - limit
        if over <= 0:
            return False
        # What one waited for that has ended is known as of the last look.
        return over > sum(guest.waited_seconds() for guest in guests) - self._waited


def _guest_request(
    limits: Limits, session: Session, prelude_bytes: int, program_bytes: int
) -> control.GuestRequest:
    return control.GuestRequest(
        calls=0,
        # The kernel's own limit, in whole ticks, holds even if this process ends. Each item may
        # use the CPU time of one, and so may the program while it loads.
        cpu_seconds=2 * math.ceil(limits.cpu_seconds) * (session.items_max + 1) + 1,
        memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes,
        prelude_bytes=prelude_bytes,
        program_bytes=program_bytes,
    )
