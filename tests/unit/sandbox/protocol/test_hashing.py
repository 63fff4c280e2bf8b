"""Keys that somebody chose cost no more than honest ones, and honest ones are never refused.

Nothing here looks at a clock: the work is counted.
"""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol import hashing
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode
from nova_code_verifier.sandbox.protocol.hashing import LARGE, CollisionError, Room, hashed

MANY = 2 * LARGE
SAME_HASH = 2**61 - 1  # what Python hashes ints by


def _room(keys: int) -> Room:
    return Room(lambda: keys)


def _both(keys: Sequence[Any]) -> list[Callable[[], Any]]:
    """Return functions that make a set, and a dict, of keys."""
    return [
        lambda: hashed(set(), [*keys], _room(len(keys))),
        lambda: hashed({}, [(key, 0) for key in keys], _room(len(keys))),
    ]


def _long_tuples() -> list[Any]:
    """Return tuples with one hash, that differ at their ends: -1 and -2 have the same."""
    return [(*[999] * 190, *ends) for ends in product((-1, -2), repeat=9)]


def _nested_sets(depth: int) -> list[Any]:
    """Return frozen sets with one hash, made of frozen sets with one hash, and so on."""
    level: list[Any] = [number * SAME_HASH for number in range(8**depth)]
    for _ in range(depth - 1):
        level = [frozenset(level[start : start + 8]) for start in range(0, len(level), 8)]
    return level


def _chain(size: int = 2 * MANY) -> list[int]:
    """Return ints with different hashes that lead through half of a dict's table, slot by slot."""
    mask, slot = size - 1, 1
    position: dict[int, int] = {}
    while len(position) < size // 2:
        position[slot] = len(position)
        slot = slot * 5 + 1 & mask
    later: list[int] = []
    number = size
    while len(later) < size // 16:
        number += 1
        rest, slot = number, number & mask
        while rest and slot in position:
            rest >>= 5
            slot = slot * 5 + rest + 1 & mask
        if position.get(slot, size) < size // 8:
            later.append(number)
    return [*position, *later]


HOSTILE: dict[str, Callable[[], list[Any]]] = {
    "ints": lambda: [number * SAME_HASH for number in range(300)],
    "many ints": lambda: [number * SAME_HASH for number in range(MANY)],
    "tuples": _long_tuples,
    "tuples of texts": lambda: [("x" * 9999, *ends) for ends in product((-1, -2), repeat=9)],
    "sets of sets": lambda: _nested_sets(4),
    "a long int and a Decimal": lambda: [1 + SAME_HASH * 2**9999, Decimal(1)],
    "the same key": lambda: [(1, 2)] * 300,
}


@pytest.mark.parametrize("make_keys", HOSTILE.values(), ids=HOSTILE)
def test_keys_with_equal_hashes_are_refused(make_keys: Callable[[], list[Any]]) -> None:
    """However large they are, and wherever the comparisons happen."""
    for make in _both(make_keys()):
        with pytest.raises(CollisionError):
            make()


def test_hashes_that_lead_from_slot_to_slot_are_refused() -> None:
    """No two are equal, and each costs thousands of steps."""
    keys = _chain()
    assert len(set(map(hash, keys))) == len(keys)

    with pytest.raises(CollisionError):
        hashed({}, [(key, 0) for key in keys], _room(len(keys)))


HONEST: dict[str, Sequence[Any]] = {
    "ints": range(-MANY, MANY),
    "multiples": [number << 45 for number in range(MANY)],
    "powers": [2**number for number in range(3000)],
    "floats": [number / 1000 for number in range(MANY)],
    "dyadic floats": [number / 2**20 for number in range(MANY)],
    "pairs": [*product(range(-50, 50), repeat=2)],
    "points": [*product(range(-2, 3), repeat=6)],
    "signs": [*product((-1, -2), repeat=7)],
    "choices": [*map(frozenset, combinations(range(-5, 13), 4))],
    "texts": [*map(str, range(MANY))],
    "long texts": [("x" * 9999, number) for number in range(-5, 5)],
    "a Fibonacci sequence": [round(1.618**number) for number in range(80)],
}


@pytest.mark.parametrize("keys", HONEST.values(), ids=HONEST)
def test_honest_keys_are_accepted(keys: Sequence[Any]) -> None:
    """Some of them collide, and many of them share their last bits."""
    made = [make() for make in _both(keys)]

    assert made == [set(keys), dict.fromkeys(keys, 0)]


@pytest.mark.parametrize("count", [3, 100, 1000, MANY, 60_000])
def test_the_model_has_the_order_of_a_real_set(count: int) -> None:
    """A set iterates over its slots, so its order shows the slot of each hash."""
    chance = random.Random(count)
    numbers = [chance.getrandbits(60) & ~0xFF for _ in range(count)]

    model = hashing._Model(numbers, is_set=True)

    built: set[int] = set()
    built.update(numbers)
    assert [number for number in model._table if number is not None] == [*built]


def test_large_tables_have_as_many_keys_as_there_is_room() -> None:
    """All together; small ones, and those of texts, need no room."""
    data = encode([set(range(LARGE)), set(range(LARGE)), {"a": 1}, {1, 2}])

    assert decode(data, _room(2 * LARGE))
    with pytest.raises(EncodingError, match="keys"):
        decode(data, _room(2 * LARGE - 1))
    assert decode(encode([set(range(LARGE - 1))]), _room(0))
    assert decode(encode(dict.fromkeys(map(str, range(MANY)))), _room(0))
