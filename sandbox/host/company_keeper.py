"""The keeper of a guest that does all runs of a job.

In: a worker, a program that leaves no trace, and its runs. Out: an execution for each run if
nothing was odd; otherwise none, as if there had been no guest. A run may end by an exception or
with an exit status. The schedule decides whether the executions count.

The whole guest, from its start, must stay well within the limits of a single run. A run gets its
input after the one before has ended, its pipe has been closed, and the guest's clock, threads and
descriptors have been looked at. The runs come in a random order, so that a program that could still
count them gains nothing.
"""

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace

from nova_code_verifier.sandbox.host import usage
from nova_code_verifier.sandbox.host.base_keeper import TICK_SECONDS, BaseKeeper
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.host.pipes import sealed_file
from nova_code_verifier.sandbox.host.watched_guest import WatchedGuest
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import channel, control, guest_messages
from nova_code_verifier.sandbox.protocol.guest_messages import MessageKind
from nova_code_verifier.sandbox.types import Ending, Execution, Limits, Question, Run

_NEAR_LIMIT = 0.5
# In company, a run saves about as much CPU time as this. If the first runs say that each will take
# more, and all together long, that saves little, and other workers could have some of them.
_SAVED_SECONDS = 0.003
_WORTHWHILE_SECONDS = 1.0
_FIRST_RUNS = 2
_START_SECONDS = 0.02  # of the first run, this may be the start of the guest
_NEAR_MEMORY_LIMIT = 0.875
_MESSAGE_BYTES_MAX = 2**14  # two texts of TEXT_MAX characters that JSON escapes
_PIPE_BYTES = 2**16
_DESCRIPTORS = 5  # stdin, stdout, stderr, the channel and the requests to the zygote
_ENDS = {
    guest_messages.write_message(MessageKind.ENDED, str(status)): status for status in range(256)
}


