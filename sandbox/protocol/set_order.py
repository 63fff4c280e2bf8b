"""The order in which a set iterates, kept between two processes whose hashes agree.

A set iterates by the slots of its table. Which slot an item is in depends on the size of the table
and on what came before it: `{12, 13, 14, 15, 16}` in a program starts with 16, and the same set
filled by `add` starts with 12. An item that is removed leaves its slot taken until the table grows.
The writer looks for a way to build its set again, and checks it. The reader follows that way, and
checks it, too.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from operator import is_
from typing import Any, NamedTuple

_SMALL_TABLE = 8
_ITEMS_MAX = 100_000
_SEARCHED_MAX = 20_000  # beyond, a search takes too long
_PERMUTED_MAX = 6
_PROBES = (12, 40)
_SLOTS_PER_ITEM_MAX = 64
_SLOTS_MAX = 1024  # of a set of few items
_SLOT_BYTES = 16
_EMPTY_BYTES = set().__sizeof__()

_KNOWN_MAX = 100

_lost = [0]
_known: dict[tuple[int, int, bool], "Plan"] = {}  # tests send the same set again and again


class Plan(NamedTuple):
    """How to build a set: the size of its table, and what to insert into it, in this order."""

    slots: int
    """The size of the table. 0: as large as it gets by itself."""
    order: list[int]
    """The indices of the items; -1 - n stands for what was removed from slot n. []: as they are."""


SIMPLE = Plan(0, [])


class _Removed:
    """Takes a slot, and is removed when the set is full."""

    __slots__ = ("_hash",)

    def __init__(self, slot: int) -> None:
        self._hash = slot | _HIGH_BITS

    def __hash__(self) -> int:
        return self._hash


_HIGH_BITS = 0x2B5C_91D3_0000_0000  # so that no comparison with an item is needed


def lost_orders() -> int:
    """Return how many sets this process has written or read without their order, so far."""
    return _lost[0]


def plan(values: set[Any] | frozenset[Any], items: list[Any]) -> Plan:
    """Return how to build a set that iterates as *values* does; *items* is its iteration.

    An order that cannot be built again is counted in `lost_orders`.
    """
    is_frozen = isinstance(values, frozenset)
    simple: Any = frozenset(items) if is_frozen else set(items)
    if _iterates_as(simple, items):
        return SIMPLE
    found = None
    if len(items) <= _ITEMS_MAX:
        found = _search(items, _slots(values), _slots(simple), is_frozen=is_frozen)
    if found is None:
        _lost[0] += 1
    return found or SIMPLE


def _slots(values: Any) -> int:  # noqa: ANN401  (a set or a frozenset)
    beyond = values.__sizeof__() - _EMPTY_BYTES
    return beyond // _SLOT_BYTES if beyond > 0 else _SMALL_TABLE


def _search(items: list[Any], slots: int, simple_slots: int, *, is_frozen: bool) -> Plan | None:
    key = (hash(tuple(items)), slots, is_frozen)
    known = _known.get(key)
    if known is not None and _is_right(known, items, is_frozen=is_frozen):
        return known
    # A set that grows by itself passes through smaller tables, so try the size alone first.
    sizes = [slots] if _can_have(len(items), slots, is_frozen=is_frozen) else []
    sizes += [0] if simple_slots == slots else []
    for order in _orders(items, slots):
        for size in sizes:
            plan = Plan(size, order)
            if _is_right(plan, items, is_frozen=is_frozen):
                if len(_known) >= _KNOWN_MAX:
                    _known.clear()
                _known[key] = plan
                return plan
    return None


def _is_right(plan: Plan, items: list[Any], *, is_frozen: bool) -> bool:
    if is_frozen and plan.order and min(plan.order) < 0:
        return False
    is_whole = not plan.order or len(plan.order) >= len(items)
    return is_whole and _iterates_as(build(plan, items, is_frozen=is_frozen), items)


def _orders(items: list[Any], slots: int) -> Iterator[list[int]]:
    """Yield orders of insertion that may be right, the likely ones first."""
    yield []
    for probes in _PROBES if len(items) <= _SEARCHED_MAX else ():
        yield _insertion_order(items, slots, probes)
    if len(items) <= _PERMUTED_MAX:
        yield from map(list, permutations(range(len(items))))


def _insertion_order(items: list[Any], slots: int, probes: int) -> list[int]:
    """Return an order in which the items get into slots of that order; [] if there seems none.

    An item that is not in the first slot that it tries found that one taken: by an item that came
    before, or by what was removed later.
    """
    paths = [_path(hash(item), slots, probes) for item in items]
    chosen = _rising_slots(paths)
    taken = {slot: index for index, slot in enumerate(chosen)}
    tried = [path[: path.index(own)] for path, own in zip(paths, chosen, strict=False)]
    before = [[taken[slot] for slot in path if slot in taken] for path in tried]
    order = dict.fromkeys(-1 - slot for path in tried for slot in path if slot not in taken)
    order |= dict.fromkeys(index for index, others in enumerate(before) if not others)
    pending = [index for index, others in enumerate(before) if others][::-1]
    steps = 0
    while pending:
        waits_for = [index for index in before[pending[-1]] if index not in order]
        steps += 1
        if waits_for and steps < 4 * len(items):  # else they wait for each other
            pending.extend(waits_for)
        else:
            order[pending.pop()] = None
    return list(order)


def _rising_slots(paths: list[list[int]]) -> list[int]:
    """Choose a slot of each path, so that they rise with the fewest tries; [] if they cannot."""
    rows: list[dict[int, tuple[int, int]]] = []  # slot: the tries so far, and the slot before
    best = [(-1, 0)]  # slots that rise, with tries that fall
    for path in paths:
        row: dict[int, tuple[int, int]] = {}
        for tries, slot in enumerate(path):
            place = bisect_left(best, (slot,)) - 1
            if place >= 0 and slot not in row:
                before, total = best[place]
                row[slot] = (total + tries, before)
        best = []
        for slot in sorted(row):
            if not best or row[slot][0] < best[-1][1]:
                best.append((slot, row[slot][0]))
        if not best:
            return []
        rows.append(row)
    chosen = [best[-1][0]]
    for row in reversed(rows[1:]):
        chosen.append(row[chosen[-1]][1])
    return chosen[::-1]


def _path(hashed: int, slots: int, probes: int) -> list[int]:
    """Return the slots that CPython tries for an item (`set_add_entry` in setobject.c)."""
    mask = slots - 1
    slot, perturbed = hashed & mask, hashed & (2**64 - 1)
    path: list[int] = []
    while len(path) < probes:
        path.extend(range(slot, slot + 10) if slot + 9 <= mask else (slot,))
        perturbed >>= 5
        slot = (slot * 5 + 1 + perturbed) & mask
    return path


def fill(target: set[Any], plan: Plan, items: Sequence[Any]) -> None:
    """Fill a set with the items by its plan."""
    set.clear(target)
    ordered: list[Any] = [
        items[index] if index >= 0 else _Removed(-1 - index) for index in plan.order
    ] or [*items]
    removed = [item for item in ordered if type(item) is _Removed]
    if plan.slots:
        first = min(len(ordered), plan.slots // 2 - 1)
        # A set that is updated from a dict gets more than two slots for each item.
        table: dict[Any, None] = dict.fromkeys(ordered[:first])
        least = max(plan.slots // 4, _SMALL_TABLE // 2 + 1)
        removed += map(_Removed, range(least - first))
        set.update(target, table | dict.fromkeys(removed))
        ordered = ordered[first:]
    set.update(target, ordered)
    for item in removed:  # one by one, which leaves the table as it is
        set.discard(target, item)


def build(plan: Plan, items: Sequence[Any], *, is_frozen: bool) -> Iterable[Any]:
    """Build a set of the items by its plan."""
    if not is_frozen:
        built: set[Any] = set()
        fill(built, plan, items)
        return built
    ordered = [items[index] for index in plan.order] or [*items]
    if not plan.slots:
        return frozenset(ordered)
    first = min(len(ordered), plan.slots // 2 - 1)
    return frozenset(dict.fromkeys(ordered[:first])).union(ordered[first:])


def check(built: Iterable[Any], items: list[Any]) -> None:
    """Count a set that does not iterate as *items*."""
    if not _iterates_as(built, items):
        _lost[0] += 1


def read_plan(slots: object, order: object, count: int, *, is_frozen: bool) -> Plan:
    """Return the plan that another process wrote. Raises ValueError if it is none."""
    if count > _ITEMS_MAX or type(slots) is not int:
        raise ValueError("the size of a set's table is out of range")
    if slots != 0 and not _can_have(count, slots, is_frozen=is_frozen):
        raise ValueError("the size of a set's table is out of range")
    if type(order) is not list or not all(type(index) is int for index in order):
        raise ValueError("the order of a set is no list of indices")
    ranked = sorted(order) or list(range(count))
    removed = len(ranked) - count
    if ranked[max(removed, 0) :] != list(range(count)):
        raise ValueError("the order of a set does not name each item once")
    if removed and (is_frozen or ranked[0] < -(slots or _SMALL_TABLE) or ranked[removed - 1] >= 0):
        raise ValueError("the order of a set names no slot of its table")
    if len(set(order)) != len(order):
        raise ValueError("the order of a set names a slot twice")
    return Plan(slots, order)


def _can_have(count: int, slots: int, *, is_frozen: bool) -> bool:
    """Return whether `build` can make a table of that size for so many items."""
    slots_max = max(_SLOTS_PER_ITEM_MAX * count, _SLOTS_MAX * (count > 1))
    is_size = _SMALL_TABLE < slots <= slots_max and slots & (slots - 1) == 0
    return is_size and 5 * count < 3 * slots and not (is_frozen and 4 * count < slots)


def _iterates_as(built: Iterable[Any], items: list[Any]) -> bool:
    return all(map(is_, built, items))
