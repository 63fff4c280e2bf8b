"""The clock of the guests' wall time: it stands still while this process does not wait for them.

A keeper that does something else (it decodes, its caller judges, it was stopped and continued, its
machine was suspended) cannot see that a guest has answered, or that a zygote has. Nobody must be
late for that reason. CPU time needs no such clock: the kernel measures it for each guest.
"""

import time
from collections.abc import Callable
from typing import TypeVar

# A wake-up takes no longer, unless this process or its machine was stopped.
_WAKE_SECONDS = 0.01
# An absence that is longer than most of this process's own work.
_LONG_SECONDS = 0.02

_Events = TypeVar("_Events")


class GuestClock:
    """The seconds for which the event loop has waited for guests.

    `now` changes in `wait` alone, so it is the same for everything that happens between two waits.
    `total_now` stands still for long absences only: it measures the totals of samples, which take a
    hundred waits and more. A busy event loop must not give a sleeper more time with each of them.
    """

    def __init__(self) -> None:
        """Start at the time of `time.monotonic`."""
        self.now = self.total_now = self._ended = time.monotonic()
        self.absent_seconds = 0.0
        """How far `now` is behind `time.monotonic`, when the last wait ended."""

    def wait(self, poll: Callable[[float], _Events], seconds: float) -> _Events:
        """Return the events of *poll*, which waits for *seconds* at most."""
        started = time.monotonic()
        events = poll(seconds)
        ended = time.monotonic()
        waited = ended - started
        counted = waited if waited <= seconds + _WAKE_SECONDS else seconds
        self.now += counted
        passed, self._ended = ended - self._ended, ended
        self.total_now += passed if passed - counted <= _LONG_SECONDS else counted
        self.absent_seconds = ended - self.now
        return events
