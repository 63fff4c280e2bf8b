"""Choose the samples of a page, where a file has more than a browser can hold.

In: the group of each sample. Out: whether it is kept. Whole prompt groups are kept or left out, by
a hash of the group, so that pass@k and groups of equal rewards stay true, and so that two runs keep
the same groups. Only of very few, huge groups, samples are left out by a hash of their places.
The choice depends on groups and places alone: the same file gives the same page.
"""

from hashlib import blake2b

SEED = 0
_BITS = 64
_GROUPS_MIN = 64


class Selection:
    """The share that is kept: all, then a half, a quarter, and so on. Runs of a page share one."""

    def __init__(self) -> None:
        """Keep everything."""
        self._limit = 1 << _BITS
        self.divides_groups = False

    @property
    def is_partial(self) -> bool:
        """Whether some samples are left out."""
        return self._limit < 1 << _BITS

    def halve(self, *, groups: int) -> None:
        """Leave out about half of what is kept, of which there are so many *groups*."""
        self.divides_groups = self.divides_groups or groups < _GROUPS_MIN
        self._limit //= 2

    def keeps(self, group_hash: int, line: int) -> bool:
        """Return whether the sample on a *line* (from 0) of a file is kept."""
        value = hash_of(f"{group_hash}:{line}") if self.divides_groups else group_hash
        return value < self._limit


def hash_of(value: object) -> int:
    """Return a hash that is the same in every process."""
    text = f"{SEED}:{type(value).__name__}:{value}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=_BITS // 8).digest(), "big")
