"""Proxies for the candidate's objects, methods and iterators.

In: what the tests do with a proxy. Out: requests to the candidate's guest. The class of a proxy is
made in `harness/proxy_classes.py`.
"""

import collections.abc
import functools
import pickle
import types
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from nova_code_verifier.sandbox.protocol.mirrors import Tree
from nova_code_verifier.verifier.test_code.harness.awaiting import run_there
from nova_code_verifier.verifier.test_code.harness.candidates import is_tool_attribute
from nova_code_verifier.verifier.test_code.harness.library_names import is_library

REF = "_ref_"
"""The attribute of a proxy that holds the number of the candidate's object."""
_REPLACED = "_replaced_"  # the attributes that the tests have set
_ONE_BY_ONE_MAX, _ITEMS_AT_ONCE = 1000, 100
_LEAKING = """
    startswith endswith find rfind issubset issuperset isdisjoint difference symmetric_difference
    intersection union
"""
LEAKING_METHODS = frozenset(_LEAKING.split())
"""Methods of plain data to which a test passes what it expects."""
Keywords = Mapping[str, object] | None
"""The keyword arguments of an operation."""


class Session(Protocol):
    """The part of `LiveCandidate` (`harness/session.py`) that proxies use."""

    is_self_compared: bool
    has_told: bool
    raised: BaseException | None

    @property
    def is_busy(self) -> bool:
        """Whether a message is being read or written, so that nothing can be asked."""

    def ask(self, operation: str, *operands: object, keywords: Keywords = None) -> Any:  # noqa: ANN401  (an answer can be anything)
        """Ask the candidate; return a value or a proxy, or raise what it raised."""

    def lose(self, reason: str) -> None:
        """End the conversation: the candidate broke the protocol. Raises CandidateLostError."""

    def may_receive_test_data(self, proxy: object) -> bool:
        """Return whether operators of the proxied object may receive the tests' plain data."""

    def may_compute(self, proxy: object) -> bool:
        """Return whether operators may receive plain data that return an object of that class."""

    def may_become_plain(self, operands: Sequence[object]) -> bool:
        """Return whether the result of an operator may be plain data."""

    def may_be_converted(self, proxy: object) -> bool:
        """Return whether an object may be turned into plain data."""

    def make_subclass(self, kind: Any, items: list[object], keywords: Keywords) -> None:  # noqa: ANN401  (a class of the tests')
        """Have the candidate make a class of the tests that has one of its classes as a base."""


class _WithNames:
    """Has a dict. A proxy shows the one of the candidate's object instead."""


_OF_FUNCTIONS = frozenset((*functools.WRAPPER_ASSIGNMENTS, "__wrapped__"))
# Attributes of what stands in annotations: `Optional[int]`, a type variable.
_OF_TYPES = frozenset({
    "__args__", "__bound__", "__constraints__", "__metadata__", "__orig_class__", "__origin__",
    "__parameters__", "__supertype__",
})  # fmt: skip
_names_of_proxy = vars(_WithNames)["__dict__"].__get__
_names_of_class = vars(type)["__dict__"].__get__


def own_names(value: Any) -> Any:  # noqa: ANN401  (a dict, or what shows one)
    """Return the dict of a proxy itself, which asks nothing."""
    if isinstance(value, type):
        return _names_of_class(value)
    if isinstance(value, _WithNames):
        return _names_of_proxy(value)
    return object.__getattribute__(value, "__dict__")


