"""Pieces of work, and what becomes of a piece whose actor was lost with it.

Nobody knows which sample ended an actor, or whether one did. So a piece is tried again whole, then
in halves, down to a single sample. That sample is given up after a few actors: it is an outage. All
others of its piece are scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.wire import Entry

ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Entries that one actor scores, and the index of each in the chunk *number*.

    `attempts` counts actors that were lost with it, and `outages` actors that could not score it,
    the last of which was on the node *avoided*.
    """

    number: int
    indexes: tuple[int, ...]
    entries: tuple[Entry, ...]
    full: bool
    attempts: int = 0
    outages: int = 0
    avoided: str = ""

    @property
    def is_suspect(self) -> bool:
        """Return whether it may be what ended an actor: nothing else may run beside it."""
        return self.attempts > 0

    def part(self, positions: Sequence[int]) -> "Piece":
        """Return the entries at these *positions* as a piece."""
        return replace(
            self,
            indexes=tuple(self.indexes[position] for position in positions),
            entries=tuple(self.entries[position] for position in positions),
        )

    def after_loss(self) -> "list[Piece]":
        """Return what to try after an actor was lost with this piece; nothing to give it up."""
        if len(self.entries) > 1 and self.attempts:
            middle = len(self.entries) // 2
            return [self.part(range(middle)), self.part(range(middle, len(self.entries)))]
        if self.attempts + 1 < ATTEMPTS_MAX:
            return [replace(self, attempts=self.attempts + 1)]
        return []

    def after_outages(self, positions: Sequence[int], node: str) -> "list[Piece]":
        """Return the entries at *positions*, outages on *node*, to try again; nothing to accept."""
        if not positions or self.outages + 1 >= ATTEMPTS_MAX:
            return []
        return [replace(self.part(positions), outages=self.outages + 1, avoided=node)]
