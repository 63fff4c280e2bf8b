"""Compare the rows of two files: which rewards moved, by how much and why.

In: pairs of rows. Out: counts, and the largest moves.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from nova_code_verifier.handlers.cli.compare.rows import Row
from nova_code_verifier.verifier.rubric import DIMENSIONS

SEMANTICS = "semantics_version"
VERDICT = "verdict"
_MEASURED = frozenset({"duration_ms", "reruns"})  # these differ between two runs of anything
_TOLERANCE = 1e-9
_DIGITS = 9


class Outcome(StrEnum):
    """What became of the reward of a sample."""

    SAME = "same"
    UP = "moved up"
    DOWN = "moved down"
    NEWLY_UNGRADED = "newly ungraded"
    NEWLY_GRADED = "newly graded"
    STILL_UNGRADED = "ungraded in both"


UNMOVED = frozenset({Outcome.SAME, Outcome.STILL_UNGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A metric, or the verdict, with its old and new value; None where a row has none."""

    name: str
    old: float | str | None
    new: float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A sample whose reward moved, and what else changed in its row: the dimensions first."""

    id: object
    old: float | None
    new: float | None
    changes: tuple[Change, ...]

    @property
    def size(self) -> float | None:
        """The difference of the rewards; None if a row has none."""
        return None if self.old is None or self.new is None else self.new - self.old


@dataclass(slots=True)
class Side:
    """What all rows of one file have in common: how often each version and each rubric occurs.

    `only_here` counts the rows of samples that the other file does not have; `ids` are the first.
    """

    versions: Counter[float | None] = field(default_factory=Counter)
    paid: Counter[frozenset[str]] = field(default_factory=Counter)
    only_here: int = 0
    ids: list[object] = field(default_factory=list)
    reward_sum: float = 0.0

    def add(self, row: Row) -> None:
        """Count a row."""
        self.versions[row.metrics.get(SEMANTICS)] += 1
        self.paid[row.schema.paid] += 1


@dataclass(slots=True)
class Comparison:
    """The result so far.

    `moves` are the *limit* largest, `regraded` as many of the first samples that gained or lost
    their verdict. `causes` counts in how many moved rows each metric changed, and `unexplained`
    the moved rows in which none did.
    """

    limit: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    graded_count: int = 0
    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    regraded: list[Move] = field(default_factory=list)
    _largest: list[tuple[float, int, Move]] = field(default_factory=list)

    @property
    def matched_count(self) -> int:
        """The number of samples that both files have."""
        return self.outcomes.total()

    @property
    def has_change(self) -> bool:
        """Whether a reward moved, or a file lacks a sample of the other one."""
        moved = self.matched_count - sum(self.outcomes[outcome] for outcome in UNMOVED)
        return bool(moved or self.old.only_here or self.new.only_here)

    @property
    def moves(self) -> list[Move]:
        """The largest moves, the largest first."""
        return [move for *_, move in sorted(self._largest, key=lambda item: item[:2], reverse=True)]

    def add(self, old: Row | None, new: Row | None) -> None:
        """Count a sample."""
        for side, row, other in ((self.old, old, new), (self.new, new, old)):
            if row is not None:
                side.add(row)
                if other is None:
                    side.only_here += 1
                    if len(side.ids) < self.limit:
                        side.ids.append(row.id)
        if old is not None and new is not None:
            self._add_pair(old, new)

    def _add_pair(self, old: Row, new: Row) -> None:
        outcome = _outcome(old.reward, new.reward)
        self.outcomes[outcome] += 1
        if old.reward is not None and new.reward is not None:
            self.graded_count += 1
            self.old.reward_sum += old.reward
            self.new.reward_sum += new.reward
        if outcome in UNMOVED:
            return
        move = Move(id=old.id, old=old.reward, new=new.reward, changes=_changes(old, new))
        self.causes.update(change.name for change in move.changes)
        self.unexplained += not move.changes
        if move.size is None:
            if len(self.regraded) < self.limit:
                self.regraded.append(move)
            return
        # Of moves of one size, the first stays: a later one has a lower number.
        size = round(abs(move.size), _DIGITS)  # without the noise of floats
        heapq.heappush(self._largest, (size, -self.matched_count, move))
        if len(self._largest) > self.limit:
            heapq.heappop(self._largest)


def compare(pairs: Iterable[tuple[Row | None, Row | None]], *, limit: int) -> Comparison:
    """Compare pairs of rows, and keep the *limit* largest moves."""
    comparison = Comparison(limit)
    for old, new in pairs:
        comparison.add(old, new)
    return comparison


def _outcome(old: float | None, new: float | None) -> Outcome:
    if old is None:
        return Outcome.STILL_UNGRADED if new is None else Outcome.NEWLY_GRADED
    if new is None:
        return Outcome.NEWLY_UNGRADED
    if abs(new - old) <= _TOLERANCE:
        return Outcome.SAME
    return Outcome.UP if new > old else Outcome.DOWN


def _changes(old: Row, new: Row) -> tuple[Change, ...]:
    before, after = old.metrics, new.metrics
    names = [name for name in (*DIMENSIONS, *before, *after) if name not in _MEASURED]
    changes = [
        Change(name=name, old=before.get(name), new=after.get(name))
        for name in dict.fromkeys(names)
        if before.get(name) != after.get(name)
    ]
    if old.verdict and new.verdict and old.verdict != new.verdict:
        changes.insert(0, Change(name=VERDICT, old=old.verdict, new=new.verdict))
    return tuple(changes)
