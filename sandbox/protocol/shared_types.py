"""Values of classes that tests and candidate share, because the prompt defines them for both.

Each side has its own class of that name, so instances travel by value: members of an enumeration
by name, named tuples by their items, other objects as nodes of a table. Guests and harnesses both
use this module.
"""

import builtins
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, EnumType
from operator import is_
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk
from nova_code_verifier.sandbox.protocol.mirrors import Kind

_SPECIAL_METHODS = """
    abs add aenter aexit aiter and anext await bool bytes call ceil complex contains delitem divmod
    enter eq exit float floor floordiv format ge getitem gt hash iadd iand ifloordiv ilshift imatmul
    imod imul index int invert ior ipow irshift isub iter itruediv ixor le len lshift lt matmul mod
    mul ne neg next or pos pow radd rand rdivmod repr reversed rfloordiv rlshift rmatmul rmod rmul
    ror round rpow rrshift rshift rsub rtruediv rxor setitem str sub truediv trunc xor
"""
SPECIAL_METHODS = frozenset(f"__{name}__" for name in _SPECIAL_METHODS.split())
"""The special methods that Python may call. A proxy class defines the same as its original."""


def write_shared_value(value: Any, walk: Walk) -> object | None:
    """Write a member of an enumeration or a named tuple; return None for any other value."""
    kind = type(value)
    if isinstance(value, Enum):
        name = value.name
        return {"member": [kind.__name__, name]} if kind.__members__.get(name) is value else None
    if issubclass(kind, tuple):
        return {"row": [kind.__name__, [walk(item) for item in tuple.__iter__(value)]]}
    return None


def read_shared_value(tag: str, content: Any, kinds: Mapping[str, Any], walk: Walk) -> object:
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


# Functions that may pass for the tests' own: whatever they are called with, they run nothing else.
_BUILTINS = """
    abs all any ascii bin callable chr divmod hash hex id isinstance issubclass len max min oct ord
    pow round sorted sum
"""
_BUILTIN_FUNCTIONS = {name: getattr(builtins, name) for name in _BUILTINS.split()}


def name_of_builtin(value: object) -> str | None:
    """Return the name of a built-in function that travels by its name; None for other values."""
    name = getattr(value, "__name__", None) if type(value) is type(len) else None
    return name if type(name) is str and _BUILTIN_FUNCTIONS.get(name) is value else None


def read_builtin(name: object) -> object:
    """Return the built-in function of that name. Raises EncodingError."""
    found = _BUILTIN_FUNCTIONS.get(name) if type(name) is str else None
    if found is None:
        raise EncodingError("no name of a built-in function")
    return found


def is_node(kind: type) -> bool:
    """Return whether instances of a shared class are mirrored: no enumeration, tuple, exception."""
    return not issubclass(kind, Enum | tuple | BaseException | type)


class NodeKind(Kind):
    """Instances of shared classes, such as nodes of lists and trees: mirrored by their fields."""

    tag = "n"

    def values(self, container: Any) -> Iterable[object]:
        """Return the values of the fields."""
        return list(_fields(container).values())

    def copy(self, container: Any) -> Any:
        """Return the fields."""
        return _fields(container)

    def is_same(self, container: Any, copy: Any) -> bool:
        """Return whether the fields are those of the copy."""
        now = _fields(container)
        return now.keys() == copy.keys() and all(map(is_, now.values(), copy.values()))

    def write(self, container: Any, write: Callable[[Any], Any]) -> Any:
        """Write the name of the class, and the fields."""
        fields = [[name, write(field)] for name, field in _fields(container).items()]
        return [type(container).__name__, fields]

    def new(self, content: Any, kinds: Mapping[str, Any]) -> object:
        """Make an object without fields, with this side's class. Raises EncodingError."""
        name = content[0] if type(content) is list and len(content) == 2 else None  # noqa: PLR2004
        kind = kinds.get(name) if type(name) is str else None
        if not isinstance(kind, type) or not is_node(kind):
            raise EncodingError("there is no such class")
        return object.__new__(kind)

    def fill(self, container: Any, content: Any, read: Callable[[Any], Any]) -> None:
        """Set the fields. Raises EncodingError."""
        _, pairs = content
        fields = {}
        for name, tree in pairs:
            if type(name) is not str or (name.startswith("__") and name.endswith("__")):
                raise EncodingError("no name of a field")
            fields[name] = read(tree)
        for name in _fields(container).keys() - fields.keys():
            object.__delattr__(container, name)
        for name, value in fields.items():
            object.__setattr__(container, name, value)


def _fields(node: object) -> dict[str, Any]:
    fields = dict(getattr(node, "__dict__", {}))
    for base in type(node).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(node, name):
                fields[name] = getattr(node, name)
    return {name: field for name, field in fields.items() if isinstance(name, str)}
