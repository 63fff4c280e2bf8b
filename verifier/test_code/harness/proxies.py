"""The kinds of stand-ins: what passes for a candidate's object, class, method or iterator.

In: what was claimed of a class. Out: a class of stand-ins as like it as can be, which asks the
cast for whatever is done with them. What is claimed can only make it a worse stand-in. Must not
know: how questions are put, and what was answered.
"""

import collections.abc
import types
from collections import deque
from collections.abc import Generator, Iterator
from typing import Any

from nova_code_verifier.sandbox.guest.object_session import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.pending import (
    LEAKING_METHODS,
    TWO_SIDED,
    PendingName,
    PendingValue,
    is_tool_attribute,
)
from nova_code_verifier.verifier.test_code.harness.transcript import CandidateLostError

REF = "_stand_in_"
"""Where a stand-in keeps what leads to the candidate's object."""
PLAIN_BASES = (int, str, float, tuple, list, dict, set, frozenset, bytes, complex)
"""The types of plain data that candidates' classes may be subclasses of."""

# What a stand-in for a subclass of plain data leaves to the plain data that it holds.
_OF_PLAIN_DATA = """
    bool len iter next contains getitem eq ne lt le gt ge hash str repr int float index reversed
    format bytes
"""
_PLAINLY = frozenset(f"__{name}__" for name in _OF_PLAIN_DATA.split())
# What Python wants a real value of.
_DEMAND_VALUES = """
    bool len int float complex index str repr bytes hash format contains trunc floor ceil await
"""
_DEMANDED = frozenset(_DEMAND_VALUES.split())
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


