"""Values of numpy and pandas, as both sides of a session carry them: where they are loaded."""

from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.protocol.arrays import ArrayKind
from nova_code_verifier.sandbox.protocol.frames import TableKind, read_moment, write_moment
from nova_code_verifier.sandbox.protocol.mirrors import Kind

Tree = Any
"""A value that consists of the types of JSON."""


class ScientificValues:
    """Arrays and tables, which are mirrored, and numbers, types and moments, which are values."""

    def __init__(self, note_nan: Callable[[], None] = lambda: None) -> None:
        """Call *note_nan* when an array or number of numpy is read that holds nan."""
        self._arrays = ArrayKind(note_nan)
        self._kinds = (self._arrays, TableKind())

    def kind_of(self, kind: type) -> Kind | None:
        """Return how instances of a type are mirrored; None if they are not."""
        return next((mirrored for mirrored in self._kinds if mirrored.fits(kind)), None)

    def new(self, tag: str, content: Tree) -> tuple[object, Kind] | None:
        """Make an array or table that can be filled; None for another tag. Raises EncodingError."""
        return next(((kind.new(content), kind) for kind in self._kinds if kind.tag == tag), None)

    def write(self, value: object, write: Callable[[Any], Tree]) -> Tree | None:
        """Write a value of these libraries that cannot change; return None for any other one."""
        return self._arrays.write_other(value) or write_moment(value, write)

    def read(self, tag: str, content: Tree, read: Callable[[Tree], Any]) -> object:
        """Read the content of the tag `numpy` or `pandas`. Raises EncodingError and ValueError."""
        return self._arrays.read_other(content) if tag == "numpy" else read_moment(content, read)
