"""The numbers of stand-ins, and how each asks the harness.

Whoever holds a stand-in may ask; the harness decides what it answers. So nothing here needs to be
hidden from the candidate.
"""

from typing import Any

from nova_code_verifier.sandbox.protocol.exports import Request

_ENTRIES: dict[int, tuple[int, Request, object]] = {}  # keeps the objects: no id is used twice
CLASSES: dict[int, Any] = {}
"""The classes that stand for classes of the tests', and those that a stream claims, by number."""


def remember(value: Any, number: int, request: Request) -> Any:  # noqa: ANN401  (any stand-in)
    """Note that *value* stands for the tests' object of that number. Return *value*."""
    _ENTRIES[id(value)] = number, request, value
    return value


def number_of(value: object) -> int | None:
    """Return the number of the object that a value stands for; None if it is no stand-in."""
    entry = _ENTRIES.get(id(value))
    return entry and entry[0]


def ask(value: object, operation: str, /, *operands: object, **keywords: object) -> Any:  # noqa: ANN401  (an answer)
    """Ask the harness to perform an operation on the object that *value* stands for."""
    entry = _ENTRIES.get(id(value))
    if entry is None:
        raise TypeError(f"{type(value).__name__!r} object stands for nothing")
    number, request, _ = entry
    return request(operation, number, *operands, **keywords)


def forget() -> None:
    """Forget all stand-ins: a new session begins."""
    _ENTRIES.clear()
    CLASSES.clear()
