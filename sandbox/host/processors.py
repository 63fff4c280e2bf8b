"""The processors of running sessions: both guests of a session run on one.

A message between two processors takes many times as long as one on the same, because it has to wake
up the other processor.
"""

import os
import random


class Processors:
    """Spreads sessions over the usable processors."""

    def __init__(self) -> None:
        """Find the usable processors."""
        usable = list(os.sched_getaffinity(0))
        # Other processes may spread sessions, too: do not all begin with the same one.
        random.shuffle(usable)
        self._sessions = dict.fromkeys(usable, 0) if len(usable) > 1 else {}
        self._last: dict[int, int] = {}

    def take(self, worker: int = 0) -> int:
        """Return the processor of the fewest sessions; -1 if there is only one.

        If there are several, prefer the last one of this *worker*: its zygote is there.
        """
        if not self._sessions:
            return -1
        processor, last = (
            min(self._sessions, key=self._sessions.__getitem__),
            self._last.get(worker),
        )
        if last is not None and self._sessions[last] == self._sessions[processor]:
            processor = last
        self._last[worker] = processor
        # The last one of equals the next time.
        self._sessions[processor] = self._sessions.pop(processor) + 1
        return processor

    def release(self, processor: int) -> None:
        """Record that a session on this processor has ended."""
        if processor in self._sessions:
            self._sessions[processor] -= 1