class CompanyKeeper(BaseKeeper):
    """The keeper of one guest that does several runs."""

    is_interactive = True

    def __init__(
        self,
        worker: Worker,
        clock: GuestClock,
        *,
        program: int,
        prelude_bytes: int,
        questions: Sequence[Question],
        order: Sequence[int],
        limits: Limits,
    ) -> None:
        """Request a guest that does all *questions*, which are `Run`s without arguments.

        *program* is a descriptor of the program's text, of which the first *prelude_bytes* are its
        prelude. *order* holds the indices of all questions. Raises WorkerLostError.
        """
        self._guest = guest = WatchedGuest(worker, limits)
        super().__init__(worker, clock, guest)
        self.descriptors = self.descriptors[-1:]  # `on_tick` reads the others
        self._runs = [run for run in questions if isinstance(run, Run)]
        self._order, self._limits = order, limits
        self._cpu_seconds_max = min(limits.cpu_seconds, limits.total_cpu_seconds) * _NEAR_LIMIT
        self._done: dict[int, Execution] = {}
        self._cpu_mark, self._wall_mark = 0.0, self.started_at
        self._cpu_of_first = 0.0
        first = self._runs[self._order[0]].stdin
        cpu_seconds, runs = limits.cpu_seconds, len(self._runs)
        self._request_guest(program, prelude_bytes, first, cpu_seconds=cpu_seconds, runs=runs)

    @property
    def is_talkative(self) -> bool:
        """Return False: the event loop does not watch the pipes, which change with each run."""
        return False

    # -- events ------------------------------------------------------------------------

    def on_control(self) -> None:
        """Read a packet of the zygote. Raises WorkerLostError."""
        packet = self.worker.receive()
        if (started := control.read_started(packet)) is not None:
            self._guest.pid = started.pid
        elif (ended := control.read_ended(packet)) is not None:
            self._on_ended(ended)

    def on_output(self, _fd: int) -> None:
        """Read the channel."""
        if self.terminated_at is not None:
            return
        try:
            for payload in self._guest.messages(lambda: _MESSAGE_BYTES_MAX):
                if self.terminated_at is None and not self._is_plain(payload):
                    self._give_up()
        except channel.MessageTooLongError:
            self._give_up()

    def on_tick(self) -> None:
        """Compare the guest with its limits, and set the time of the next tick."""
        now = time.monotonic()
        self.next_tick = now + TICK_SECONDS / 10
        if self.terminated_at is not None or self._guest.pid is None:
            return
        before = self._guest.streams[0].room
        is_within = self._guest.drain()
        left = self._cpu_seconds_max - (usage.cpu_seconds(self._guest.pid) or 0.0)
        if not is_within or left < 0 or self._is_late() or self._guest.find_excess():
            self._give_up()
        elif before - self._guest.streams[0].room < _PIPE_BYTES:
            self._set_next_tick(now, left)
        # else its pipe was full, and it waits: look again soon

    def _is_late(self) -> bool:
        """Return whether a run, or all, slept too long. It may have waited for a processor."""
        now = self.clock.now
        over = max(
            now - self._wall_mark - self._limits.wall_seconds * _NEAR_LIMIT,
            now - self.started_at - self._limits.total_wall_seconds * _NEAR_LIMIT,
        )
        return over > 0 and over > usage.waited_seconds(self._guest.pid or 0)

    # -- runs --------------------------------------------------------------------------

    def _is_plain(self, payload: bytes) -> bool:
        """Handle a message; return whether nothing is odd."""
        if len(self._done) == len(self._runs):
            return False
        if (status := _ENDS.get(payload)) is not None:
            return self._conclude_run(status)
        message = guest_messages.read_message(payload)
        return message.kind is MessageKind.RAISED and self._guest.keep_note(message)

    def _conclude_run(self, status: int) -> bool:
        """Record a run that has ended, and begin the next; return False if anything was odd."""
        cpu = self._look_at_guest()
        stdout, stderr = self._guest.streams
        if cpu is None or not self._guest.drain() or self._guest.incoming:
            return False
        has_odd_end = self._guest.reason_of_end(status << 8, cpu_seconds=cpu, peak_bytes=0)
        if self._is_too_slow(cpu) or has_odd_end or (stderr.data and not status):
            return False
        now, index = self.clock.now, self._order[len(self._done)]
        self._done[index] = Execution(
            ending=Ending.FINISHED,
            exit_status=status,
            stdout=stdout.take(),
            stderr=stderr.take(),
            error=self._guest.raised,
            cpu_seconds=cpu - self._cpu_mark,
            wall_seconds=now - self._wall_mark,
        )
        self._guest.forget_notes()
        self._cpu_mark, self._wall_mark = cpu, now
        if len(self._done) < len(self._runs):
            self._begin_next_run()
        return True

    def _look_at_guest(self) -> float | None:
        """Return the guest's CPU time, or None if it has more than it should.

        After its last run it may have ended already, and has nothing any more.
        """
        pid, is_last = self._guest.pid, len(self._done) + 1 == len(self._runs)
        cpu = usage.cpu_seconds(pid) if pid is not None else None
        if pid is None or cpu is None:
            return self._cpu_mark if is_last else None
        # Linux before 6.2 does not say how many descriptors there are.
        is_plain = usage.descriptors(pid) <= _DESCRIPTORS and usage.threads(pid) <= 1
        return cpu if is_plain else None

    def _is_too_slow(self, cpu: float) -> bool:
        """Return whether all runs would take too much time if the others are like these."""
        count, done = len(self._runs), len(self._done) + 1
        if done == 1:
            self._cpu_of_first = cpu
            each = max(cpu - _START_SECONDS, 0.0)
        else:
            each = (cpu - self._cpu_of_first) / (done - 1)
        expected = each * count
        if done <= _FIRST_RUNS and each > _SAVED_SECONDS and expected > _WORTHWHILE_SECONDS:
            return True
        return expected > 2 * self._cpu_seconds_max or cpu > self._cpu_seconds_max

    def _begin_next_run(self) -> None:
        """Replace the pipe, and send the next input."""
        stdin = sealed_file("stdin", self._runs[self._order[len(self._done)]].stdin)
        try:
            self._guest.replace_stdout()
            stdout = self._guest.streams[0]
            try:
                socket.send_fds(self._guest.channel, [b"r"], [stdin, stdout.guest_end])
            except OSError:
                self._give_up()  # it closed its channel, or does not read
            stdout.close_guest_end()
        finally:
            os.close(stdin)

    # -- the end -----------------------------------------------------------------------

    def _give_up(self) -> None:
        self.terminate(Ending.NOT_RUN, "something odd happened in company")

    def _on_ended(self, ended: control.Ended) -> None:
        self.on_output(self.descriptors[-1])
        self.ended = True
        is_clean = self._guest.drain() and not any(stream.data for stream in self._guest.streams)
        if (
            len(self._done) == len(self._runs)
            and self.terminated_at is None
            and ended.status == 0
            and is_clean
            and not self._guest.incoming
            and ended.cpu_seconds <= self._cpu_seconds_max
            and ended.peak_bytes <= self._guest.memory_bytes * _NEAR_MEMORY_LIMIT
        ):
            self.executions = [
                replace(self._done[index], memory_bytes=ended.peak_bytes)
                for index in range(len(self._runs))
            ]
