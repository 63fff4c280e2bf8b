"""The tests' objects that were passed to the candidate: their numbers, and what it does with them.

In: an object of the tests'; or an operation that the candidate asks for, on the object of a number.
Out: the number and a description; or the result. The candidate chooses operation, number and
operands: only what `exported_kinds` allows for the object's kind is done.
"""

import copy
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from nova_code_verifier.sandbox.protocol.exports import Description, Kind, Walk
from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness import exported_kinds
from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError
from nova_code_verifier.verifier.test_code.harness.descriptions import Describer

NUMBERS_MAX = 200_000
"""How many objects of the tests a session keeps for the candidate."""
_SIZE_MAX = 2**28  # of what a stream reads or skips at once
_LONG_NUMBER = re.compile(r"\d{4}")
_Operands = Sequence[Any]
_Operation = Callable[["Exports", Any, Kind, _Operands, Mapping[str, Any]], object]


class Exports:
    """The objects of the tests' that the candidate's guest has stand-ins for."""

    def __init__(self) -> None:
        """Start with none."""
        self._objects: list[tuple[Any, Kind]] = []
        self._numbers: dict[int, int] = {}
        self._loop: Any = None  # an event loop, once one is needed

    def number_of(self, value: object, *, is_answer: bool = False) -> int:
        """Return the number of an object, from 1. Keep it for the rest of the run.

        What no candidate may use raises UncarriedError. With *is_answer*, in what the candidate
        asked for, it gets a stand-in that can only be passed back: the candidate must not be able
        to leave a sample ungraded.
        """
        number = self._numbers.get(id(value))
        if number is not None:
            return number
        kind = exported_kinds.kind_of(value)
        if kind is None and not is_answer:
            name = f"{type(value).__module__}.{type(value).__qualname__}"
            raise UncarriedError(f"tests pass a {name} to the candidate, which cannot travel")
        if len(self._objects) >= NUMBERS_MAX:
            if is_answer:
                raise MemoryError("too many objects of the tests")
            raise UncarriedError(f"tests pass more than {NUMBERS_MAX} objects to the candidate")
        self._objects.append((value, kind or Kind.OPAQUE))
        self._numbers[id(value)] = len(self._objects)
        return len(self._objects)

    def describe(self, value: object, walk: Walk | None = None) -> Description:
        """Describe an object for its stand-in, as JSON.

        *walk* writes the values of defaults, fields and the like as trees; without it, only
        those that are JSON themselves travel.
        """
        _, kind = self.value_of(self.number_of(value, is_answer=True))
        number_of = lambda part: self.number_of(part, is_answer=True)  # noqa: E731
        return Describer(number_of, _carrying(walk, value)).describe(value, kind)

    def value_of(self, number: object) -> tuple[Any, Kind]:
        """Return the object of a number that the candidate sent, and its kind."""
        if type(number) is not int or not 0 < number <= len(self._objects):
            raise TypeError("there is no such object of the tests")
        return self._objects[number - 1]

    def perform(
        self, operation: str, number: int, operands: _Operands, keywords: Mapping[str, Any]
    ) -> object:
        """Perform what the candidate asks of an object. Raise what the object raises.

        Raises TypeError for an operation that the kind does not have, and AttributeError for an
        attribute that may not be used.
        """
        value, kind = self.value_of(number)
        function, kinds = _OPERATIONS.get(operation, (None, frozenset()))
        if function is None or kind not in kinds:
            raise TypeError(f"an object of the tests does not support {str(operation)[:50]!r}")
        return function(self, value, kind, operands, keywords)

    # -- operations ----------------------------------------------------------------------

    def _call(
        self, value: Any, kind: Kind, operands: _Operands, keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        if kind is Kind.MOCK and not hasattr(type(value), "__call__"):  # noqa: B004  (see `_mock`)
            raise TypeError(f"{type(value).__name__!r} object is not callable")
        return value(*operands, **keywords)

    def _method(
        self, value: Any, kind: Kind, operands: _Operands, keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        name, *arguments = operands
        if kind is Kind.STREAM and not _is_small(arguments):
            raise MemoryError
        return _read(value, kind, name)(*arguments, **keywords)

    def _getattr(
        self, value: Any, kind: Kind, operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        (name,) = operands
        return _read(value, kind, name)

    def _setattr(
        self, value: Any, kind: Kind, operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> None:
        name, content = operands
        _check_may_write(value, kind, name)
        setattr(value, name, content)

    def _delattr(
        self, value: Any, kind: Kind, operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> None:
        (name,) = operands
        _check_may_write(value, kind, name)
        delattr(value, name)

    def _special(
        self, value: Any, kind: Kind, operands: _Operands, keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        """Call a special method as Python does: that of the class."""
        name, *arguments = operands
        if type(name) is not str or name not in SPECIAL_METHODS or not _may_call(value, name):
            raise TypeError(f"{type(value).__name__!r} object does not support {str(name)[:50]}")
        if name == "__format__" and not _is_short_format(arguments):
            raise ValueError("a format with too large a number")
        if kind is Kind.STREAM and name not in ("__enter__",):
            raise TypeError(f"a stream does not support {name}")
        return _find_special(value, name)(*arguments, **keywords)

    def _fields(
        self, value: Any, kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> dict[str, object]:
        """Return the attributes of an instance itself, which may be read one by one, too."""
        fields = getattr(value, "__dict__", None)
        names = list(fields) if isinstance(fields, dict) else []
        return {name: fields[name] for name in names if exported_kinds.may_read(value, kind, name)}

    def _dir(
        self, value: Any, kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> list[str]:
        return [name for name in dir(value) if exported_kinds.may_read(value, kind, name)]

    def _attributes(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> dict[str, object]:
        return exported_kinds.attributes_of(value)

    def _copy(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        return copy.copy(value)

    def _deepcopy(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        return copy.deepcopy(value)

    def _step(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        return next(value)

    def _send(
        self, value: Any, _kind: Kind, operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        (sent,) = operands
        return value.send(sent)

    def _throw(
        self, value: Any, _kind: Kind, operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        (error,) = operands
        return value.throw(error)

    def _close(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> None:
        value.close()

    def _run(
        self, value: Any, kind: Kind, operands: _Operands, keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        """Call a coroutine function or method, and run what it returns to its end."""
        performed = self._method if kind in _OWNERS else self._call
        return self._await(performed(value, kind, operands, keywords), kind, (), {})

    def _await(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        return self._complete(value) if inspect.isawaitable(value) else value

    def _anext(
        self, value: Any, _kind: Kind, _operands: _Operands, _keywords: Mapping[str, Any]  # noqa: ANN401
    ) -> object:
        return self._complete(anext(value))

    def _complete(self, awaitable: Any) -> object:  # noqa: ANN401  (any awaitable)
        """Run an awaitable to its end, even if an event loop of the tests is running.

        In this thread, so that the tests' coroutine may use the candidate again.
        """

        import asyncio  # noqa: PLC0415  (most tests do without)

        async def run() -> object:
            return await awaitable

        if self._loop is None or self._loop.is_running():
            self._loop = asyncio.new_event_loop()
        running = asyncio._get_running_loop()  # noqa: SLF001  (for those who implement loops: this does)
        asyncio._set_running_loop(None)  # noqa: SLF001
        try:
            return self._loop.run_until_complete(run())
        finally:
            asyncio._set_running_loop(running)  # noqa: SLF001


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


def _read(value: Any, kind: Kind, name: object) -> Any:  # noqa: ANN401  (any object)
    if not exported_kinds.may_read(value, kind, name):
        raise _no_attribute(value, name)
    return getattr(value, cast("str", name))


def _check_may_write(value: object, kind: Kind, name: object) -> None:
    if not exported_kinds.may_write(value, kind, name):
        raise _no_attribute(value, name)


def _no_attribute(value: object, name: object) -> AttributeError:
    return AttributeError(f"{type(value).__name__!r} object has no attribute {str(name)[:50]!r}")


def _may_call(value: object, name: str) -> bool:
    return not (name == "__mod__" and isinstance(value, str | bytes | bytearray))


def _find_special(value: Any, name: str) -> Callable[..., object]:  # noqa: ANN401  (any object)
    """Find a special method by the class alone, and bind it, as Python itself does."""
    for base in type(value).__mro__:
        if name in vars(base) and (base is not object or name == "__repr__"):
            found = vars(base)[name]
            bind = getattr(type(found), "__get__", None)
            return bind(found, value, type(value)) if bind else found
    raise TypeError(f"{type(value).__name__!r} object does not support {name}")


def _is_short_format(arguments: _Operands) -> bool:
    return all(type(text) is str and not _LONG_NUMBER.search(text) for text in arguments)


def _is_small(arguments: _Operands) -> bool:
    return all(abs(number) <= _SIZE_MAX for number in arguments if isinstance(number, int))


_OWNERS = frozenset({Kind.INSTANCE, Kind.CLASS, Kind.ERROR, Kind.MEMBER, Kind.ROW})
_READABLE = _OWNERS | {Kind.MOCK, Kind.STREAM}
_STEPPED = frozenset({Kind.ITERATOR, Kind.GENERATOR})
_OPERATIONS: dict[str, tuple[_Operation, frozenset[Kind]]] = {
    "call": (Exports._call, frozenset({Kind.FUNCTION, Kind.CLASS, Kind.MOCK})),
    "run": (Exports._run, _OWNERS | {Kind.FUNCTION, Kind.MOCK}),
    "method": (Exports._method, _READABLE),
    "getattr": (Exports._getattr, _READABLE),
    "setattr": (Exports._setattr, _OWNERS),
    "delattr": (Exports._delattr, _OWNERS),
    "special": (Exports._special, _READABLE - {Kind.CLASS}),
    "fields": (Exports._fields, _OWNERS),
    "dir": (Exports._dir, _READABLE),
    "attributes": (Exports._attributes, frozenset({Kind.FUNCTION})),
    "copy": (Exports._copy, _OWNERS - {Kind.CLASS}),
    "deepcopy": (Exports._deepcopy, _OWNERS - {Kind.CLASS}),
    "next": (Exports._step, _STEPPED),
    "send": (Exports._send, frozenset({Kind.GENERATOR})),
    "throw": (Exports._throw, frozenset({Kind.GENERATOR})),
    "close": (Exports._close, frozenset({Kind.GENERATOR})),
    "await": (Exports._await, frozenset({Kind.COROUTINE, Kind.INSTANCE})),
    "anext": (Exports._anext, frozenset({Kind.ASYNC_GENERATOR})),
}
