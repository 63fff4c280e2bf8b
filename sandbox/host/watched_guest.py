"""One guest, as its keeper sees it: its descriptors, what it may hold, what it said, how it ended.

In: a worker's zygote and limits. Out: messages, and the reason of its end. Nothing here believes a
message.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator

from nova_code_verifier.sandbox.confinement.confine import THREADS_MAX
from nova_code_verifier.sandbox.host import answers, usage
from nova_code_verifier.sandbox.host.pipes import Stream
from nova_code_verifier.sandbox.host.worker import Worker
from nova_code_verifier.sandbox.protocol import channel
from nova_code_verifier.sandbox.protocol.guest_messages import GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import Cause, Ending, IsolationLevel, Limits, RaisedError

OUT_OF_CPU_TIME = answers.Outcome(Ending.OUT_OF_TIME, "cpu", Cause.CPU_TIME)
OUT_OF_WALL_TIME = answers.Outcome(Ending.OUT_OF_TIME, "wall")
OUT_OF_TOTAL_CPU_TIME = answers.Outcome(Ending.OUT_OF_TIME, "total cpu", Cause.TOTAL_TIME)
OUT_OF_TOTAL_WALL_TIME = answers.Outcome(Ending.OUT_OF_TIME, "total wall", Cause.TOTAL_TIME)
MESSAGE_BYTES_SPARE = 2**20
"""Around an encoded value, and for messages of other kinds: they hold short texts."""
STDERR_BYTES_KEPT = 2**15
_READ_BYTES = 2**16
_NOTES_MAX = 2
_KILLED = (
    "a guest was killed from outside within its limits, twice, the second time without another "
    "guest beside it; is the memory of this machine too small for its workers?"
)
_NOTES = frozenset({MessageKind.RAISED, MessageKind.FAILED, MessageKind.FORBIDDEN})


class WatchedGuest:
    """One guest. `termination` is why we killed it, if we did."""

    def __init__(self, worker: Worker, limits: Limits, *, stream_count: int = 2) -> None:
        """Open the descriptors of a guest with so many output streams; the last is its stderr."""
        self.limits = limits
        self._may_kill_itself = worker.level is IsolationLevel.NONE
        # A guest holds from its start what its zygote has loaded.
        self.memory_bytes = limits.memory_bytes + worker.held_bytes
        self.pid: int | None = None
        self.has_ended = False
        self._waited_seconds = 0.0
        self.termination: answers.Outcome | None = None
        self.incoming = bytearray()
        self._notes: list[GuestMessage] = []
        self.streams = tuple(Stream(limits.output_bytes) for _ in range(stream_count))
        self.channel, self._guest_channel = socket.socketpair()
        self.channel.settimeout(0)
        # What to watch for input. The last is the channel.
        self.descriptors = (*(stream.fd for stream in self.streams), self.channel.fileno())
        guest_ends = (stream.guest_end for stream in self.streams)
        self.guest_ends = (*guest_ends, self._guest_channel.fileno())

    def close_guest_ends(self) -> None:
        """Close the ends that the guest has now."""
        for stream in self.streams:
            stream.close_guest_end()
        self._guest_channel.close()

    def close(self) -> None:
        """Close our ends."""
        for stream in self.streams:
            stream.close()
        self.channel.close()

    def replace_stdout(self) -> None:
        """Open another pipe for stdout, with the room that is left, and close the one before."""
        before, *others = self.streams
        self.streams = (Stream(before.room), *others)
        before.close()

    def drain(self) -> bool:
        """Read what the guest has printed. Return False if it printed more than its limit."""
        is_within = True
        for stream in self.streams:
            is_within = stream.drain() and is_within
        del self.streams[-1].data[:-STDERR_BYTES_KEPT]
        return is_within

    def messages(self, bytes_max: Callable[[], int]) -> Iterator[bytes]:
        """Yield the messages that have arrived.

        Raises MessageTooLongError for one of more than *bytes_max* bytes at that time.
        """
        while True:
            try:
                piece = self.channel.recv(_READ_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            self.incoming += piece
            while True:
                payload = channel.take_message(self.incoming, bytes_max=bytes_max())
                if payload is None:
                    break
                yield payload
            if len(piece) < _READ_BYTES:
                return  # most likely all there is; if not, `epoll` reports it again

    def keep_note(self, message: GuestMessage) -> bool:
        """Keep a message that says why the guest ends; return whether it is one."""
        is_note = message.kind in _NOTES and len(self._notes) < _NOTES_MAX
        if is_note:
            self._notes.append(message)
        return is_note

    def forget_notes(self) -> None:
        """Forget what the guest reported: a run has ended, and another begins."""
        self._notes.clear()

    @property
    def raised(self) -> RaisedError | None:
        """The exception that the guest reported, if it did."""
        for note in self._notes:
            if note.kind is not MessageKind.FORBIDDEN:
                return answers.error_of(note)
        return None

    def waited_seconds(self) -> float:
        """Return how long the guest has waited for a processor, as far as anybody has looked."""
        if self.pid and not self.has_ended:
            # One that its zygote has reaped reads as 0.
            self._waited_seconds = max(self._waited_seconds, usage.waited_seconds(self.pid))
        return self._waited_seconds

    def find_excess(self) -> answers.Outcome | None:
        """Return what the guest has held too much of: memory at any time, or threads now."""
        if self.pid:
            held = usage.peak_usage(self.pid)
            if held.resident_bytes > self.memory_bytes:
                return answers.Outcome(Ending.OUT_OF_MEMORY)
            if held.threads > THREADS_MAX:
                return answers.Outcome(Ending.OUT_OF_MEMORY, "threads")
        return None

    def reason_of_end(  # noqa: PLR0911  (a list of cases)
        self, status: int, *, cpu_seconds: float, peak_bytes: int
    ) -> answers.Outcome | None:
        """Return why the guest ended: a list of reasons, the most certain first; None for no other.

        *cpu_seconds* is what it has used of its limit.
        """
        notes = {note.kind: note for note in reversed(self._notes)}
        raised = self.raised
        if self.termination is not None:
            return self.termination
        if MessageKind.FORBIDDEN in notes:
            return answers.Outcome(Ending.FORBIDDEN, notes[MessageKind.FORBIDDEN].detail)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
            return answers.Outcome(Ending.FORBIDDEN, "system call")
        is_late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        if is_late or cpu_seconds > self.limits.cpu_seconds:
            return OUT_OF_CPU_TIME
        was_refused_memory = raised is not None and raised.type_name == "MemoryError"
        if was_refused_memory or peak_bytes > self.memory_bytes:
            return answers.Outcome(Ending.OUT_OF_MEMORY)
        if MessageKind.FAILED in notes:
            return answers.Outcome(answers.failure_ending(notes[MessageKind.FAILED]))
        return None

    def unexplained_end(self, status: int) -> answers.Outcome:
        """Return how a guest ended, by a signal or too early, for which there is no other reason.

        Isolated guests cannot send SIGKILL to themselves. So it came from outside: most often from
        the kernel, to which the memory of all guests together was too much.
        """
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            return answers.Outcome(Ending.CRASHED)
        if self._may_kill_itself:
            return answers.Outcome(Ending.CRASHED, cause=Cause.KILLED)
        return answers.Outcome(Ending.NOT_RUN, _KILLED, Cause.KILLED)
