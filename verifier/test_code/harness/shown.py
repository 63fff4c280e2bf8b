"""Write an answer of the candidate's for people to see: `ItemReport.shown`.

In: an answer. Out: JSON, `{"is": tree}`, or "" for one that is too long to be shown.
"""

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from nova_code_verifier.sandbox.protocol import encoding
from nova_code_verifier.sandbox.protocol.encoding import EncodingError

_PARTS_MAX, _CHARACTERS_MAX = 300, 2048
_ATOMS = (type(None), bool, int, float, complex, str, bytes)
_COLLECTIONS = (list, tuple, set, frozenset, deque)
_PLAIN = frozenset({*_ATOMS, *_COLLECTIONS, dict, bytearray})
_AN_ITEM = object()  # in the place of an object that must not be kept alive
_AN_OBJECT = '{"is":{"h":0}}'


class LastAnswer:
    """The last answer in a test item. It keeps no object of the candidate's alive."""

    def __init__(self) -> None:
        """Start without an answer."""
        self.forget()

    def forget(self) -> None:
        """Begin an item, or note that there was no answer but an exception."""
        self._values: list[Any] = []
        self._items: list[object] = []
        self._is_object = False

    def note(self, value: Any) -> None:  # noqa: ANN401  (any answer)
        """Note an answer."""
        self._items = []
        self._is_object = type(value) not in _PLAIN
        self._values = [] if self._is_object else [value]

    def note_items(self, items: Sequence[object]) -> None:
        """Note the next items of an iteration; none at its end, when all items are the answer."""
        known = self._items
        if len(known) <= _PARTS_MAX:
            known.extend(item if type(item) in _PLAIN else _AN_ITEM for item in items)
        self.note(items[-1] if items else known)
        self._items = known if items else []

    def written(self) -> str:
        """Return the last answer as JSON."""
        if self._is_object:
            return _AN_OBJECT
        if not self._values or _is_long(self._values):
            return ""
        try:
            text = json.dumps({"is": encoding.to_tree(self._values[0])}, separators=(",", ":"))
        except EncodingError:  # an object in a collection
            return _AN_OBJECT
        return text if len(text) <= _CHARACTERS_MAX else ""


def _is_long(values: list[Any]) -> bool:
    """Return whether there is more in a value than is worth the time to write it."""
    pending, count, length = list(values), 0, 0
    while pending:
        part = pending.pop()
        kind = type(part)
        if kind in (str, bytes, bytearray):
            length += len(part)
        elif kind is int:
            length += part.bit_length() // 3
        elif kind in _COLLECTIONS or kind is dict:
            count += len(part)
            if count <= _PARTS_MAX:
                pending.extend(part if kind is not dict else (*part, *part.values()))
        if count > _PARTS_MAX or length > _CHARACTERS_MAX:
            return True
    return False
