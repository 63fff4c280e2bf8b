"""Decide how many calls may run at a time, and when the next one may start.

In: how calls ended. Out: a limit, and a pause. Lambda limits calls at a time, for a function and
for the whole account. So a refused call lowers the limit, and answers raise it slowly (additive
increase, multiplicative decrease, as in TCP). A pause is random from zero to a time that doubles
with each failure in a row: without chance, calls that failed together would come back together.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_DECREASE = 0.7
_DOUBLINGS_MAX = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often calls are repeated.

    `silence_seconds`: the run ends if there is no progress for so long. `tries`: calls of a batch
    that fails before it is divided; `tries_alone`: of a single sample, before it is given up.
    `lost_tries`: calls whose connection breaks, before they count as a failure of the batch.
    """

    pause_seconds: float = 0.5
    pause_seconds_max: float = 20.0
    silence_seconds: float = 600.0
    tries: int = 2
    tries_alone: int = 3
    lost_tries: int = 12

    def pause_after(self, failures: int) -> float:
        """Return a random pause after so many *failures* in a row."""
        most = self.pause_seconds * 2.0 ** min(failures - 1, _DOUBLINGS_MAX)
        return random.uniform(0, min(self.pause_seconds_max, most))  # noqa: S311


class Pace:
    """The limit and the pause of a run, in one thread."""

    def __init__(
        self, most: int, patience: Patience, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with *most* calls at a time."""
        self._most, self._patience, self._clock = most, patience, clock
        self._limit = float(most)
        self._lowered = self._progress = self._next_start = clock()
        self._refusals = 0

    @property
    def limit(self) -> int:
        """How many calls may run at a time now."""
        return int(self._limit)

    @property
    def pause(self) -> float:
        """The seconds until the next call may start."""
        return max(0.0, self._next_start - self._clock())

    @property
    def silence_seconds(self) -> float:
        """For how long no call has reached the function."""
        return self._clock() - self._progress

    def advance(self) -> None:
        """Note that a call has reached the function, whatever it answered."""
        self._refusals = 0
        self._progress = self._clock()
        self._limit = min(self._most, self._limit + 1 / self._limit)

    def refuse(self, sent: float, *, is_throttled: bool) -> None:
        """Note that the call of the time *sent* has not reached the function."""
        self._refusals += 1
        self._next_start = self._clock() + self._patience.pause_after(self._refusals)
        # Calls that were sent before the limit was lowered say nothing about the new one.
        if is_throttled and sent >= self._lowered:
            self._limit = max(1.0, self._limit * _DECREASE)
            self._lowered = self._clock()
