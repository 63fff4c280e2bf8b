"""A cache that is bounded by the size of what it holds."""

from collections import OrderedDict
from collections.abc import Hashable
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
