"""Caches that are bounded by the size of what they hold."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Values by key; those that were not used for the longest time are dropped first.

    Safe to share between threads.
    """

    def __init__(self, size_max: int) -> None:
        """Start empty. The sizes of all values together stay at most *size_max*, in any unit."""
        self._size_max = size_max
        self._values: OrderedDict[K, tuple[int, V]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """Return the cached value, if there is one."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][1]

    def put(self, key: K, value: V, size: int) -> None:
        """Cache a *value* of this *size*, unless it would displace half of the others."""
        if size > self._size_max // 2:
            return
        with self._lock:
            self._size += size - self._values.pop(key, (0, None))[0]
            self._values[key] = (size, value)
            while self._size > self._size_max:
                _, (dropped, _) = self._values.popitem(last=False)
                self._size -= dropped


@dataclass(slots=True)
class _Finding(Generic[V]):
    value: V
    doubts: int  # how often the value was not certain
    uses_left: float


class FindingCache(Generic[K, V]):
    """What was found out about a key. What is not *certain* is found out again, now and then.

    A fault of the machine may be the reason for such a finding. So the first one is not used again;
    after the n-th one, the next 2**(n - 1) - 1 uses get it. So a fault does no harm for long, and
    what is really so costs little.
    """

    def __init__(self, size_max: int) -> None:
        """Start empty. The sizes of all findings together stay at most *size_max*, in any unit."""
        self._findings = BoundedCache[K, _Finding[V]](size_max)

    def get(self, key: K) -> V | None:
        """Return what was found, unless it has to be found out again."""
        finding = self._findings.get(key)
        if finding is None or finding.uses_left <= 0:
            return None
        finding.uses_left -= 1
        return finding.value

    def put(self, key: K, value: V, size: int, *, is_certain: bool) -> None:
        """Note what was found. Its *size* is as in `BoundedCache`."""
        before = self._findings.get(key)
        doubts = (before.doubts if before else 0) + (not is_certain)
        uses_left = math.inf if is_certain else 2 ** (doubts - 1) - 1
        self._findings.put(key, _Finding(value, doubts, uses_left), size)
