"""Proxies for the candidate's objects, classes, methods and iterators.

In: what the candidate's guest claims of a class. Out: a class of proxies that is as similar to it
as possible, and asks the session for whatever the tests do with a proxy. A false claim only makes a
worse proxy.
"""

import collections.abc
import dataclasses
import inspect
import types
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError
from nova_code_verifier.sandbox.protocol.mirrors import Tree

REF = "_ref_"
"""The attribute of a proxy that holds the number of the candidate's object."""
_REPLACED = "_replaced_"  # the attributes that the tests have set
_ONE_BY_ONE_MAX, _ITEMS_AT_ONCE = 1000, 100
PLAIN_BASES = (int, str, float, tuple, list, dict, set, frozenset, bytes, complex)
"""The types of plain data that candidates' classes may be subclasses of."""

# A proxy for an instance of a subclass of plain data leaves these to the plain data that it holds.
_OF_PLAIN_DATA = """
    bool len iter next contains getitem eq ne lt le gt ge hash str repr int float index reversed
    format bytes
"""
_LEFT_TO_PLAIN_DATA = frozenset(f"__{name}__" for name in _OF_PLAIN_DATA.split())
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_TWO_SIDED = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
TWO_SIDED = tuple(_TWO_SIDED.split())
"""The operations that either operand may define."""
_LEAKING = """
    startswith endswith find rfind issubset issuperset isdisjoint difference symmetric_difference
    intersection union
"""
LEAKING_METHODS = frozenset(_LEAKING.split())
"""Methods of plain data to which a test passes what it expects."""
Keywords = Mapping[str, object] | None
"""The keyword arguments of an operation."""
# Asked of the candidate when they are looked up in a proxy.
_ASKED = frozenset({"__annotations__", "__module__", "__wrapped__", "__defaults__", "__kwdefaults__"})


class Session(Protocol):
    """The part of `LiveCandidate` (`harness/session.py`) that proxies use."""

    is_self_compared: bool

    def ask(self, operation: str, *operands: object, keywords: Keywords = None) -> Any:  # noqa: ANN401  (an answer can be anything)
        """Ask the candidate; return a value or a proxy, or raise what it raised."""

    def lose(self, reason: str) -> None:
        """End the conversation: the candidate broke the protocol. Raises CandidateLostError."""

    def may_receive_test_data(self, proxy: object) -> bool:
        """Return whether operators of the proxied object may receive the tests' plain data."""


def is_tool_attribute(name: str) -> bool:
    """Return whether Python and the test tools look for this attribute in any object."""
    return (name.startswith("__") and name.endswith("__")) or name.startswith(
        ("_mock", "_pytest", "pytestmark")
    )