class Proxy(_WithNames):
    """Stands for one object of the candidate's. Its class stands for the object's class."""

    _session_: ClassVar[Session]
    _methods_: ClassVar[frozenset[str]]
    _bindings_: ClassVar[Mapping[str, object]]
    _looks_here_: ClassVar[bool]

    def __init_subclass__(cls, **keywords: object) -> None:
        """Call that of a base of the tests': one of the library would change the class by requests.

        So `Protocol` does, while the message is read that mentions the class.
        """
        order = type.__dict__["__mro__"].__get__(cls)
        for base in order[order.index(Proxy) + 1 :]:
            if "__init_subclass__" in vars(base) and not is_library(base.__module__):
                vars(base)["__init_subclass__"].__get__(None, cls)(**keywords)
                break

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        kind = type(self)
        if name in _OF_FUNCTIONS and name in _names_of_proxy(self).get("_special_names_", ()):
            return kind._session_.ask("getattr", self, name)
        is_own = name in kind._methods_ or name in kind._bindings_
        if name[:1] == "_" or (kind._looks_here_ and not is_own):
            return object.__getattribute__(self, name)
        raise AttributeError(name)  # and so `__getattr__` is called

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        kind: Any = type(self)
        session, methods = kind._session_, kind._methods_
        if name == "__dataclass_fields__":
            return kind.__dataclass_fields__
        if is_tool_attribute(name):
            is_of_type = name in _OF_TYPES and not session.is_busy  # `list[T]` looks for some
            if is_of_type or name in own_names(self).get("_special_names_", ()):
                return session.ask("getattr", self, name)
            raise AttributeError(name)
        if name in LEAKING_METHODS and not session.may_receive_test_data(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in methods and name not in own_names(self).get(_REPLACED, ()):
            return MethodProxy(session, self, name)
        return session.ask("getattr", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__") and name != "__dict__":
            object.__setattr__(self, name, value)
        else:
            type(self)._session_.ask("setattr", self, name, value)
            own_names(self).setdefault(_REPLACED, set()).add(name)

    def __delattr__(self, name: str) -> None:
        own_names(self).get(_REPLACED, set()).discard(name)
        type(self)._session_.ask("delattr", self, name)

    def __dir__(self) -> list[str]:
        names: list[str] = type(self)._session_.ask("dir", self)
        return names

    def __copy__(self) -> object:
        return type(self)._session_.ask("copy", self)

    def __deepcopy__(self, _memo: object) -> object:
        return type(self)._session_.ask("deepcopy", self)

    def __reduce_ex__(self, _protocol: object) -> tuple[object, ...]:
        # The candidate's own pickle, in that of the tests: either side can read it.
        return pickle.loads, (type(self)._session_.ask("pickle", self),)


class MethodProxy:
    """Stands for a method. Only a call, or passing it on, is a question."""

    def __init__(self, session: Session, owner: object, name: str) -> None:
        """Stand for the method *name* of *owner*."""
        self._session_, self._owner_, self.__name__ = session, owner, name

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        session = self._session_
        kinds = type.__dict__["__mro__"].__get__(type(self._owner_))
        if args and not any("_is_named_" in own_names(kind) for kind in kinds):
            # The tests do not name its class: it may agree with any argument.
            plain = next((kind for kind in kinds if kind in _IMMUTABLE), object)
            if hasattr(plain, self.__name__):
                return getattr(plain, self.__name__)(self._owner_, *args, **kwargs)
            session.is_self_compared = True
        return session.ask("method", self._owner_, self.__name__, *args, keywords=kwargs)

    @property  # type: ignore[misc]  # (to be set by nobody)
    def __class__(self) -> type:
        return types.MethodType

    @property
    def __self__(self) -> object:
        return self._owner_

    def __eq__(self, other: object) -> bool:
        is_same = type(other) is MethodProxy and other._owner_ is self._owner_
        return is_same and other.__name__ == self.__name__  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((id(self._owner_), self.__name__))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        if is_tool_attribute(name) and name not in _OF_METHODS:
            raise AttributeError(name)
        return getattr(self._itself_(), name)

    def _itself_(self) -> Any:  # noqa: ANN401  (a proxy)
        return self._session_.ask("getattr", self._owner_, self.__name__)


_IMMUTABLE = frozenset({str, bytes, int, float, complex, tuple, frozenset})
# Attributes of a method that its function has.
_OF_METHODS = frozenset({
    "__annotations__", "__code__", "__defaults__", "__doc__", "__func__", "__kwdefaults__",
    "__module__", "__qualname__", "__signature__", "__wrapped__",
})  # fmt: skip


class CoroutineProxy(collections.abc.Coroutine[object, object, object]):
    """Stands for a coroutine: an `await` gets its result at once."""

    def __init__(self, session: Session, ref: int, _claimed: type | None = None) -> None:
        """Stand for the coroutine of that number."""
        self._session_ = session
        self._run_: Any = None
        setattr(self, REF, ref)

    @property  # type: ignore[misc]  # (to be set by nobody)
    def __class__(self) -> type:
        return types.CoroutineType

    def send(self, value: object) -> object:
        """Run to the end."""
        if self._run_ is None:
            self._run_ = run_there(self._session_, "await", self)
        return self._run_.send(value)

    def throw(self, *error: Tree) -> object:
        """Raise an error in it."""
        if self._run_ is None:
            raise error[0]
        return self._run_.throw(error[0])

    def close(self) -> None:
        """Close it, unless it has been run."""
        self._session_.ask("method", self, "close")

    def __await__(self) -> Generator[object, object, object]:
        return (yield from run_there(self._session_, "await", self))


class IteratorProxy:
    """Stands for an iterator."""

    def __init__(self, session: Session, ref: int, claimed: type | None = None) -> None:
        """Stand for the iterator of that number, of a class *claimed* of the library."""
        self._session_ = session
        self._class_ = claimed
        self._taken_: deque[object] = deque()
        self._count_ = 0
        setattr(self, REF, ref)

    @property  # type: ignore[misc]  # (to be set by nobody)
    def __class__(self) -> type:
        return self._class_ or IteratorProxy

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        if self._taken_:
            return self._taken_.popleft()
        self._count_ += 1
        if self._count_ <= _ONE_BY_ONE_MAX:
            return self._session_.ask("next", self)
        # One after the other, as it is run in one process, until there are many.
        answer = self._session_.ask("take", self, _ITEMS_AT_ONCE)
        if type(answer) is not list:
            self._session_.lose("protocol: no items")
        self._taken_.extend(answer)
        if not self._taken_:
            raise StopIteration
        return self._taken_.popleft()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        if is_tool_attribute(name):
            raise AttributeError(name)
        if name in ("send", "throw", "close"):
            return MethodProxy(self._session_, self, name)
        return self._session_.ask("getattr", self, name)


class GeneratorProxy(IteratorProxy):
    """Stands for a generator: `isinstance` says that it is one."""

    @property  # type: ignore[misc]  # (to be set by nobody)
    def __class__(self) -> type:
        return types.GeneratorType


ITERATORS: dict[str, Callable[[Session, int, type | None], object]] = {
    "iterator": IteratorProxy, "generator": GeneratorProxy, "coroutine": CoroutineProxy,
}  # fmt: skip
"""The proxies for objects that are run step by step, by the guest's word for their kind."""
