"""Kinds of mirrored containers: what changes on one side changes on the other."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol import encoding
from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.mirrors import KINDS, Kind, Mirrors


class NoOthers:
    """A side that has no values but plain data and containers."""

    has_read_deep = False

    takes = frozenset(KINDS)
    mirrors: Mirrors

    def write_value(self, value: Any) -> Any:
        """Write plain data."""
        return encoding.to_tree(value, self)

    def read_value(self, tag: str, content: Any) -> object:
        """Read plain data."""
        return encoding.from_tree({tag: content}, self)

    def kind_of(self, _value: object) -> Kind | None:
        """Return None: nothing else is mirrored."""
        return None

    def new_object(self, _tag: str, _content: Any) -> tuple[object, Kind]:
        """Refuse every tag."""
        raise EncodingError("an unknown tag")

    def to_tree(self, value: object, _walk: Any, _plain: Any) -> object:
        """Write a container."""
        return self.mirrors.write(value)

    def from_tree(self, tag: str, content: Any, _walk: Any) -> object:
        """Read a container."""
        return self.mirrors.read({tag: content})


def _side(*, forgets: bool) -> Mirrors:
    others = NoOthers()
    others.mirrors = Mirrors(others, forgets=forgets)
    return others.mirrors


def _send(sender: Mirrors, receiver: Mirrors, value: object) -> Any:
    fields: dict[str, Any] = {}
    (tree,) = sender.write_message(fields, [value])
    receiver.read_message(encoding.load(encoding.dump(fields)))
    return receiver.read(encoding.load(encoding.dump(tree)))


def _reorder(value: OrderedDict[str, int]) -> None:
    value.move_to_end("a")


def _set_field(value: SimpleNamespace) -> None:
    value.b = [2]
    del value.a


CHANGES: list[tuple[Any, Callable[[Any], object]]] = [
    (OrderedDict(a=1, b=2), _reorder),
    (OrderedDict(a=1, b=2), lambda value: value.popitem(last=False)),
    (OrderedDict(a=1), lambda value: value.update(b=2)),
    (SimpleNamespace(a=1), _set_field),
    (Counter("ab"), lambda value: value.update("bc")),
    (defaultdict(list), lambda value: value["new"]),
    ({12, 13, 14, 15, 16}, lambda value: value.discard(16)),
    (bytearray(b"a"), lambda value: value.extend(b"bc")),
]


@pytest.mark.parametrize(
    ("value", "change"), CHANGES, ids=[type(value).__name__ for value, _ in CHANGES]
)
def test_a_change_of_a_container_comes_back(value: Any, change: Callable[[Any], object]) -> None:
    """The copy is the same, a change of the copy is made here, and it is the same object."""
    tests, candidate = _side(forgets=True), _side(forgets=False)
    copy = _send(tests, candidate, value)
    assert repr(copy) == repr(value)
    assert copy == value
    change(copy)

    assert _send(candidate, tests, copy) is value
    assert repr(value) == repr(copy)
    assert value == copy


def test_a_deque_has_no_maximum_that_none_can_have() -> None:
    """A number that does not fit raises EncodingError, and not OverflowError."""
    with pytest.raises(EncodingError):
        _side(forgets=True).read_message({"new": [["q", [2**70, []]]]})
