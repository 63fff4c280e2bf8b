"""Fill sets and dicts with keys that a guest chose, in an amount of work that is counted first.

In: an empty set or dict, and its entries. Out: the filled one, or a `CollisionError`.

A guest can choose keys with equal hashes, which must each be compared with all others, and keys
whose hashes are different and lead from one full slot of the table to the next. Either makes the
work quadratic. So it is counted, because a clock would decide differently on another machine.

Equal hashes are counted everywhere. Different ones matter in large tables only. To count their
steps by a model of CPython's tables takes longer than the steps of an honest table, so whoever
reads for others says how many keys large tables may have (`Room`); a guest does neither, because
it has limits of its own.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import groupby, islice
from operator import eq
from typing import Any

_STEPS_PER_KEY = 512  # slots that are looked at; multiples of 2**45 need 155
_STEPS_PER_PART = 64  # parts of keys that are compared, for each part that there is
_FIRST_SIZE = 8
LARGE = 2**12
"""A table with so many keys is large. With fewer, different hashes cost milliseconds at most."""
_MANY_KEYS = 50_000  # from here on, a set only doubles
_LINEAR = 9  # a set looks at so many slots in a row
_SHIFT, _HASH_MASK = 5, 2**64 - 1
# Nobody knows their hashes before, except where the hash seed is fixed, as in guests.
_UNPREDICTABLE: frozenset[type] = frozenset({str, bytes} if sys.flags.hash_randomization else ())
_PIECE = 256
_LONG_BITS = 2**12
_NO_DECIMALS = frozenset({tuple, frozenset, int, float, complex, bool, str, bytes, type(None)})
_Table = list[int | None]


class CollisionError(ValueError):
    """Keys that take far too long to put into a hash table."""


class Room:
    """How many keys all large tables of a message may have together."""

    def __init__(self, count_keys: Callable[[], int]) -> None:
        """Leave room for so many keys. Most messages have no large table, so nobody counts."""
        self._count_keys = count_keys
        self._taken = 0

    @cached_property
    def _keys(self) -> int:
        return self._count_keys()

    def take(self, keys: int) -> None:
        """Take room for so many *keys*. Raises CollisionError if there is not enough."""
        self._taken += keys
        if self._taken > self._keys:
            raise CollisionError("many more keys than were expected")


def hashed(collection: Any, entries: list[Any], room: Room | None = None) -> Any:  # noqa: ANN401  (a dict, or a set)
    """Fill an empty set with items, or an empty dict with pairs. Without *room*, all have room.

    Raises CollisionError if that takes far too long, TypeError for keys without a hash.
    """
    is_set = isinstance(collection, set)
    keys = entries if is_set else [key for key, _ in entries]
    if not _UNPREDICTABLE.issuperset(map(type, keys)):
        _require_few_collisions(keys, room, is_set=is_set)
    collection.update(entries)
    return collection


def _require_few_collisions(keys: Sequence[object], room: Room | None, *, is_set: bool) -> None:
    hashes = list(map(hash, keys))
    if len(hashes) < LARGE:
        has_equal = len(set(hashes)) < len(hashes)
    elif room is not None:
        room.take(len(hashes))
        has_equal = _Model(hashes, is_set=is_set).has_equal
    else:
        ordered = sorted(hashes)
        has_equal = any(map(eq, ordered, islice(ordered, 1, None)))
    if has_equal:
        _require_few_comparisons(keys, hashes)


# -- different hashes ------------------------------------------------------------------


class _Model:
    """A model of the table that CPython makes of these hashes. Raises CollisionError.

    `has_equal` says whether two of them are equal.
    """

    def __init__(self, hashes: Sequence[int], *, is_set: bool) -> None:
        self.has_equal = False
        self._steps_left = _STEPS_PER_KEY * len(hashes)
        insert, self._table = self._set_slot if is_set else self._dict_slot, _empty(_FIRST_SIZE)
        room = _room(_FIRST_SIZE, is_set=is_set)
        start = 0
        while start < len(hashes):
            self._insert(hashes[start : start + room], insert)
            start += room
            if start < len(hashes):
                # A set moves its keys in the order of their slots, a dict in that of their arrival.
                moved = [h for h in self._table if h is not None] if is_set else hashes[:start]
                size = _grown(len(self._table), start, is_set=is_set)
                self._table = _empty(size)
                self._insert(moved, insert)
                room = _room(size, is_set=is_set) - start

    def _insert(self, hashes: Sequence[int], slot_of: Callable[[int], int]) -> None:
        for number in hashes:
            self._table[slot_of(number)] = number

    def _dict_slot(self, number: int) -> int:
        """Return the slot of a hash in a dict."""
        table, mask = self._table, len(self._table) - 1
        perturbation, index = number & _HASH_MASK, number & mask
        while table[index] is not None:
            if self._is_found(index, number):
                break
            perturbation >>= _SHIFT
            index = (index * 5 + perturbation + 1) & mask
        return index

    def _set_slot(self, number: int) -> int:
        """Return the slot of a hash in a set."""
        table, mask = self._table, len(self._table) - 1
        perturbation, index = number & _HASH_MASK, number & mask
        while True:
            last = index + _LINEAR if index + _LINEAR <= mask else index
            for near in range(index, last + 1):
                if table[near] is None or self._is_found(near, number):
                    return near
            perturbation >>= _SHIFT
            index = (index * 5 + 1 + perturbation) & mask

    def _is_found(self, index: int, number: int) -> bool:
        """Count a step to a full slot; return whether it has the same hash."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise CollisionError("keys that collide")
        if self._table[index] != number:
            return False
        self.has_equal = True
        return True


