"""Stand-ins for files and streams of the tests', such as StringIO: each use asks the harness.

They are subclasses of the classes of `io`, so that `csv`, `json` and `print` accept them.
"""

import io
from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.guest.stand_ins.instances import find_in_library
from nova_code_verifier.sandbox.guest.stand_ins.table import CLASSES, ask, number_of, remember
from nova_code_verifier.sandbox.protocol.exports import Description, Request

_METHODS = """
    read read1 readline readlines readall write writelines seek tell truncate flush close getvalue
    readable writable seekable isatty
"""
_ATTRIBUTES = "closed name mode encoding errors newlines line_buffering"


def _method(name: str) -> Callable[..., object]:
    def method(self: object, /, *args: object, **kwargs: object) -> object:
        return ask(self, "method", name, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    return method


def _attribute(name: str) -> property:
    return property(lambda self: ask(self, "getattr", name))


class _Stream:
    """What all stand-ins for streams define, before the classes of `io` do."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return CLASSES.get(number_of(self) or 0, type(self))  # type: ignore[no-any-return]

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  (any attribute)
        if name.startswith("_") or name in _KNOWN:
            return super().__getattribute__(name)
        return ask(self, "getattr", name)  # of the tests' own class, or there is none

    def __iter__(self) -> Any:  # noqa: ANN401
        return self

    def __next__(self) -> object:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __enter__(self) -> Any:  # noqa: ANN401
        ask(self, "special", "__enter__")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        """Do not close the tests' stream, as the classes of `io` would."""

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Read into a buffer that is here."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def fileno(self) -> int:
        """Fail: the number of a file in the harness means nothing here."""
        raise io.UnsupportedOperation("fileno")


for _name in _METHODS.split():
    setattr(_Stream, _name, _method(_name))
for _name in _ATTRIBUTES.split():
    setattr(_Stream, _name, _attribute(_name))
_KNOWN = frozenset([*_METHODS.split(), *_ATTRIBUTES.split(), "fileno", "readinto"])

_CLASSES: dict[str, type] = {
    base.__name__: type(base.__name__, (_Stream, base), {})
    for base in (io.TextIOBase, io.BufferedIOBase, io.RawIOBase)
}


def new_stream(description: Description, number: int, request: Request) -> object:
    """Make the stand-in for a stream. `name` is its base class, `library` what it claims to be."""
    kind: Any = _CLASSES[description["name"]]
    stream = kind.__new__(kind)
    remember(stream, number, request)
    module, name = description["library"]
    claimed = find_in_library([module, name])
    if isinstance(claimed, type):
        CLASSES[number] = claimed
    return stream
