"""Arrays, numbers and types of numpy, between two sides of a session.

An array is mirrored as containers are: its type and shape are fixed, and its memory crosses as
bytes, of which the reader makes an array of its own. Only plain types of numbers, texts and times
cross, structures of them, and objects, which are values of their own. An array that shows a part of
another one is an array of its own on the other side.
"""

import re
import sys
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable
from importlib import import_module
from math import prod
from operator import is_
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.mirrors import Kind

Tree = Any
"""A value that consists of the types of JSON."""

_OBJECT = "O"
_TYPE_NAME = re.compile(r"[<>|=][biufcSUmMV]\d{1,6}(\[\w{1,10}\])?")
_FIELDS_MAX, _LEVELS_MAX, _EMPTY_ITEMS_MAX = 1000, 5, 1000


class ArrayKind(Kind):
    """Arrays of exactly the type `numpy.ndarray`."""

    tag = "ndarray"

    def __init__(self, note_nan: Callable[[], None]) -> None:
        """Call *note_nan* when an array or number is read that holds nan."""
        self._note_nan = note_nan

    @staticmethod
    def fits(kind: type) -> bool:
        """Return whether instances of exactly this type are mirrored."""
        return kind.__name__ == "ndarray" and kind is getattr(
            sys.modules.get("numpy"), "ndarray", None
        )

    def values(self, container: Any) -> Iterable[object]:
        """Return the items of an array of objects."""
        return list(container.flat) if container.dtype.hasobject else ()

    def copy(self, container: Any) -> Any:
        """Return what `is_same` compares."""
        content = list(container.flat) if container.dtype.hasobject else container.tobytes()
        return container.shape, container.dtype, content

    def is_same(self, container: Any, copy: Any) -> bool:
        """Return whether an array is as it was when the copy was made."""
        shape, dtype, content = copy
        if container.shape != shape or container.dtype != dtype:
            return False
        if container.dtype.hasobject:
            return all(map(is_, container.flat, content))
        return bool(container.tobytes() == content)

    def write(self, container: Any, write: Callable[[Any], Tree]) -> Tree:
        """Write the type of the items, the shape, and the content."""
        name = _write_type(container.dtype)
        if name == _OBJECT:
            return [name, list(container.shape), [write(item) for item in container.flat]]
        return [name, list(container.shape), _write_bytes(container.tobytes())]

    def new(self, content: Tree) -> object:
        """Make an array of that type and shape. Raises EncodingError."""
        name, shape, data = content
        dtype = _read_type(name)
        if type(shape) is not list or not all(type(n) is int and n >= 0 for n in shape):
            raise EncodingError("an array without a shape")
        count = prod(shape)
        if dtype.hasobject:
            is_whole = type(data) is list and count == len(data)
        else:
            is_whole = count * dtype.itemsize == len(_read_bytes(data))
            is_whole &= dtype.itemsize > 0 or count <= _EMPTY_ITEMS_MAX
        if not is_whole:
            raise EncodingError("an array with the wrong number of items")
        return _numpy().empty(shape, dtype)

    def fill(self, container: Any, content: Tree, read: Callable[[Tree], Any]) -> None:
        """Change the items, and the shape if that needs no other memory."""
        name, shape, data = content
        new: Any = self.new(content)
        if name == _OBJECT:
            items = new.reshape(-1)
            for index, tree in enumerate(data):
                items[index] = read(tree)
        elif data:
            raw = _read_bytes(data)
            if new.dtype.kind == "b" and raw.translate(None, b"\0\1"):
                raise EncodingError("a bool that is neither true nor false")
            new.reshape(-1).view("u1")[:] = _numpy().frombuffer(raw, "u1")
        if _has_nan(new):
            self._note_nan()
        if container.dtype != new.dtype:
            raise EncodingError("an array cannot change its type")
        if container.shape != new.shape:
            container.shape = tuple(shape)
        container[...] = new

    def write_other(self, value: Any) -> Tree | None:
        """Write a number or a type of numpy; return None for any other value."""
        numpy: Any = sys.modules.get("numpy")
        generic, dtype = getattr(numpy, "generic", ()), getattr(numpy, "dtype", ())
        kind = type(value)
        if issubclass(kind, generic) and value.dtype.type is kind:
            return {"numpy": [_write_type(value.dtype), _write_bytes(value.tobytes())]}
        if issubclass(kind, dtype):
            return {"numpy": [_write_type(value)]}
        return None

    def read_other(self, content: Tree) -> object:
        """Read a number or a type of numpy. Raises EncodingError and ValueError."""
        if len(content) == 1:
            return _read_type(content[0])
        name, data = content
        if name == _OBJECT:
            raise EncodingError("an object is no number")
        array: Any = self.new([name, [], data])
        self.fill(array, [name, [], data], lambda tree: tree)
        return array[()]


def _write_type(dtype: Any) -> Tree:
    """Write a `numpy.dtype`. Raises EncodingError for one whose values cannot cross."""
    if dtype.names is not None:
        fields = [[name, _write_type(dtype.fields[name][0])] for name in dtype.names]
        if any(name == _OBJECT for _, name in fields) or _read_type(fields) != dtype:
            raise EncodingError("an array of structures with objects or gaps")
        return fields
    if dtype.hasobject and dtype.str.endswith(_OBJECT):
        return _OBJECT
    if dtype.hasobject or not _TYPE_NAME.fullmatch(dtype.str):
        raise EncodingError(f"an array of {dtype}")
    return dtype.str


def _read_type(content: Tree, level: int = 0) -> Any:
    if content == _OBJECT and level == 0:
        return _numpy().dtype(object)
    if type(content) is str and _TYPE_NAME.fullmatch(content):
        return _numpy().dtype(content)
    if type(content) is not list or len(content) > _FIELDS_MAX or level > _LEVELS_MAX:
        raise EncodingError("there is no such type of numpy")
    return _numpy().dtype([(name, _read_type(inner, level + 1)) for name, inner in content])


def _numpy() -> Any:
    try:
        return import_module("numpy")
    except ImportError as error:
        raise EncodingError("numpy is not installed") from error


def _has_nan(array: Any) -> bool:
    numpy = _numpy()
    if array.dtype.names is not None:
        return any(_has_nan(array[name]) for name in array.dtype.names)
    match array.dtype.kind:
        case "f" | "c":
            return bool(numpy.isnan(array).any())
        case "m" | "M":
            return bool(numpy.isnat(array).any())
    return False


def _write_bytes(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _read_bytes(content: Tree) -> bytes:
    if type(content) is not str:
        raise EncodingError("a tag with the wrong content")
    return a2b_base64(content.encode("ascii"), strict_mode=True)
