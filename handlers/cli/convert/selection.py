"""Choose tests, so that a reference stays small.

In: the sizes of the test cases, limits, a seed. Out: the indices of the chosen ones, in order.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many cases a reference may have, and how many bytes these may take; None: any."""

    cases: int | None = None
    size_bytes: int | None = None

    def allows(self, count: int, size_bytes: int) -> bool:
        """Return whether *count* cases of *size_bytes* together are within the budget."""
        few = self.cases is None or count <= self.cases
        return few and (self.size_bytes is None or size_bytes <= self.size_bytes)

    def half(self) -> "Budget":
        """Return half of this budget: of an odd number of cases, the larger half."""
        return Budget(
            cases=None if self.cases is None else (self.cases + 1) // 2,
            size_bytes=None if self.size_bytes is None else self.size_bytes // 2,
        )


def choose_cases(
    sizes: Sequence[int], budget: Budget, *, seed: str, groups: Sequence[int] = ()
) -> list[int]:
    """Return the indices of the cases to keep: all, if they are within the *budget*.

    Otherwise the longest ones, which test the speed of a program, fill half of the budget. Others,
    drawn at random with *seed*, fill the rest. If cases have *groups*, the smallest case of each
    group comes first, because no group may lose all its cases. The result is empty if nothing fits.
    """
    indices = range(len(sizes))
    if budget.allows(len(sizes), sum(sizes)):
        return list(indices)
    chosen: set[int] = set()
    by_size = sorted(indices, key=lambda index: (-sizes[index], index))
    of_group = {groups[index]: index for index in by_size} if groups else {}
    _take(chosen, sorted(of_group.values()), sizes, budget)
    if not chosen.issuperset(of_group.values()):
        return []
    _take(chosen, by_size, sizes, budget.half())
    drawn = random.Random(seed).sample(indices, len(sizes))  # noqa: S311  (no secret)
    _take(chosen, drawn, sizes, budget)
    return sorted(chosen)


def _take(chosen: set[int], order: Sequence[int], sizes: Sequence[int], budget: Budget) -> None:
    """Add to *chosen* what fits into the *budget*, in this order."""
    used = sum(sizes[index] for index in chosen)
    for index in order:
        if index not in chosen and budget.allows(len(chosen) + 1, used + sizes[index]):
            chosen.add(index)
            used += sizes[index]
