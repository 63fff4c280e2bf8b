"""A harness and a candidate's guest in one process: for tests of exports and their stand-ins.

What would be encoded is checked to be JSON; plain data goes over as it is, and so do the
candidate's own objects.
"""

import json
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from nova_code_verifier.sandbox.guest.stand_ins import table
from nova_code_verifier.sandbox.guest.stand_ins.making import number_of, stand_in
from nova_code_verifier.verifier.test_code.harness import awaiting
from nova_code_verifier.verifier.test_code.harness.exports import Exports
from nova_code_verifier.verifier.test_code.harness.library_names import name_in_library

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.protocol.exports import Description

_CONTAINERS = (list, tuple, dict)
_ATOMS = (type(None), bool, int, float, str, bytes, bytearray)


class Joined:
    """Both halves, and what the candidate asked."""

    def __init__(self) -> None:
        """Start with no objects. Only one may be in use: a guest has one session."""
        table.forget()
        self.exports = Exports()
        self.asked: list[tuple[str, int]] = []
        self._stand_ins: dict[int, object] = {}
        self._own: list[object] = []  # the candidate's
        self._values: list[object] = []

    def define(self, source: str, name: str) -> Any:
        """Return what a candidate of that source calls *name*; a call passes stand-ins."""
        names: dict[str, Any] = {"__name__": "solution"}
        exec(dedent(source), names)

        def call(*args: object, **kwargs: object) -> Any:
            given = [self.to_guest(arg) for arg in args]
            named = {key: self.to_guest(arg) for key, arg in kwargs.items()}
            return self.to_harness(names[name](*given, **named))

        return call

    def close(self) -> None:
        """Close the event loops of the harness."""
        while awaiting._loops:
            awaiting._loops.pop().close()

    def forget(self) -> None:
        """Forget all stand-ins."""
        table.forget()
        self._stand_ins.clear()

    def to_guest(self, value: Any, *, is_answer: bool = False) -> Any:
        """Return what the candidate gets for a value of the tests'."""
        if type(value) in _CONTAINERS:
            return self._mapped(value, lambda item: self.to_guest(item, is_answer=is_answer))
        if type(value) in _ATOMS or self._is_own(value) or name_in_library(value):
            return value
        number = self.exports.number_of(value, is_answer=is_answer)
        if number not in self._stand_ins:
            text = json.dumps(self.exports.describe(value, self._write))
            description: Description = json.loads(text)
            made = stand_in(description, number, self._request, self._read)
            self._stand_ins.setdefault(number, made)
        return self._stand_ins[number]

    def to_harness(self, value: Any) -> Any:
        """Return what the tests get for a value of the candidate's."""
        number = number_of(value)
        if number is not None:
            return self.exports.value_of(number)[0]
        if type(value) in _CONTAINERS:
            return self._mapped(value, self.to_harness)
        if type(value) not in _ATOMS:
            self._own.append(value)
        return value

    def _request(self, operation: str, number: int, /, *operands: Any, **keywords: Any) -> Any:
        self.asked.append((operation, number))
        given = [self.to_harness(operand) for operand in operands]
        named = {key: self.to_harness(operand) for key, operand in keywords.items()}
        try:
            result = self.exports.perform(operation, number, given, named)
        except BaseException as error:
            if type(error).__module__ == "builtins":
                raise
            raise self.to_guest(error, is_answer=True) from None
        return self.to_guest(result, is_answer=True)

    def _write(self, value: object) -> object:
        self._values.append(self.to_guest(value))
        return len(self._values) - 1

    def _read(self, tree: Any) -> object:
        return self._values[tree] if type(tree) is int else tree

    def _is_own(self, value: object) -> bool:
        return any(value is own for own in self._own)

    def _mapped(self, value: Any, convert: Any) -> Any:
        if type(value) is dict:
            return {convert(key): convert(item) for key, item in value.items()}
        return type(value)(map(convert, value))
