"""Count the prompt groups whose rewards are all equal: a trainer learns nothing from these.

In: the group of each sample, and its reward. Out: how many groups there are, and how many of them
are equal. GRPO and its relatives compare the reward of a completion with those of the other
completions of its prompt. In an equal group, no completion is better or worse than another.
"""

from collections.abc import Sequence
from hashlib import blake2b

# The first reward, whether there are more, whether all are equal.
_State = tuple[float, bool, bool]


class PromptGroups:
    """The groups so far, each of about 200 bytes. A single sample is no group."""

    def __init__(self) -> None:
        """Start empty."""
        self._states: dict[int, _State] = {}

    def add(self, group: int | None, reward: float | None) -> None:
        """Count a sample, unless its group is unknown or it has no reward."""
        if group is None or reward is None:
            return
        first, _, is_equal = self._states.get(group, (reward, False, True))
        self._states[group] = (first, group in self._states, is_equal and reward == first)

    @property
    def count(self) -> int:
        """The number of groups."""
        return sum(is_group for _, is_group, _ in self._states.values())

    @property
    def equal_count(self) -> int:
        """The number of groups whose rewards are all equal."""
        return sum(is_group and is_equal for _, is_group, is_equal in self._states.values())


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
