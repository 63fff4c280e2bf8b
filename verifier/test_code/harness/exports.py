"""The tests' objects that were passed to the candidate: their numbers, and what it does with them.

In: an object of the tests'; or an operation that the candidate asks for, on the object of a number.
Out: the number and a description; or the result.
"""

import types
from collections.abc import Mapping, Sequence
from typing import Any

from nova_code_verifier.sandbox.protocol.exports import Description, Kind, Walk
from nova_code_verifier.verifier.test_code.harness import exported_kinds, operations
from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
from nova_code_verifier.verifier.test_code.harness.descriptions import Describer

NUMBERS_MAX = 200_000
"""How many objects of the tests a session keeps for the candidate."""


class Exports:
    """The objects of the tests' that the candidate's guest has stand-ins for."""

    def __init__(self) -> None:
        """Start with none."""
        self._objects: list[tuple[Any, Kind]] = []  # keeps them: no id is used twice
        self._numbers: dict[tuple[object, ...], int] = {}
        self._asked_for = 0
        self.requests = 0
        """How many requests of the candidate's are being served, one in the other."""

    def number_of(self, value: object, *, is_answer: bool = False) -> int:
        """Return the number of an object, from 1. Keep it for the rest of the run.

        Raises UncarriedError for what no candidate may use. With *is_answer*, in the answer to what
        the candidate asked, such an object gets a stand-in that can only be passed back: the
        candidate must not be able to leave a sample ungraded.
        """
        key = _identity(value)
        number = self._numbers.get(key)
        if number is not None:
            return number
        kind = exported_kinds.kind_of(value)
        if kind is None and not is_answer:
            name = f"{type(value).__module__}.{type(value).__qualname__}"
            raise UncarriedError(f"tests pass a {name} to the candidate, which cannot travel")
        # The candidate must leave enough numbers for what the tests pass to it.
        is_asked_for = is_answer or self.requests > 0
        self._asked_for += is_asked_for
        is_full = len(self._objects) >= NUMBERS_MAX
        if is_asked_for and (is_full or self._asked_for > NUMBERS_MAX // 2):
            raise MemoryError("the candidate asks for too many objects of the tests")
        if is_full:
            raise UncarriedError(f"tests pass more than {NUMBERS_MAX} objects to the candidate")
        self._objects.append((value, kind or Kind.OPAQUE))
        self._numbers[key] = len(self._objects)
        return len(self._objects)

    def describe(self, value: object, walk: Walk | None = None) -> Description:
        """Describe an object for its stand-in, as JSON.

        *walk* writes the values of defaults, fields and the like as trees; without it, only
        those that are JSON themselves travel.
        """
        _, kind = self.value_of(self.number_of(value, is_answer=True))

        def number_of(part: object) -> int:
            return self.number_of(part, is_answer=True)

        return Describer(number_of, _carrying(walk, value)).describe(value, kind)

    def value_of(self, number: object) -> tuple[Any, Kind]:
        """Return the object of a number that the candidate sent, and its kind. Raises TypeError."""
        if type(number) is not int or not 0 < number <= len(self._objects):
            raise TypeError("there is no such object of the tests")
        return self._objects[number - 1]

    def perform(
        self, operation: str, number: int, operands: Sequence[Any], keywords: Mapping[str, Any]
    ) -> object:
        """Perform what the candidate asks of an object. Raise what the object raises.

        Raises TypeError for an operation that the kind does not have, and AttributeError for an
        attribute that may not be used. All four arguments are the candidate's choice.
        """
        value, kind = self.value_of(number)
        return operations.perform(operation, operations.Use(value, kind, operands, keywords))


def _identity(value: Any) -> tuple[object, ...]:  # noqa: ANN401  (any object)
    """Return a key for an object. Python makes a new bound method each time that one is read."""
    kind = type(value)
    if kind is types.MethodType:
        return id(value.__self__), id(value.__func__)
    if kind is types.BuiltinMethodType and value.__self__ is not None:
        return id(value.__self__), value.__name__
    return (id(value),)


def _carrying(walk: Walk | None, described: object) -> Walk:
    """Return a function that writes a value as a tree; None for what does not travel."""

    def carry(value: object) -> object:
        if walk is None:
            return value if type(value) in (str, int, float, bool) else None
        if value is described:
            return None  # a function that is its own default
        try:
            return walk(value)
        except (UncarriedError, ValueError):
            return None

    return carry