def _empty(size: int) -> _Table:
    return [None] * size


def _room(size: int, *, is_set: bool) -> int:
    """Return how many keys a table of this size holds before it grows."""
    return -(-(size - 1) * 3 // 5) if is_set else size * 2 // 3


def _grown(size: int, count: int, *, is_set: bool) -> int:
    """Return the size of the next table."""
    return size * 4 if is_set and count <= _MANY_KEYS else size * 2


# -- equal hashes ----------------------------------------------------------------------


def _require_few_comparisons(keys: Sequence[object], hashes: Sequence[int]) -> None:
    """Raise CollisionError if keys with equal hashes have too many parts to compare.

    Each is compared with all that came before.
    """
    order = sorted(range(len(keys)), key=hashes.__getitem__)
    steps_left = _STEPS_PER_PART * sum(map(_parts, keys))
    for _, indices in groupby(order, key=hashes.__getitem__):
        group = [keys[index] for index in indices]
        if len(group) > 1:
            steps_left -= len(group) * (len(group) - 1) // 2 * max(map(_steps, group))
            if steps_left < 0 or _need_long_division(group):
                raise CollisionError("keys that collide")


def _parts(key: Any) -> int:  # noqa: ANN401  (anything that has a hash)
    """Return how many parts a key has: one for each value, and for each piece of a long text."""
    kind = type(key)
    if kind is tuple or kind is frozenset:
        return 1 + sum(map(_parts, key))
    return 1 + len(key) // _PIECE if kind is str or kind is bytes else 1


def _steps(key: Any) -> int:  # noqa: ANN401  (anything that has a hash)
    """Return how many parts are compared with those of another key, at most."""
    kind = type(key)
    if kind is tuple:
        return 1 + sum(map(_steps, key))
    if kind is frozenset:
        # Each member is compared with all that have its hash.
        most = max((len(list(group)) for _, group in groupby(sorted(map(hash, key)))), default=0)
        return 1 + most * sum(map(_steps, key))
    return _parts(key)


def _need_long_division(group: Sequence[object]) -> bool:
    """Return whether an int of many digits may be compared with a Decimal: it is converted."""
    pending, has_long, kinds = list(group), False, set()
    while pending:
        part: Any = pending.pop()
        kind = type(part)
        kinds.add(kind)
        if kind is tuple or kind is frozenset:
            pending.extend(part)
        elif kind is int:
            has_long = has_long or part.bit_length() > _LONG_BITS
    return has_long and not kinds <= _NO_DECIMALS
