"""Make trees of JSON from the bytes of a fuzzer: mutated bytes are seldom JSON."""

from collections.abc import Sequence
from typing import Any

_DEPTH_MAX = 6


class NoPage:
    """A harness's page of progress that nobody reads."""

    def begin_wait(self) -> None:
        """Note nothing."""

    def end_wait(self) -> None:
        """Note nothing."""


_ATOMS = [None, True, False, 0.5, 2**70, "", "\ud800", "2024-01-01", "1E9", -1, 0, 1, 2, 1e308]


def make_tree(some: Any, words: Sequence[str], tags: Sequence[str], depth: int = 0) -> Any:
    """Make a tree from *some* bytes (`atheris.FuzzedDataProvider`), of these words and keys."""
    kind = some.ConsumeIntInRange(0, 5 if depth < _DEPTH_MAX else 2)
    if kind < 3:
        return some.PickValueInList([_ATOMS, words, [some.ConsumeUnicode(4)]][kind])
    inside = [make_tree(some, words, tags, depth + 1) for _ in range(some.ConsumeIntInRange(0, 4))]
    match kind:
        case 3:
            return inside
        case 4:
            return {some.PickValueInList(tags): inside}
    return {some.PickValueInList(words): part for part in inside}


def make_text(some: Any, parts: Sequence[str], count_max: int = 40) -> str:
    """Make a text of *parts*, repeated or not, with a few characters of *some* between them."""
    text = ""
    for _ in range(some.ConsumeIntInRange(0, count_max)):
        text += some.PickValueInList(parts) * some.PickValueInList([1, 1, 1, 2, 30])
        if some.ConsumeBool():
            text += some.ConsumeUnicode(3)
    return text
