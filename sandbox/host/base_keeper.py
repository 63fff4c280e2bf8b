"""What all keepers have in common: the side that the event loop sees."""

import math
import os
import time
from abc import ABC, abstractmethod

from nova_code_verifier.sandbox.host import answers, usage
from nova_code_verifier.sandbox.host.guest_clock import GuestClock
from nova_code_verifier.sandbox.host.pipes import sealed_file
from nova_code_verifier.sandbox.host.watched_guest import WatchedGuest
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import control
from nova_code_verifier.sandbox.types import Cause, Ending, Execution

TICK_SECONDS = 0.02
# The output of a guest that ends sooner is read once, after its end: it cannot have waited long
# at a full pipe. Most guests are that short, and a wake-up costs as much as a question.
FIRST_LOOK_SECONDS = 0.003
# Between two ticks. A pipe holds 64 KiB: this is enough for 50 MB of output a second.
WAKE_UPS_MAX = 16
DISK_FACTOR = 4
FILES_MAX = 1000
_LOOK_SHARE = 10  # for each second of looking at files, look at other things for so many


class BaseKeeper(ABC):
    """A keeper of one or two guests. Events drive it: `on_control`, `on_output`, `on_tick`.

    Ticks come at times of `time.monotonic`; everything else is measured by the `GuestClock`.
    """

    is_interactive = False
    """Whether the keeper answers its guest, so that the channel must be watched from the start."""
    processor = -1
    """The processor on which the guests run; -1 if any."""

    def __init__(self, worker: Worker, clock: GuestClock, *guests: WatchedGuest) -> None:
        """Watch *guests* of *worker*, which have not been requested yet."""
        self.worker = worker
        self.clock = clock
        self.executions: list[Execution] = []
        self.ended = False
        self.is_watched = False
        self._wake_ups = 0  # by output, since the last tick
        self._channels = {guest.descriptors[-1] for guest in guests}
        self.terminated_at: float | None = None
        self.started_at = clock.now
        now = time.monotonic()
        self.next_tick = now + FIRST_LOOK_SECONDS
        # The wall time of all guests together that counts in a total, at the last look.
        self.own_seconds = 0.0
        self._own_since = clock.total_now
        self._guests = guests
        # What to watch for input, and pass to `on_output`. The last is a channel.
        self.descriptors = tuple(fd for guest in guests for fd in guest.descriptors)
        self._next_disk_check = now + 2 * TICK_SECONDS

    @property
    def has_unsent_input(self) -> bool:
        """Whether part of a question waits for room in the channel."""
        return False

    @property
    def is_talkative(self) -> bool:
        """Whether to read what the guests write when it arrives, and not only at each tick."""
        return True

    def is_flood(self, fd: int) -> bool:
        """Note that *fd* had output; return whether to read it at the next tick only.

        A guest could wake this process for each of a million bytes.
        """
        self._wake_ups += 1
        return self._wake_ups > WAKE_UPS_MAX and fd not in self._channels

    def watch_again(self) -> bool:
        """Return whether to watch all descriptors, from this tick on."""
        is_new = not self.is_watched or self._wake_ups > WAKE_UPS_MAX
        self.is_watched, self._wake_ups = True, 0
        return is_new

    def is_stuck(self, patience_seconds: float) -> bool:
        """Return whether the zygote has not started or killed its guests in time."""
        is_started = all(guest.pid is not None for guest in self._guests)
        waiting_since = self.terminated_at if is_started else self.started_at
        return waiting_since is not None and self.clock.now - waiting_since > patience_seconds

    def close(self) -> None:
        """Close all descriptors."""
        for guest in self._guests:
            guest.close()

    def terminate(self, ending: Ending, detail: str = "", cause: Cause = Cause.NONE) -> None:
        """Kill all guests. The first reason for it becomes the ending."""
        for guest in self._guests:
            guest.termination = guest.termination or answers.Outcome(ending, detail, cause)
        self._kill()

    def _request_guest(
        self,
        program: int,
        prelude_bytes: int,
        stdin: bytes,
        *,
        cpu_seconds: float,
        calls: int = 0,
        argv: tuple[str, ...] = (),
        runs: int = 1,
    ) -> None:
        """Request the one guest. The kernel ends it after *cpu_seconds*. Raises WorkerLostError.

        *program* is a descriptor of the program's text, of which the first *prelude_bytes* are its
        prelude.
        """
        (guest,) = self._guests
        try:
            request = control.GuestRequest(
                calls=calls,
                # In whole seconds; it holds even if this process ends. The kernel counts ticks, and
                # may count a guest's time twice that makes many system calls.
                cpu_seconds=2 * math.ceil(cpu_seconds) + 1,
                memory_bytes=guest.limits.memory_bytes,
                output_bytes=guest.limits.output_bytes,
                prelude_bytes=prelude_bytes,
                program_bytes=os.fstat(program).st_size - prelude_bytes,
                argv=argv,
                runs=runs,
            )
            file = sealed_file("stdin", stdin)
            try:
                self.worker.send(control.pack_request(request), [program, file, *guest.guest_ends])
            finally:
                os.close(file)
        except BaseException:
            self.close()
            raise
        finally:
            guest.close_guest_ends()

    def _kill(self) -> None:
        if self.terminated_at is None:
            self.terminated_at = self.clock.now
            self.worker.send(control.KILL)

    def _count_own_time(self, cpu_seconds: float) -> None:
        """Note how long the guests, which have used *cpu_seconds*, certainly did not wait."""
        own = self.clock.total_now - self._own_since
        if own - cpu_seconds > TICK_SECONDS:  # otherwise they cannot have waited long
            own -= sum(guest.waited_seconds() for guest in self._guests)
            if any(guest.pid and usage.cpu_seconds(guest.pid) is None for guest in self._guests):
                return  # it has just ended, and nobody knows how long it waited
        self.own_seconds = max(self.own_seconds, own)

    def _has_full_disk(self, now: float) -> bool:
        """Return whether the guests' files are too many or too big. Looks now and then.

        A guest can make each look slow: then look less often.
        """
        if now < self._next_disk_check:
            return False
        is_full = self._holds_too_much()
        ended = time.monotonic()
        self._next_disk_check = ended + max(5 * TICK_SECONDS, _LOOK_SHARE * (ended - now))
        return is_full

    def _holds_too_much(self) -> bool:
        bytes_max: float = self._guests[0].limits.output_bytes * DISK_FACTOR
        directory = self.worker.directory
        pids = [guest.pid for guest in self._guests if guest.pid is not None]
        for pid in pids:
            bytes_max -= usage.nameless_bytes(pid, directory, files_max=FILES_MAX)
        return usage.holds_too_much(directory, bytes_max=bytes_max, files_max=FILES_MAX)

    def _set_next_tick(self, now: float, cpu_seconds_left: float) -> None:
        """Look again after a tick, and sooner if a guest has little CPU time left."""
        pause = min(TICK_SECONDS, max(cpu_seconds_left / 2, TICK_SECONDS / 10))
        self.next_tick = now + pause

    @abstractmethod
    def on_control(self) -> None:
        """Read a packet of the zygote. Raises WorkerLostError."""

    @abstractmethod
    def on_output(self, fd: int) -> None:
        """Read a pipe or a channel."""

    @abstractmethod
    def on_tick(self) -> None:
        """Compare the guests with their limits, and set the time of the next tick."""
