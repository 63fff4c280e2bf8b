"""What becomes of a piece whose actor was lost: nothing is lost or doubled, and it ends."""

import pytest

from nova_code_verifier.handlers.ray_cluster.pieces import ATTEMPTS_MAX, Piece
from nova_code_verifier.handlers.wire import Entry


def piece(count: int) -> Piece:
    """Return a piece of *count* entries, whose ids are their indexes."""
    entries = tuple(Entry(id=number) for number in range(count))
    return Piece(number=7, indexes=tuple(range(count)), entries=entries, full=False)


def indexes(pieces: list[Piece]) -> list[tuple[int, ...]]:
    """Return the indexes of each piece; every entry must still be at its own."""
    for one in pieces:
        assert [entry.id for entry in one.entries] == list(one.indexes)
    return [one.indexes for one in pieces]


def test_a_lost_piece_is_repeated_whole_and_then_in_halves() -> None:
    """Its node may have died: that is no reason to suspect a sample of it."""
    [again] = piece(5).after_loss()

    assert indexes([again]) == [(0, 1, 2, 3, 4)]
    assert indexes(again.after_loss()) == [(0, 1), (2, 3, 4)]


def test_only_a_piece_that_was_lost_is_suspect() -> None:
    """Until it is scored, nothing may run beside it, or beside a part of it."""
    [again] = piece(2).after_loss()

    assert not piece(2).is_suspect
    assert again.is_suspect
    assert all(half.is_suspect for half in again.after_loss())


@pytest.mark.parametrize("count", [1, 2, 3, 32, 33])
@pytest.mark.parametrize("poison", [0, -1])
def test_a_sample_that_ends_every_actor_is_given_up_alone(count: int, poison: int) -> None:
    """All others are scored in pieces without it, each once."""
    poison %= count
    scored: list[int] = []
    losses, waiting = 0, [piece(count)]
    while waiting:
        one = waiting.pop()
        if poison in one.indexes:
            again = one.after_loss()
            losses += 1
            assert again or one.indexes == (poison,)
            waiting += again
        else:
            scored += one.indexes

    assert sorted([*scored, poison]) == list(range(count))
    assert losses <= ATTEMPTS_MAX + count.bit_length()


def test_outages_are_repeated_elsewhere_and_then_accepted() -> None:
    """Only they are: the other entries of the piece have their samples."""
    [again] = piece(4).after_outages([1, 3], "node-1")

    assert indexes([again]) == [(1, 3)]
    assert again.avoided == "node-1"
    assert not again.is_suspect
    [last] = again.after_outages([0], "node-2")
    assert indexes([last]) == [(1,)]
    assert last.after_outages([0], "node-1") == []
    assert piece(4).after_outages([], "node-1") == []
