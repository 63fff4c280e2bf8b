"""Count the prompt groups whose rewards are all equal: a trainer learns nothing from these.

In: the group of each sample, and its reward. Out: how many groups there are, and how many of them
are equal. GRPO and its relatives compare the reward of a completion with those of the other
completions of its prompt. In an equal group, no completion is better or worse than another.
"""

from collections.abc import Sequence
from hashlib import blake2b

# The first reward, whether there are more, whether all are equal.
_State = tuple[float, bool, bool]


GROUPS_KEPT = 50_000


class PromptGroups:
    """The groups so far, of which 10 MB are kept at most. A single sample is no group.

    If there are more than `GROUPS_KEPT`, half of them is forgotten, then half of the rest, and so
    on. The numbers of groups are hashes, so those that stay are a random sample, and the counts are
    estimates.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._states: dict[int, _State] = {}
        self._halvings = 0

    def add(self, group: int | None, reward: float | None) -> None:
        """Count a sample, unless its group is unknown or it has no reward."""
        if group is None or reward is None or not self._keeps(group):
            return
        first, _, is_equal = self._states.get(group, (reward, False, True))
        self._states[group] = (first, group in self._states, is_equal and reward == first)
        if len(self._states) > GROUPS_KEPT:
            self._halvings += 1
            self._states = {key: state for key, state in self._states.items() if self._keeps(key)}

    def _keeps(self, group: int) -> bool:
        return group % (1 << self._halvings) == 0

    @property
    def is_estimate(self) -> bool:
        """Return whether the counts are those of a part of the groups, times its share."""
        return self._halvings > 0

    @property
    def count(self) -> int:
        """The number of groups."""
        return sum(is_group for _, is_group, _ in self._states.values()) << self._halvings

    @property
    def equal_count(self) -> int:
        """The number of groups whose rewards are all equal."""
        states = self._states.values()
        return sum(is_group and is_equal for _, is_group, is_equal in states) << self._halvings


def group_of(prompt: Sequence[object], reference: object) -> int | None:
    """Return a number that the samples of one prompt share; None if that is not known.

    Samples without a *prompt* belong together if they have the same *reference*. The number has 63
    bits, and is the same in every process.
    """
    if not prompt and reference is None:
        return None
    try:
        text = repr(tuple(prompt) if prompt else reference)
    except (ValueError, RecursionError):  # a huge number has no `repr`
        return None
    digest = blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
