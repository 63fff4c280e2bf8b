"""Values of classes that tests and candidate share, as the prompt defines them for both.

Each side has a class of its own by that name, so its instances travel by value: members of an
enumeration by their names, named tuples by their items, other objects as nodes of a table. Used
on both sides of the wall. Must not know: who asked, or what for.
"""

from collections.abc import Mapping
from enum import Enum, EnumType
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    Opaque,
    Walk,
    from_tree,
    to_tree,
)


def write_kin(value: Any, walk: Walk) -> object | None:  # noqa: ANN401  (narrowed by type)
    """Write a member of an enumeration, or a named tuple; None if it is neither."""
    kind = type(value)
    if isinstance(value, Enum):
        name = value.name
        return {"member": [kind.__name__, name]} if kind.__members__.get(name) is value else None
    if issubclass(kind, tuple):
        return {"row": [kind.__name__, [walk(item) for item in tuple.__iter__(value)]]}
    return None


def read_kin(tag: str, content: Any, kinds: Mapping[str, Any], walk: Walk) -> object:  # noqa: ANN401  (narrowed by type)
    """Read what `write_kin` wrote, with the classes of this side. Raises EncodingError."""
    if type(content) is not list or len(content) != 2 or type(content[0]) is not str:  # noqa: PLR2004
        raise EncodingError("a class by its name, and what of it, were expected")
    name, rest = content
    kind = kinds.get(name)
    match tag, rest:
        case "member", str() if isinstance(kind, EnumType) and rest in kind.__members__:
            return kind.__members__[rest]
        case "row", list() if isinstance(kind, type) and issubclass(kind, tuple):
            return tuple.__new__(kind, [walk(item) for item in rest])
    raise EncodingError(f"there is no such {tag}")


class SharedObjects:
    """Instances of classes that tests and candidate share: lists and trees of nodes.

    They travel by value, as a table of class names and fields in which they refer to each
    other by their place. A step's own nodes keep their places in its answer.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        """Share classes of the module whose globals are *names*."""
        self._names = names
        self._shared: frozenset[str] = frozenset()
        self._nodes: list[Any] = []
        self._places: dict[int, int] = {}

    def read(self, table: list[Any], shared: list[str], opaque: Opaque) -> None:
        """Make the nodes of a step. Raises EncodingError for a class that there is not."""
        self._shared = frozenset(shared)
        self._nodes = []
        self._places = {}
        for name, _ in table:
            kind = self._names.get(name)
            if not isinstance(kind, type):
                raise EncodingError(f"there is no class {name}")
            self._add(object.__new__(kind))
        for node, (_, fields) in zip(self._nodes, table, strict=True):
            for name, tree in fields:
                object.__setattr__(node, name, from_tree(tree, opaque))

    def _add(self, node: object) -> int:
        place = self._places[id(node)] = len(self._nodes)
        self._nodes.append(node)
        return place

    def value(self, tag: str, content: Any, walk: Walk) -> object:  # noqa: ANN401  (narrowed by tag)
        """Return what a tag stands for: the node at a place of the table, or a kin."""
        return self._nodes[content] if tag == "n" else read_kin(tag, content, self._names, walk)

    def is_shared(self, kind: type) -> bool:
        """Tell whether tests know a class, too."""
        return kind.__name__ in self._shared and self._names.get(kind.__name__) is kind

    def place_of(self, value: object) -> int:
        """Give an instance of a shared class its place in the table."""
        place = self._places.get(id(value))
        return self._add(value) if place is None else place

    def written(self, opaque: Opaque) -> list[object]:
        """Write the table, which may grow meanwhile."""
        table: list[object] = []
        while len(table) < len(self._nodes):
            node = self._nodes[len(table)]
            fields = [
                [name, to_tree(field, opaque)]
                for name, field in _fields(node).items()
                if isinstance(name, str)
            ]
            table.append([type(node).__name__, fields])
        return table


def _fields(node: object) -> dict[str, Any]:
    fields = dict(getattr(node, "__dict__", {}))
    for base in type(node).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(node, name):
                fields[name] = getattr(node, name)
    return fields
