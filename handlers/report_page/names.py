"""Number names, so that a column holds small numbers: verdicts, data sets, reasons, groups."""

from array import array
from collections import Counter
from collections.abc import Hashable, Sequence

UNKNOWN = -1
_KEPT_MAX = 2000
_OTHER = "other"


class Names:
    """The names so far, numbered in the order in which they came; each may have a label.

    "" and None have no number. With `is_bounded`, of many names the later ones become *other*: a
    stranger may have written them.
    """

    def __init__(self, *, is_bounded: bool = True) -> None:
        """Start empty."""
        self._numbers: dict[Hashable, int] = {}
        self._labels: list[str] = []
        self._is_bounded = is_bounded

    def number(self, name: Hashable, label: str = "") -> int:
        """Return the number of *name*."""
        if name in ("", None):
            return UNKNOWN
        if self._is_bounded and name not in self._numbers and len(self._numbers) >= _KEPT_MAX:
            name = _OTHER
        number = self._numbers.setdefault(name, len(self._numbers))
        if number == len(self._labels):
            self._labels.append(label)
        self._labels[number] = self._labels[number] or label
        return number

    def settle(self, columns: Sequence["array[int]"], *, limit: int) -> None:
        """Forget names that no column uses, and number the others again, also in *columns*.

        Of more than *limit* names, the rare ones become *other*.
        """
        counts = Counter(number for column in columns for number in column if number != UNKNOWN)
        common = [
            number for number, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
        rare = common[limit:]
        if rare:
            other = self.number(_OTHER)
            common = [*(number for number in common[:limit] if number != other), other]
        names, labels = list(self._numbers), self._labels
        chosen = sorted(common)
        new = {old: number for number, old in enumerate(chosen)} | {UNKNOWN: UNKNOWN}
        if rare:
            new |= dict.fromkeys(set(rare) - set(chosen), new[other])
        for column in columns:
            column[:] = array("i", [new[number] for number in column])
        self._numbers = {names[old]: number for number, old in enumerate(chosen)}
        self._labels = [labels[old] for old in chosen]

    @property
    def listed(self) -> list[tuple[Hashable, str]]:
        """The names with their labels, in the order of their numbers."""
        return list(zip(self._numbers, self._labels, strict=True))
