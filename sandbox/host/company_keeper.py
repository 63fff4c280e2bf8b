"""The keeper of a guest that does all runs of a job: a cheap way to accept, and only to accept.

In: a worker, a program that leaves no trace, its runs, and a function that says whether a run is
right. Out: an execution for each run if all are right and nothing was odd; otherwise none, as if
there had been no guest.

The whole guest, from its start, must stay well within the limits of a single run. A run gets its
input after the one before has been accepted, its pipe has been closed, and the guest's clock,
threads and descriptors have been looked at. The runs come in a random order, so that a program that
could still count them gains nothing.
"""

import os
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from nova_code_verifier.sandbox.host import usage
from nova_code_verifier.sandbox.host.base_keeper import TICK_SECONDS, BaseKeeper
from nova_code_verifier.sandbox.host.pipes import sealed_file
from nova_code_verifier.sandbox.host.watched_guest import WatchedGuest
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import channel, control, guest_messages
from nova_code_verifier.sandbox.protocol.guest_messages import GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import Ending, Execution, Limits, Question, Run

_NEAR_LIMIT = 0.5
# In company, a run saves a few milliseconds. If the first runs say that all will take more CPU time
# than this, that saves little, and other workers could have some of them.
_WORTHWHILE_SECONDS = 1.0
_FIRST_RUNS = 2
_NEAR_MEMORY_LIMIT = 0.875
_MESSAGE_BYTES_MAX = 2**12
_PIPE_BYTES = 2**16
_DESCRIPTORS = 5  # stdin, stdout, stderr, the channel and the requests to the zygote
_ORDER = random.Random()  # noqa: S311  (of its own: a caller may seed the common one)


class CompanyKeeper(BaseKeeper):
    """The keeper of one guest that does several runs."""

    is_interactive = True

    def __init__(
        self,
        worker: Worker,
        *,
        program: int,
        prelude_bytes: int,
        questions: Sequence[Question],
        limits: Limits,
        accepts: Callable[[int, Execution], bool],
    ) -> None:
        """Request a guest that does all *questions*, which are `Run`s without arguments.

        *program* is a descriptor of the program's text, of which the first *prelude_bytes* are its
        prelude. *accepts* gets the index of a run and its execution. Raises WorkerLostError.
        """
        self._guest = guest = WatchedGuest(worker, limits)
        super().__init__(worker, guest)
        self.descriptors = self.descriptors[-1:]  # `on_tick` reads the others
        self._runs = [run for run in questions if isinstance(run, Run)]
        self._order = _ORDER.sample(range(len(self._runs)), len(self._runs))
        self._limits, self._accepts = limits, accepts
        self._cpu_seconds_max = limits.cpu_seconds * _NEAR_LIMIT
        self._done: dict[int, Execution] = {}
        self._cpu_mark, self._wall_mark = 0.0, self.started_at
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
                self._on_message(guest_messages.read_message(payload))
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
        if not is_within or left < 0 or self._is_late(now) or self._guest.find_excess():
            self._give_up()
        elif before - self._guest.streams[0].room < _PIPE_BYTES:
            self._set_next_tick(now, left)
        # else its pipe was full, and it waits: look again soon

    def _is_late(self, now: float) -> bool:
        """Return whether the guest slept too long. It may have waited for a busy processor."""
        over = now - self.started_at - self._limits.wall_seconds * _NEAR_LIMIT
        return over > 0 and over > usage.waited_seconds(self._guest.pid or 0)

    def discount_pause(self, seconds: float) -> None:
        """Do nothing: whoever waits for this process too long runs again."""

    # -- runs --------------------------------------------------------------------------

    def _on_message(self, message: GuestMessage) -> None:
        is_end = message.kind is MessageKind.ENDED and message.text == "0"
        is_asked = len(self._done) < len(self._runs)
        if self.terminated_at is None and not (is_end and is_asked and self._conclude_run()):
            self._give_up()

    def _conclude_run(self) -> bool:
        """Record a run that has ended, and begin the next; return False if it is not accepted."""
        cpu = self._look_at_guest()
        stdout, stderr = self._guest.streams
        if cpu is None or not self._guest.drain() or stderr.data or self._guest.incoming:
            return False
        now, index = time.monotonic(), self._order[len(self._done)]
        execution = Execution(
            ending=Ending.FINISHED,
            exit_status=0,
            stdout=stdout.take(),
            cpu_seconds=cpu - self._cpu_mark,
            wall_seconds=now - self._wall_mark,
        )
        if self._is_too_slow(cpu) or not self._accepts(index, execution):
            return False
        self._done[index] = execution
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
        is_plain = usage.descriptors(pid) <= _DESCRIPTORS and usage.usage(pid).threads <= 1
        return cpu if is_plain else None

    def _is_too_slow(self, cpu: float) -> bool:
        """Return whether all runs would take too much time if the others are like these."""
        done = len(self._done) + 1
        expected = cpu * len(self._runs) / done
        if done <= _FIRST_RUNS and expected > _WORTHWHILE_SECONDS:
            return True
        return expected > 2 * self._cpu_seconds_max or cpu > self._cpu_seconds_max

    def _begin_next_run(self) -> None:
        """Replace the pipe, and send the next input."""
        self._guest.replace_stdout()
        stdin = sealed_file("stdin", self._runs[self._order[len(self._done)]].stdin)
        guest_end = self._guest.streams[0].guest_end
        try:
            socket.send_fds(self._guest.channel, [b"r"], [stdin, guest_end])
        except OSError:
            self._give_up()  # it closed its channel, or does not read
        finally:
            os.close(stdin)
            os.close(guest_end)

    # -- the end -----------------------------------------------------------------------

    def _give_up(self) -> None:
        self.terminate(Ending.NOT_RUN, "not accepted in company")

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
