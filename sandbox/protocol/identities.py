"""Values that cannot change and come back: the side that asked gets the very object again.

In: the operands of one side's requests, and the answers to them. Both sides number the last of them
alike. An answer that is one of these very objects says its number beside its content:
`{"same": [is_answer, number, tree]}`. The side that asked looks the object up in its own table, and
takes it only if its content is that of the answer.

Only what is small and holds no other object is kept: a table that kept an object of the other
side's would change when that is dropped.
"""

from collections.abc import Callable, Sequence
from typing import Any

Tree = Any
"""A value that consists of the types of JSON."""
_Key = tuple[bool, int]

_KEPT_MAX, _LENGTH_MAX = 64, 1000
_ATOMS = frozenset({type(None), bool, float, str, int})
_TAGS = frozenset(
    "t fs b i c r D F date time datetime delta moment tz zone path address uuid".split()  # noqa: SIM905
)


class Identities:
    """The last operands of one side's requests, and the last answers to it."""

    def __init__(self) -> None:
        """Start with none."""
        self._counts = [0, 0]
        self._values: dict[_Key, tuple[object, Tree]] = {}
        self._keys: dict[int, _Key] = {}

    def note_operands(self, values: Sequence[object], trees: Sequence[Tree]) -> None:
        """Note the operands of a request, and the trees that they were written as."""
        for value, tree in zip(values, trees, strict=True):
            if type(tree) is dict and _is_kept(tree):
                self._note(value, tree, is_answer=False)

    def _note(self, value: object, tree: Tree, *, is_answer: bool) -> None:
        number = self._counts[is_answer]
        self._counts[is_answer] += 1
        old = is_answer, number - _KEPT_MAX
        if old in self._values:
            dropped, _ = self._values.pop(old)
            if self._keys.get(id(dropped)) == old:
                del self._keys[id(dropped)]
        self._values[is_answer, number] = value, tree
        self._keys[id(value)] = is_answer, number

    def write_answer(self, value: object, tree: Tree) -> Tree:
        """Add to the tree of an answer which known object it is, if it is one."""
        kind = type(tree)
        if not (kind is dict or kind is str) or not _is_kept(tree):
            return tree
        key = self._keys.get(id(value))
        if key is None:
            self._note(value, tree, is_answer=True)
            return tree
        return {"same": [*key, tree]}

    def read_answer(self, tree: Tree, read: Callable[[Tree], Any]) -> Any:  # noqa: ANN401  (any value)
        """Read an answer. Raises what *read* raises, and ValueError."""
        kind = type(tree)
        if not (kind is dict or kind is str):
            return read(tree)
        if kind is str or "same" not in tree:
            value = read(tree)
            if _is_kept(tree):
                self._note(value, tree, is_answer=True)
            return value
        is_answer, number, content = tree["same"]
        value = read(content)
        key = is_answer is True, number if type(number) is int else -1
        known, known_tree = self._values.get(key, (value, content))
        return known if known_tree == content else value


def _is_kept(tree: Tree) -> bool:
    if type(tree) is str:
        return 1 < len(tree) <= _LENGTH_MAX
    ((tag, content),) = tree.items()
    if tag not in _TAGS or type(content) not in (str, list) or len(content) > _LENGTH_MAX:
        return False
    return type(content) is str or _ATOMS.issuperset(map(type, content))