class Proxy:
    """Stands for one object of the candidate's. Its class stands for the object's class."""

    _session_: ClassVar[Session]
    _methods_: ClassVar[frozenset[str]]

    def __getattr__(self, name: str) -> object:
        session, methods = type(self)._session_, type(self)._methods_
        if is_tool_attribute(name):
            raise AttributeError(name)
        if name in LEAKING_METHODS and not session.may_receive_test_data(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in methods and name not in vars(self).get(_REPLACED, ()):
            return MethodProxy(session, self, name)
        return session.ask("getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__"):
            object.__setattr__(self, name, value)
        else:
            type(self)._session_.ask("setattr", self, name, value)
            vars(self).setdefault(_REPLACED, set()).add(name)

    def __delattr__(self, name: str) -> None:
        vars(self).get(_REPLACED, set()).discard(name)
        type(self)._session_.ask("delattr", self, name)

    def __dir__(self) -> list[str]:
        names: list[str] = type(self)._session_.ask("dir", self)
        return names


class ProxyClass(type):
    """Stands for a class of the candidate's."""

    _session_: Session
    _methods_: frozenset[str]

    def __call__(cls, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        return cls._session_.ask("call", cls, *args, keywords=kwargs)

    def __getattr__(cls, name: str) -> object:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return cls._session_.ask("getattr", cls, name)

    def __setattr__(cls, name: str, value: object) -> None:
        cls._session_.ask("setattr", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        cls._session_.ask("delattr", cls, name)

    def __getitem__(cls, key: object) -> object:
        return cls._session_.ask("getitem", cls, key)

    def __iter__(cls) -> Iterator[object]:
        return iter(cls._session_.ask("iter", cls))

    def __bool__(cls) -> bool:
        return True

    def __len__(cls) -> int:
        length: int = cls._session_.ask("len", cls)
        return length

    def __contains__(cls, item: object) -> bool:
        return bool(cls._session_.ask("contains", cls, item))


class MethodProxy:
    """Stands for a method. Only a call, or passing it on, is a question."""

    def __init__(self, session: Session, owner: object, name: str) -> None:
        """Stand for the method *name* of *owner*."""
        self._session_, self._owner_, self.__name__ = session, owner, name

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        session = self._session_
        # By `vars`: a class that is a proxy has every attribute, if it is asked for.
        kinds = type(self._owner_).__mro__
        if args and not any("_is_named_" in vars(kind) for kind in kinds):
            # The tests do not name its class: it may agree with any argument.
            session.is_self_compared = True
        return session.ask("method", self._owner_, self.__name__, *args, keywords=kwargs)

    def __getattr__(self, name: str) -> object:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return self._session_.ask("getattr", self._itself_(), name)

    def _itself_(self) -> object:
        return self._session_.ask("getattr", self._owner_, self.__name__)


class FunctionProxy:
    """Stands for a function. To `inspect`, it is one."""

    def __init__(self, session: Session, number: int, description: Mapping[str, Tree]) -> None:
        """Stand for the function of that number."""
        names = vars(self)
        names["_session_"], names[REF] = session, number
        name, doc, flags = (description.get(key) for key in ("name", "doc", "flags"))
        names["__name__"] = str(name)
        names["__qualname__"] = str(description.get("qualname", name))
        names["__doc__"] = doc if type(doc) is str else None
        is_method = description.get("is_method") is True
        names["_class_"] = types.MethodType if is_method else types.FunctionType
        names["_flags_"] = flags if type(flags) is int else 0

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        return self._session_.ask("call", self, *args, keywords=kwargs)

    @property
    def __class__(self) -> type:
        return self._class_  # type: ignore[no-any-return]

    @property
    def __signature__(self) -> inspect.Signature:
        return _signature(self._session_, self)

    @property
    def __code__(self) -> types.CodeType:
        kinds = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
        code = _signature_code.__code__
        return code.replace(co_name=self.__name__, co_flags=code.co_flags | self._flags_ & kinds)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        if name == "__func__" and vars(self)["_class_"] is types.MethodType:
            # `inspect` looks there for the flags of a method.
            function = object.__new__(FunctionProxy)
            vars(function).update(vars(self), _class_=types.FunctionType)
            return function
        if is_tool_attribute(name) and name not in _ASKED:
            raise AttributeError(name)
        return vars(self)["_session_"].ask("getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__"):
            vars(self)[name] = value
        else:
            self._session_.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._session_.ask("delattr", self, name)


def _signature_code() -> None:
    """Lend its code object to the proxies for functions."""


def _signature(session: Session, value: object) -> inspect.Signature:
    *listed, (has_returns, returns) = session.ask("signature", value)
    empty = inspect.Parameter.empty
    parameters = [
        inspect.Parameter(
            name,
            inspect._ParameterKind(kind),  # noqa: SLF001  (as `Parameter` itself does)
            default=default if has_default else empty,
            annotation=annotation if has_annotation else empty,
        )
        for name, kind, has_default, default, has_annotation, annotation in listed
    ]
    return inspect.Signature(parameters, return_annotation=returns if has_returns else empty)


class CoroutineProxy(collections.abc.Coroutine[object, object, object]):
    """Stands for a coroutine: an `await` gets its result at once."""

    def __init__(self, session: Session, ref: int) -> None:
        """Stand for the coroutine of that number."""
        self._session_ = session
        setattr(self, REF, ref)

    def send(self, _value: object) -> object:
        """Run to the end."""
        raise StopIteration(self._session_.ask("await", self))

    def throw(self, *error: Tree) -> object:
        """End with this error."""
        raise error[0]

    def close(self) -> None:
        """Do nothing: it does not run between two calls."""

    def __await__(self) -> Generator[object, object, object]:
        yield from ()
        return self._session_.ask("await", self)


def _items(session: Session, iterator: object, taken: deque[object]) -> Iterator[object]:
    """Iterate over an iterator of the candidate's; *taken* are items that came already."""
    may_have_more, total = True, 0
    while taken or may_have_more:
        while taken:
            yield taken.popleft()
        if may_have_more:
            # One after the other, as it is run in one process, until there are many.
            count = 1 if total < _ONE_BY_ONE_MAX else _ITEMS_AT_ONCE
            total += count
            answer = session.ask("take", iterator, count)
            if type(answer) is not tuple or len(answer) != 2 or type(answer[1]) is not list:  # noqa: PLR2004  (whether there is more, and items)
                session.lose("protocol: no items")
            may_have_more = answer[0] is True
            taken.extend(answer[1])


class IteratorProxy:
    """Stands for an iterator."""

    def __init__(self, session: Session, ref: int) -> None:
        """Stand for the iterator of that number."""
        self._session_ = session
        self._taken_: deque[object] = deque()
        setattr(self, REF, ref)

    def __iter__(self) -> Iterator[object]:
        return _items(self._session_, self, self._taken_)

    def __next__(self) -> object:
        return self._taken_.popleft() if self._taken_ else self._session_.ask("next", self)

    def __getattr__(self, name: str) -> MethodProxy:
        if is_tool_attribute(name):
            raise AttributeError(name)
        return MethodProxy(self._session_, self, name)


class GeneratorProxy(IteratorProxy):
    """Stands for a generator: `isinstance` says that it is one."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return types.GeneratorType


ITERATORS: dict[str, Callable[[Session, int], object]] = {
    "iterator": IteratorProxy, "generator": GeneratorProxy, "coroutine": CoroutineProxy,
}  # fmt: skip
"""The proxies for objects that are run step by step, by the guest's word for their kind."""
_KINDS = (
    FunctionProxy, MethodProxy, IteratorProxy, GeneratorProxy, CoroutineProxy, ProxyClass,
)  # fmt: skip


def is_proxy(value: object) -> bool:
    """Return whether a value is a proxy for one of the candidate's."""
    kind = type(value)
    return kind in _KINDS or isinstance(kind, ProxyClass)


def ref_of(value: object) -> int | None:
    """Return the number of the candidate's object, if a value is the proxy for one."""
    kind = type(value)
    if kind in _KINDS or isinstance(kind, ProxyClass) or isinstance(value, BaseException):
        names = type.__getattribute__(value, "__dict__") if isinstance(value, type) else vars(value)
        number: int | None = names.get(REF)
        return number
    return None


def new_class(
    session: Session,
    name: str,
    bases: tuple[type, ...],
    specials: frozenset[str],
    methods: frozenset[str] = frozenset(),
    *,
    doc: str | None = None,
    fields: Sequence[str] | None = None,
) -> ProxyClass:
    """Make a class of proxies that is as similar to the claimed one as possible."""
    has_plain_base = any(issubclass(base, PLAIN_BASES) for base in bases)
    names: dict[str, object] = {"_session_": session, "_methods_": methods, "__doc__": doc}
    if fields is not None:
        names["__dataclass_fields__"] = {field: _dataclass_field(field) for field in fields}
    for special in specials - _LEFT_TO_PLAIN_DATA if has_plain_base else specials:
        names[special] = _SPECIALS[special]
    if not has_plain_base and "__eq__" in specials and "__hash__" not in specials:
        names["__hash__"] = None
    if any(issubclass(base, BaseException) for base in bases):
        names["__str__"] = lambda self: str(self.__dict__.get("_text_", ""))
    for some in (bases, tuple(base for base in bases if base.__module__ != "builtins"), ()):
        try:
            return ProxyClass(name, (*some, Proxy), names)
        except TypeError:
            continue  # claims that contradict each other
    raise CandidateLostError("protocol: a class that cannot be")


def _dataclass_field(name: str) -> object:
    field: Any = dataclasses.field()
    field.name, field.type = name, object
    field._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001  (there is no other way)
    return field


def _awaited(operation: str) -> Callable[..., object]:
    async def ask(self: Proxy, *_: object) -> object:
        return type(self)._session_.ask(operation, self)

    return ask


def _exit(self: Proxy, kind: object, error: object, _trace: object) -> object:
    raised = () if kind is None else (kind, str(error), None)
    return type(self)._session_.ask("exit", self, *raised)


def _iterate(session: Session, value: Proxy, operation: str) -> Iterator[object]:
    items = session.ask(operation, value)
    if not isinstance(type(items), ProxyClass):
        return iter(items)
    return _items(session, items, items.__dict__.setdefault("_taken_", deque()))


def _next(self: Proxy) -> object:
    taken = self.__dict__.get("_taken_")
    return taken.popleft() if taken else type(self)._session_.ask("next", self)


def _comparing(operation: str) -> Callable[..., object]:
    def compare(self: Proxy, other: object) -> object:
        session = type(self)._session_
        if not is_proxy(other) and (
            operation in ("eq", "ne") or not session.may_receive_test_data(self)
        ):
            return NotImplemented  # plain data never equals a proxy
        session.is_self_compared = True
        return session.ask(operation, self, other)

    return compare


def _computing(operation: str, *, is_reflected: bool) -> Callable[..., object]:
    def compute(self: Proxy, other: object, *more: object) -> object:
        session = type(self)._session_
        if not is_proxy(other) and not session.may_receive_test_data(self):
            return NotImplemented
        operands = (other, self) if is_reflected else (self, other)
        return session.ask(operation, *operands, *more)

    return compute


def _contains(self: Proxy, item: object) -> bool:
    session = type(self)._session_
    if not is_proxy(item) and not session.may_receive_test_data(self):
        raise TypeError(f"argument of type {type(self).__name__!r} is not iterable")
    return bool(session.ask("contains", self, item))


_OWN: dict[str, Callable[..., object]] = {"next": _next, "exit": _exit, "contains": _contains}
_OWN |= {name: _awaited(name) for name in ("aenter", "aexit", "anext")}


def _special(name: str) -> Callable[..., object]:
    operation = name.strip("_")
    if operation in _COMPARISONS:
        return _comparing(operation)
    if operation in ("iter", "reversed"):
        return lambda self: _iterate(type(self)._session_, self, operation)
    if operation in _OWN:
        return _OWN[operation]
    if operation in TWO_SIDED or (operation[1:] in TWO_SIDED and operation[0] in "ri"):
        is_reflected = operation[0] == "r" and operation not in TWO_SIDED
        asked = operation[1:] if is_reflected else operation
        return _computing(asked, is_reflected=is_reflected)
    return lambda self, /, *args, **kwargs: type(self)._session_.ask(
        operation, self, *args, keywords=kwargs
    )


_SPECIALS = {name: _special(name) for name in SPECIAL_METHODS}
