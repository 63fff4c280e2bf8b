"""The order of sets: it is the same on the other side, or known to be lost."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol import set_order
from nova_code_verifier.sandbox.protocol.encoding import EncodingError

Carry = Callable[[Any], Any]

WAYS: dict[str, Callable[[list[Any]], Any]] = {
    "filled by add": set,
    "from a dict": lambda items: set(dict.fromkeys(items)),
    "a copy": lambda items: set(items).copy(),
    "a union": lambda items: set(items[::2]) | set(items[1::2]),
    "from a frozenset": lambda items: set(frozenset(items)),
    "frozen, from a dict": lambda items: frozenset(dict.fromkeys(items)),
    "a copy of a copy": lambda items: set().union(set(items)),
    "frozen, a copy": lambda items: frozenset(set(items)),
}
on_every_way = pytest.mark.parametrize("make", WAYS.values(), ids=WAYS.keys())
numbers = st.integers(0, 40) | st.integers(0, 10**6)
keys = numbers | st.text(max_size=4) | st.tuples(numbers, numbers) | st.binary(max_size=2)


def _keeps_order(carry: Carry, values: Any) -> bool:
    arrived = carry(values)
    assert arrived == values
    assert type(arrived) is type(values)
    return list(arrived) == list(values)


def test_a_set_of_constants_keeps_its_order(carry: Carry) -> None:
    """Python makes a smaller table for constants than for items that are added."""
    values = {12, 13, 14, 15, 16}

    assert list(carry(values)) == list(values) == [16, 12, 13, 14, 15]


def test_a_set_that_was_filled_by_add_keeps_its_order(carry: Carry) -> None:
    """The same items in a larger table iterate otherwise."""
    values: set[int] = set()
    for number in range(12, 17):
        values.add(number)

    assert list(carry(values)) == list(values) == [12, 13, 14, 15, 16]


@on_every_way
@settings(max_examples=60)
@given(items=st.lists(keys, max_size=60))
def test_a_set_iterates_on_the_other_side_as_here(
    make: Callable[[list[Any]], Any], items: list[Any], carry: Carry
) -> None:
    """However a set was made, its order stays, with collisions and at every size."""
    assert _keeps_order(carry, make(items))


@pytest.mark.parametrize("count", [1, 5, 50, 500, 2000])
def test_a_set_of_texts_keeps_its_order(count: int, carry: Carry) -> None:
    """Hashes of texts are spread, so most sets of them have items that were in each other's way."""
    assert _keeps_order(carry, {f"item {number}" for number in range(count)})


def test_sets_in_containers_keep_their_order(carry: Carry) -> None:
    """Keys, members and items of other containers are sets, too."""
    (arrived,) = carry([{frozenset({8, 16, 24}): ({24, 16, 8},)}])

    assert [list(key) for key in arrived] == [list(frozenset({8, 16, 24}))]
    assert [list(value) for (value,) in arrived.values()] == [list({24, 16, 8})]


def _with_history(rng: random.Random, count: int) -> set[Any]:
    """Return a set from which items were removed in every way while it grew."""
    values: set[Any] = set()
    for _ in range(count):
        values.add(rng.randrange(10**6))
        match rng.randrange(6):
            case 0 | 1:
                values.discard(rng.choice(sorted(values)))
            case 2 if len(values) > 1:
                values.pop()
            case 3 if rng.random() < 1 / 20:
                values -= set(sorted(values)[::3])
    return values


@pytest.mark.parametrize("count", [10, 40, 200, 1000])
def test_a_set_from_which_items_were_removed_keeps_its_order(count: int, carry: Carry) -> None:
    """What was removed leaves its slot taken, so later items are elsewhere."""
    rng = random.Random(count)
    histories = [_with_history(rng, count) for _ in range(100)]

    kept = [_keeps_order(carry, values) for values in histories]

    assert sum(kept) >= len(kept) - 2 * (count < 60)  # of a few small ones it is not found


def test_a_lost_order_is_counted() -> None:
    """A set that is too large to look for its history is read as a set, and counted."""
    values = set(random.Random(1).sample(range(10**9), 150_000))
    lost = set_order.lost_orders()

    plan = set_order.plan(values, list(values))

    assert set_order.lost_orders() == lost + 1
    assert set_order.build(plan, list(values), is_frozen=False) == values


def test_a_set_of_very_many_items_is_read(carry: Carry) -> None:
    """No order is searched for a large set."""
    values = {f"item {number}" for number in range(10_000)}

    assert carry(values) == values


@pytest.mark.parametrize(
    "content",
    [
        [],
        [16, [0, 1]],
        [16, [0, 0, 1], [1, 2, 3]],
        [16, [0, 1], [1, 2, 3]],
        [16, [0, 1, 3], [1, 2, 3]],
        [16, [0, 1, -1], [1, 2, 3]],
        [16, [0, 1, 2.0], [1, 2, 3]],
        [16, [0, 1, True], [1, 2, 3]],
        [16, None, [1, 2, 3]],
        [16.0, [0, 1, 2], [1, 2, 3]],
        [17, [0, 1, 2], [1, 2, 3]],
        [-16, [0, 1, 2], [1, 2, 3]],
        [2**40, [0, 1, 2], [1, 2, 3]],
        [2048, [0, 1, 2], [1, 2, 3]],
        [16, [0, 1, 2, -17], [1, 2, 3]],
        [16, [-1, -1, 0, 1, 2], [1, 2, 3]],
        [0, [-9, 0, 1, 2], [1, 2, 3]],
        [2**60, [], []],
        [16, list(range(16)), list(range(16))],
        [0, [], list(range(100_001))],
        [16, [0, 1, 2], [1, 2, []]],
        [16, [0, 1, 2], 7],
    ],
)
@pytest.mark.parametrize("tag", ["so", "fso"])
def test_a_plan_that_no_set_has_is_refused(
    tag: str, content: object, read: Callable[[object], object]
) -> None:
    """A guest chooses no table far larger than its message, and no order of other items."""
    with pytest.raises(EncodingError):
        read({tag: content})