class Proxy:
    """Stands in for one object of the candidate's. Its class stands in for the object's."""

    def __getattr__(self, name: str) -> Any:
        cast, methods = type(self)._session_, type(self)._methods_  # type: ignore[attr-defined]
        if is_tool_attribute(name):
            raise AttributeError(name)
        if name in LEAKING_METHODS and not cast.may_receive_test_data(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in methods:
            return Method(cast, self, name)
        return cast.ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") and name.endswith("__"):
            object.__setattr__(self, name, value)
        else:
            type(self)._session_.ask("setattr", self, name, value)  # type: ignore[attr-defined]

    def __delattr__(self, name: str) -> None:
        type(self)._session_.ask("delattr", self, name)  # type: ignore[attr-defined]

    def __dir__(self) -> Any:
        return type(self)._session_.demand("dir", self)  # type: ignore[attr-defined]


class ProxyClass(type):
    """Stands in for a class of the candidate's."""

    _session_: Any
    _methods_: frozenset[str]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call comes to."""
        return cls._session_.ask("call", cls, *args, keywords=kwargs)

    def __getattr__(cls, name: str) -> Any:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return cls._session_.ask("getattr", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._session_.ask("setattr", cls, name, value)

    def __getitem__(cls, key: Any) -> Any:
        return cls._session_.ask("getitem", cls, key)

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls._session_.ask("iter", cls))

    def __bool__(cls) -> bool:
        return True

    def __len__(cls) -> int:
        length: int = cls._session_.demand("len", cls)
        return length

    def __contains__(cls, item: Any) -> bool:
        return bool(cls._session_.demand("contains", cls, item))


class Method:
    """A method of a stand-in's: asked about only when it is called, or passed on."""

    def __init__(self, cast: Any, owner: Any, name: str) -> None:
        """Stand in for the method *name* of *owner*."""
        self._session_, self._owner_, self.__name__ = cast, owner, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask what a call comes to."""
        cast = self._session_
        # By `vars`: a class that stands in for another has every attribute, if asked.
        kinds = type(self._owner_).__mro__
        if args and not any("_is_known_" in vars(kind) for kind in kinds):
            # Of no class that the tests know: it may agree with whatever it is handed.
            cast.transcript.unit.self_compared = True
        return cast.ask("method", self._owner_, self.__name__, *args, keywords=kwargs)

    def __getattr__(self, name: str) -> Any:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return self._session_.ask("getattr", self._itself_(), name)

    def _itself_(self) -> Any:
        return self._session_.ask("getattr", self._owner_, self.__name__)


class Coroutine(collections.abc.Coroutine[Any, Any, Any]):
    """Stands in for a coroutine: what awaits it gets what it returns, at once."""

    def __init__(self, cast: Any, ref: list[int]) -> None:
        """Stand in for the coroutine at *ref*."""
        self._session_ = cast
        setattr(self, REF, ref)

    def send(self, _value: Any) -> Any:
        """Run to the end."""
        raise StopIteration(self._session_.demand("await", self))

    def throw(self, *error: Any) -> Any:
        """Be ended by somebody else's error."""
        raise error[0]

    def close(self) -> None:
        """Never run."""

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self._session_.demand("await", self)


class Items:
    """Stands in for an iterator."""

    def __init__(self, cast: Any, ref: list[int]) -> None:
        """Stand in for the iterator at *ref*."""
        self._session_ = cast
        self._taken_: deque[Any] = deque()
        setattr(self, REF, ref)

    def __iter__(self) -> Iterator[Any]:
        items: Iterator[Any] = self._session_.items(self, self._taken_)
        return items

    def __next__(self) -> Any:
        return self._taken_.popleft() if self._taken_ else self._session_.ask("next", self)

    def __getattr__(self, name: str) -> Any:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return Method(self._session_, self, name)


class Generated(Items):
    """Stands in for a generator, and passes for one."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """Say what it stands in for."""
        return types.GeneratorType


_KINDS = (PendingValue, PendingName, Method, Items, Generated, Coroutine, ProxyClass)


def stands_in(value: Any) -> bool:
    """Tell whether a value stands in for one of the candidate's."""
    kind = type(value)
    return kind in _KINDS or isinstance(kind, ProxyClass)


def ref_of(value: Any) -> list[int] | None:
    """Say what leads to the candidate's object that a value stands in for, if it does."""
    if type(value) is PendingValue:
        return [value._place_asked_()]
    if type(value) is PendingName:
        return [value._inner_._place_asked_()]
    ref: list[int] | None = getattr(value, "__dict__", {}).get(REF)
    return ref


def new_class(
    cast: Any,
    name: str,
    bases: tuple[Any, ...],
    specials: frozenset[str],
    methods: frozenset[str] = frozenset(),
) -> Any:
    """Make the class of some stand-ins, as like the one that is claimed as can be."""
    plainly = any(issubclass(base, PLAIN_BASES) for base in bases)
    names: dict[str, Any] = {"_session_": cast, "_methods_": methods}
    for special in specials - _PLAINLY if plainly else specials:
        names[special] = _SPECIALS[special]
    if not plainly and "__eq__" in specials and "__hash__" not in specials:
        names["__hash__"] = None
    if any(issubclass(base, BaseException) for base in bases):
        names["__str__"] = _text_of_exception
    for some in (bases, tuple(base for base in bases if base.__module__ != "builtins"), ()):
        try:
            return ProxyClass(name, (*some, Proxy), names)
        except TypeError:
            continue  # claims that contradict each other
    raise CandidateLostError


def _text_of_exception(self: Any) -> str:
    return str(self.__dict__.get("_text_", ""))


def _awaited(operation: str) -> Any:
    async def ask(self: Any, *_: Any) -> Any:
        return type(self)._session_.demand(operation, self)

    return ask


def _leave(self: Any, kind: Any, error: Any, _trace: Any) -> Any:
    raised = () if kind is None else (kind, str(error), None)
    return type(self)._session_.demand("exit", self, *raised)


def _iterate(cast: Any, value: Any, operation: str) -> Iterator[Any]:
    items = cast.demand(operation, value)
    if not isinstance(type(items), ProxyClass):
        return iter(items)
    taken = items.__dict__.setdefault("_taken_", deque())
    more: Iterator[Any] = cast.items(items, taken)
    return more


def _next(self: Any) -> Any:
    taken = self.__dict__.get("_taken_")
    return taken.popleft() if taken else type(self)._session_.ask("next", self)


def _comparison(operation: str) -> Any:
    def compare(self: Any, other: Any) -> Any:
        cast = type(self)._session_
        if type(other) is PendingValue:
            return cast.compare(operation, self, other)
        if not stands_in(other) and (
            operation in ("eq", "ne") or not cast.may_receive_test_data(self)
        ):
            return NotImplemented  # plain data never equals a stand-in
        cast.transcript.unit.self_compared = True
        return cast.demand(operation, self, other)

    return compare


def _between(operation: str, *, is_reflected: bool) -> Any:
    def compute(self: Any, other: Any, *more: Any) -> Any:
        cast = type(self)._session_
        if not stands_in(other) and not cast.may_receive_test_data(self):
            return NotImplemented
        operands = (other, self) if is_reflected else (self, other)
        return cast.ask(operation, *operands, *more)

    return compute


def _contains(self: Any, item: Any) -> bool:
    cast = type(self)._session_
    if not stands_in(item) and not cast.may_receive_test_data(self):
        raise TypeError(f"argument of type {type(self).__name__!r} is not iterable")
    return bool(cast.demand("contains", self, item))


_OWN = {"next": _next, "exit": _leave, "contains": _contains} | {
    name: _awaited(name) for name in ("aenter", "aexit", "anext")
}


def _special(name: str) -> Any:
    operation = name.strip("_")
    if operation in _COMPARISONS:
        return _comparison(operation)
    if operation in ("iter", "reversed"):
        return lambda self: _iterate(type(self)._session_, self, operation)
    if operation in _OWN:
        return _OWN[operation]
    if operation in _DEMANDED:
        return lambda self, *args: type(self)._session_.demand(operation, self, *args)
    if operation in TWO_SIDED or (operation[1:] in TWO_SIDED and operation[0] in "ri"):
        is_reflected = operation[0] == "r" and operation not in TWO_SIDED
        asked = operation[1:] if is_reflected else operation
        return _between(asked, is_reflected=is_reflected)
    return lambda self, /, *args, **kwargs: type(self)._session_.ask(
        operation, self, *args, keywords=kwargs
    )


_SPECIALS = {name: _special(name) for name in SPECIAL_METHODS}
