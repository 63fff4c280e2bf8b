"""Values of classes that tests and candidate share, because the prompt defines them for both.

Each side has its own class of that name, so instances travel by value: members of an enumeration
by name, named tuples by their items, other objects as nodes of a table. Guests and harnesses both
use this module.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, EnumType
from typing import Any

from nova_code_verifier.sandbox.protocol import encoding
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Opaque, Walk

_SPECIAL_METHODS = """
    abs add aenter aexit aiter and anext await bool bytes call ceil complex contains delitem divmod
    enter eq exit float floor floordiv format ge getitem gt hash iadd iand ifloordiv ilshift imatmul
    imod imul index int invert ior ipow irshift isub iter itruediv ixor le len lshift lt matmul mod
    mul ne neg next or pos pow radd rand rdivmod repr reversed rfloordiv rlshift rmatmul rmod rmul
    ror round rpow rrshift rshift rsub rtruediv rxor setitem str sub truediv trunc xor
"""
SPECIAL_METHODS = frozenset(f"__{name}__" for name in _SPECIAL_METHODS.split())
"""The special methods that Python may call. A proxy class defines the same as its original."""


def containers_in(values: Iterable[object]) -> Iterator[object]:
    """Yield the containers that can be changed in place, in an order that both sides agree on."""
    pending = list(values)[::-1]
    while pending:
        value: Any = pending.pop()
        kind = type(value)
        if kind in (list, dict, set, deque):
            yield value
        if kind in (list, tuple, deque):
            pending.extend(reversed(value))
        elif kind is dict:
            pending.extend(reversed(value.values()))


def write_shared_value(value: Any, walk: Walk) -> object | None:  # noqa: ANN401  (narrowed by type)
    """Write a member of an enumeration or a named tuple; return None for any other value."""
    kind = type(value)
    if isinstance(value, Enum):
        name = value.name
        return {"member": [kind.__name__, name]} if kind.__members__.get(name) is value else None
    if issubclass(kind, tuple):
        return {"row": [kind.__name__, [walk(item) for item in tuple.__iter__(value)]]}
    return None


def read_shared_value(tag: str, content: Any, kinds: Mapping[str, Any], walk: Walk) -> object:  # noqa: ANN401  (narrowed by type)
    """Read a value of `write_shared_value` with this side's classes. Raises EncodingError."""
    if type(content) is not list or len(content) != 2 or type(content[0]) is not str:  # noqa: PLR2004
        raise EncodingError("a shared value: expected the name of its class, and its content")
    name, rest = content
    kind = kinds.get(name)
    match tag, rest:
        case "member", str() if isinstance(kind, EnumType) and rest in kind.__members__:
            return kind.__members__[rest]
        case "row", list() if isinstance(kind, type) and issubclass(kind, tuple):
            return tuple.__new__(kind, [walk(item) for item in rest])
    raise EncodingError(f"there is no such {tag}")


class SharedObjects:
    """Instances of shared classes, such as the nodes of lists and trees.

    They travel by value, as a table of class names and fields. Fields refer to other nodes by
    their index in the table. The nodes of an instruction keep their indices in its answer.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        """Use the classes of the module whose globals are *names*."""
        self._names = names
        self._shared: frozenset[str] = frozenset()
        self.nodes: list[Any] = []
        self._indices: dict[int, int] = {}

    def read(self, table: list[Any], shared: list[str], opaque: Opaque) -> None:
        """Create the nodes of an instruction. Raises EncodingError for an unknown class."""
        self._shared = frozenset(shared)
        self.nodes = []
        self._indices = {}
        for name, _ in table:
            kind = self._names.get(name)
            if not isinstance(kind, type):
                raise EncodingError(f"there is no class {name}")
            self.index_of(object.__new__(kind))
        for node, (_, fields) in zip(self.nodes, table, strict=True):
            for name, tree in fields:
                object.__setattr__(node, name, encoding.from_tree(tree, opaque))

    def is_shared(self, kind: type) -> bool:
        """Return whether tests know this class, too."""
        return kind.__name__ in self._shared and self._names.get(kind.__name__) is kind

    def index_of(self, value: object) -> int:
        """Return the index of an instance in the table; add it if it is new."""
        if id(value) not in self._indices:
            self._indices[id(value)] = len(self.nodes)
            self.nodes.append(value)
        return self._indices[id(value)]

    def write_table(self, opaque: Opaque) -> list[object]:
        """Write the table, which may grow while its nodes are written."""
        table: list[object] = []
        while len(table) < len(self.nodes):
            node = self.nodes[len(table)]
            fields = [
                [name, encoding.to_tree(field, opaque)]
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
