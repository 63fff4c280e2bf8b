"""Classes of proxies: each is as similar to one of the candidate's classes as possible.

In: what the candidate's guest claims of a class. Out: a class whose instances are proxies, and ask
the session for whatever the tests do with them. A false claim only makes a worse proxy.

Classes of the library from which the candidate's class is derived stand in the method resolution
order, so that `isinstance` and `issubclass` are right, but behind `Proxy`: their methods are the
candidate's to run. A class that the tests derive from one of the candidate's is made in both
guests, with the methods of the tests as callbacks.
"""

import dataclasses
import operator
from collections import UserDict, UserList, UserString
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.awaiting import run_there
from nova_code_verifier.verifier.test_code.harness.candidates import (
    CandidateLostError,
    is_tool_attribute,
    verdicts,
)
from nova_code_verifier.verifier.test_code.harness.function_proxies import (
    SOURCE_NAME,
    FunctionProxy,
    call_base,
    read_signature,
)
from nova_code_verifier.verifier.test_code.harness.library_names import is_library
from nova_code_verifier.verifier.test_code.harness.proxies import (
    REF,
    CoroutineProxy,
    GeneratorProxy,
    IteratorProxy,
    MethodProxy,
    Proxy,
    Session,
    own_names,
)

PLAIN_BASES = (int, str, float, tuple, list, dict, set, frozenset, bytes, complex)
"""The types of plain data that candidates' classes may be subclasses of."""
# A proxy for an instance of a subclass of plain data leaves these to the plain data that it holds.
_OF_PLAIN_DATA = """
    bool len iter next contains getitem eq ne lt le gt ge hash str repr int float index reversed
    format bytes
"""
_LEFT_TO_PLAIN_DATA = frozenset(f"__{name}__" for name in _OF_PLAIN_DATA.split())
_CONVERSIONS = frozenset(
    ["abs", "bool", "ceil", "complex", "float", "floor", "index", "int", "len", "round", "trunc"]
)
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_TWO_SIDED = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor"
TWO_SIDED = tuple(_TWO_SIDED.split())
"""The operations that either operand may define."""
_ASKED = frozenset({
    "__abstractmethods__", "__args__", "__dataclass_params__", "__match_args__", "__members__",
    "__optional_keys__", "__orig_bases__", "__origin__", "__parameters__", "__required_keys__",
    "__slots__", "__total__", "__wrapped__",
})  # fmt: skip
_NOT_SHOWN = frozenset({"Proxy", "_WithNames"})
_NOT_SENT = frozenset({
    "__annotations__", "__classcell__", "__dict__", "__module__", "__qualname__", "__slots__",
    "__static_attributes__", "__firstlineno__", "__weakref__",
})  # fmt: skip
_mro_of = type.__dict__["__mro__"].__get__


class ProxyClass(type):
    """Stands for a class of the candidate's."""

    _session_: Session
    _methods_: frozenset[str]

    def __new__(
        cls, name: str, bases: tuple[type, ...], names: dict[str, Any], **keywords: object
    ) -> Any:  # noqa: ANN401  (a class)
        """Make a class of the tests that is derived from one of the candidate's."""
        base = next(base for base in bases if isinstance(base, ProxyClass))
        session: Session = base._session_
        own = {"_looks_here_": True, "_methods_": frozenset(), "_bindings_": {}}
        kind = type.__new__(cls, name, tuple(map(_with_super, bases)), names | own)
        items = [part for item in names.items() for part in _sent(*item)]
        session.make_subclass(kind, [name, bases, *items], keywords)
        return kind

    def mro(cls) -> list[type]:
        """Return the order of classes, with those of the library behind all others."""
        if _mro_of(cls):
            return list(cls.__mro__)  # the class is made: the tests ask
        order = type.mro(cls)
        library = [part for kind in order for part in own_names(kind).get("_library_", ())]
        behind = dict.fromkeys(part for kind in library for part in _mro_of(kind))
        added = [kind for kind in behind if kind not in order]
        return [*(kind for kind in order if kind is not object), *added, object]

    @property
    def __mro__(cls) -> tuple[type, ...]:
        """The order of classes, without those that only proxies have."""
        return tuple(kind for kind in _mro_of(cls) if _is_shown(kind))

    @property
    def __bases__(cls) -> tuple[type, ...]:  # type: ignore[override]  # (nobody may set it)
        """The bases that the original has, as far as they are known."""
        claimed = own_names(cls).get("_direct_")
        if claimed is not None:
            return tuple(claimed) or (object,)
        bases = type.__dict__["__bases__"].__get__(cls)
        return tuple(own_names(base).get("_super_of_", base) for base in bases)

    @property  # type: ignore[misc]
    def __dict__(cls) -> Any:  # type: ignore[override]  # noqa: ANN401  (a mapping, or its proxy)
        """The names in the class, as the candidate's guest shows them."""
        if own_names(cls).get(REF) is None:
            return own_names(cls)
        return cls._session_.ask("getattr", cls, "__dict__")

    @property
    def __annotations__(cls) -> Any:  # type: ignore[override]  # noqa: ANN401  (the candidate's)
        """The annotations of the class."""
        return cls._session_.ask("getattr", cls, "__annotations__")

    @property
    def __signature__(cls) -> object:
        """The signature of a call of the class."""
        return read_signature(cls._session_, cls)

    def __call__(cls, *args: object, **kwargs: object) -> object:
        """Ask for the result of a call."""
        return cls._session_.ask("call", cls, *args, keywords=kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        """Ask the candidate, if its class decides itself, as abstract classes and protocols do."""
        return type.__instancecheck__(cls, instance) or (
            _may_decide(cls, type(instance))
            and cls._session_.ask("call", isinstance, instance, cls) is True
        )

    def __subclasscheck__(cls, kind: type) -> bool:
        """Ask the candidate, as for an instance."""
        return type.__subclasscheck__(cls, kind) or (
            _may_decide(cls, kind) and cls._session_.ask("call", issubclass, kind, cls) is True
        )

    def __getattr__(cls, name: str) -> Any:  # noqa: ANN401  (the candidate's)
        if name == "__dataclass_fields__":
            return _dataclass_fields(cls)
        if is_tool_attribute(name) and name not in _ASKED:
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

    def __dir__(cls) -> list[str]:
        names: list[str] = cls._session_.ask("dir", cls)
        return names


def _may_decide(cls: ProxyClass, kind: Any) -> bool:  # noqa: ANN401  (a class)
    """Return whether *cls* may decide on its own what of this class it stands for.

    It is not asked about plain data, and objects of the library.
    """
    names = own_names(cls)
    is_own = names.get("_decides_") and REF in names and not cls._session_.is_busy
    return bool(is_own) and (kind in _KINDS or not is_library(own_names(kind).get("__module__")))


_KINDS = (
    FunctionProxy, MethodProxy, IteratorProxy, GeneratorProxy, CoroutineProxy, ProxyClass,
)  # fmt: skip

# `type(f).__name__` is what tests see of a type that they cannot have.
for _kind, _name in zip(
    _KINDS, ("function", "method", "iterator", "generator", "coroutine"), strict=False
):
    _kind.__name__ = _name


def is_proxy(value: object) -> bool:
    """Return whether a value is a proxy for one of the candidate's."""
    kind = type(value)
    return kind in _KINDS or isinstance(kind, ProxyClass)


def ref_of(value: object) -> int | None:
    """Return the number of the candidate's object, if a value is the proxy for one."""
    number: int | None = own_names(value).get(REF) if is_proxy(value) else None
    return number


def new_class(  # noqa: C901  (a line for each special case)
    session: Session,
    name: str,
    bases: tuple[type, ...] = (),
    specials: frozenset[str] = frozenset(),
    methods: frozenset[str] = frozenset(),
    *,
    own: frozenset[str] = frozenset(),
    library: Sequence[type] = (),
    direct: Sequence[type] | None = None,
    claimed: type | None = None,
    doc: str | None = None,
    bindings: Mapping[str, object] | None = None,
    decides: bool = False,
) -> ProxyClass:
    """Make a class of proxies that is as similar to the claimed one as possible.

    *own* are the special methods that the class itself defines, and not a built-in base. *library*
    are bases in the library. An instance claims to be of the class *claimed*, if there is one. The
    class *decides* itself what is an instance of it.
    """
    is_plain = any(issubclass(base, (*PLAIN_BASES, BaseException)) for base in bases)
    has_plain_data = any(issubclass(base, PLAIN_BASES) for base in bases)
    names: dict[str, object] = {
        "_session_": session, "_methods_": methods, "_looks_here_": is_plain, "_library_": library,
        "_direct_": direct, "_bindings_": bindings or {}, "_decides_": decides,
        "__doc__": doc, "__module__": SOURCE_NAME.removesuffix(".py"),
    }  # fmt: skip
    # What a base in the library defines is the candidate's to run, too, whatever it claims.
    for special in specials | _specials_of(library):
        is_left = has_plain_data and special in _LEFT_TO_PLAIN_DATA
        if not is_left or special in own:
            names[special] = _beside_plain_data(special) if is_left else _SPECIALS[special]
    if not has_plain_data and "__eq__" in specials and "__hash__" not in specials:
        names["__hash__"] = None
    if "__init__" in own:
        names["__init__"] = _Initializer()
    if any(hasattr(base, "__del__") for base in library):
        names["__del__"] = lambda _: None
    if "__missing__" in own:
        names["__missing__"] = lambda self, key: session.ask("getitem", self, key)
    if any(issubclass(base, BaseException) for base in bases):
        names["__str__"] = lambda self: str(own_names(self).get("_text_", ""))
    else:
        names["__dict__"] = property(lambda self: session.ask("getattr", self, "__dict__"))
    if is_plain:
        names["__getattribute__"] = Proxy.__getattribute__  # before that of the built-in base
    # No class of proxies can have `IntEnum` behind `int`, which has another layout.
    simple = [base for base in library if not issubclass(base, PLAIN_BASES)]
    if claimed is None and len(simple) < len(library):
        claimed = next(base for base in library if base not in simple)
    if claimed is not None:
        names["__class__"] = property(lambda _: claimed)
    without_builtins = tuple(base for base in bases if base.__module__ != "builtins")
    for some, behind in ((bases, library), (bases, simple), (without_builtins, ()), ((), ())):
        names["_library_"] = behind
        with suppress(TypeError):  # claims that contradict each other
            return type.__new__(ProxyClass, name, (*some, Proxy), names)
    raise CandidateLostError("protocol: a class that cannot be")


class _Initializer:
    """Shows the candidate's `__init__`, which a test may call or inspect."""

    def __get__(self, instance: object, owner: ProxyClass) -> Any:  # noqa: ANN401  (a function)
        return owner._session_.ask("getattr", owner if instance is None else instance, "__init__")


def _specials_of(library: Sequence[type]) -> set[str]:
    """Return the special methods that classes of the library define."""
    found = (vars(kind) for base in library for kind in base.__mro__ if kind is not object)
    return {name for names in found for name in SPECIAL_METHODS.intersection(names) if names[name]}


def _is_shown(kind: type) -> bool:
    return "_super_of_" not in own_names(kind) and not (
        kind.__name__ in _NOT_SHOWN and kind.__module__ == Proxy.__module__
    )


def _dataclass_fields(kind: ProxyClass) -> dict[str, object]:
    """Ask for the fields of a dataclass. Raises AttributeError if it is none."""
    listed = kind._session_.ask("fields", kind)
    if listed is None:
        raise AttributeError("__dataclass_fields__")
    # `dataclasses` executes a text that has the names of fields in it.
    if not all(type(name) is str and name.isidentifier() for name, *_ in listed):
        kind._session_.lose("protocol: no names of fields")
    return {name: _field(name, rest) for name, *rest in listed}


def _field(name: str, listed: Sequence[Any]) -> object:
    """Return the field of a dataclass, as `_fields` of the candidate's guest lists it."""
    annotation, has_default, default, has_factory, factory, flags = listed
    field: Any = dataclasses.field(**{
        key: flags[key] for key in ("init", "repr", "hash", "compare", "kw_only")
    })  # fmt: skip
    field.name, field.type = name, annotation
    field.default = default if has_default else dataclasses.MISSING
    field.default_factory = factory if has_factory else dataclasses.MISSING
    field._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001  (there is no other way)
    return field


# -- classes of the tests that are derived from the candidate's ------------------------


def _with_super(base: type) -> type:
    """Return a class between a base of the candidate's and a class of the tests, for `super()`."""
    if not isinstance(base, ProxyClass):
        return base
    names = own_names(base)
    session, bindings = base._session_, names["_bindings_"]
    methods = {*names["_methods_"], *bindings, "__init__"}
    specials = {
        name for name in SPECIAL_METHODS.intersection(names) if name.strip("_") not in _COMPARISONS
    }
    functions = {
        name: call_base(session, base, name, bindings.get(name)) for name in methods | specials
    }
    extra = {
        "_super_of_": base, "_looks_here_": True, "_methods_": frozenset(), "_bindings_": {},
    }  # fmt: skip
    return type.__new__(ProxyClass, base.__name__, (base,), functions | extra)


def _sent(name: str, value: Any) -> list[object]:  # noqa: ANN401  (what stands in a class)
    """Return a name in a class of the tests, how it is bound, and what it is made of."""
    if name in _NOT_SENT:
        return []
    match value:
        case staticmethod():
            return [(name, "static", value.__func__)]
        case classmethod():
            return [(name, "class", value.__func__)]
        case property():
            return [(name, "property", (value.fget, value.fset, value.fdel))]
    return [(name, "", value)]


# -- special methods -------------------------------------------------------------------


def _awaited(operation: str) -> Callable[..., object]:
    async def ask(self: Proxy) -> object:
        session = type(self)._session_
        if operation == "anext":
            return session.ask("anext", self)
        return await run_there(session, operation, self)

    return ask


def _exit(self: Proxy, kind: object, error: object, _trace: object) -> object:
    session = type(self)._session_
    raised, is_verdict = _shown(session, kind, error)
    swallows = session.ask("exit", self, *raised)
    return False if is_verdict else swallows


async def _aexit(self: Proxy, kind: object, error: object, _trace: object) -> object:
    session = type(self)._session_
    raised, is_verdict = _shown(session, kind, error)
    swallows = await run_there(session, "aexit", self, *raised)
    return False if is_verdict else swallows


def _shown(session: Session, kind: object, error: object) -> tuple[tuple[object, ...], bool]:
    """Return what a context manager may know of an error, and whether it is a verdict of the tests.

    It must not read why the tests say that they failed, nor swallow it: the test would pass.
    """
    if error is not session.raised and isinstance(error, verdicts()):
        return (AssertionError, AssertionError(), None), True
    return (() if kind is None else (kind, error, None)), False


def _comparing(operation: str) -> Callable[..., object]:
    def compare(self: Proxy, other: object) -> object:
        session = type(self)._session_
        if session.is_busy:
            return NotImplemented  # keys of one dict differ, as their candidate has found out
        if not is_proxy(other) and (
            operation in ("eq", "ne") or not session.may_receive_test_data(self)
        ):
            # Plain data equals no proxy, but what the proxy's class says to be such a collection.
            content = _content(self) if operation in ("eq", "ne") else NotImplemented
            compare_here = getattr(operator, operation)
            return content if content is NotImplemented else compare_here(content, other)
        session.is_self_compared = True
        return session.ask(operation, self, other)

    return compare


def _content(proxy: Any) -> object:  # noqa: ANN401  (a proxy)
    """Return the content of a collection, to compare it here; NotImplemented for other objects."""
    if isinstance(proxy, UserDict | UserList | UserString):
        return proxy.data
    if isinstance(proxy, Mapping):
        return {key: proxy[key] for key in proxy}
    return set(proxy) if isinstance(proxy, Set) else NotImplemented


def _computing(operation: str, *, is_reflected: bool) -> Callable[..., object]:
    def compute(self: Proxy, other: object, *more: object) -> object:
        session = type(self)._session_
        is_free = is_proxy(other) or session.may_receive_test_data(self)
        if not is_free and not session.may_compute(self):
            return NotImplemented
        session.has_told |= not is_free
        operands = (other, self) if is_reflected else (self, other)
        result = session.ask(operation, *operands, *more)
        may_be_plain = is_free and session.may_become_plain(operands)
        return result if may_be_plain or type(result) is type(self) else NotImplemented

    return compute


def _turning(operation: str) -> Callable[..., object]:
    def turn(self: Proxy) -> object:
        session = type(self)._session_
        result = session.ask(operation, self)
        if type(result) is not type(self) and not session.may_be_converted(self):
            raise TypeError(f"bad operand type for {operation}: {type(self).__name__!r}")
        return result

    return turn


def _contains(self: Proxy, item: object) -> bool:
    session = type(self)._session_
    if not is_proxy(item) and not session.may_receive_test_data(self):
        if not hasattr(type(self), "__iter__"):
            raise TypeError(f"argument of type {type(self).__name__!r} is not iterable")
        session.is_self_compared = True  # it may iterate over everything
        return item in list(iter(self))
    return bool(session.ask("contains", self, item))


def _hash(self: Proxy) -> int:
    session = type(self)._session_
    if session.is_busy:
        claimed = own_names(self).get("_hash_")
        return claimed if type(claimed) is int else object.__hash__(self)
    return session.ask("hash", self)  # type: ignore[no-any-return]


def _iterate(operation: str) -> Callable[..., object]:
    def iterate(self: Proxy) -> object:
        items = type(self)._session_.ask(operation, self)
        return items if items is self else iter(items)

    return iterate


_OWN: dict[str, Callable[..., object]] = {
    "exit": _exit, "aexit": _aexit, "contains": _contains, "hash": _hash,
}  # fmt: skip
_OWN |= {name: _iterate(name) for name in ("iter", "reversed")}
_OWN |= {name: _turning(name) for name in ("neg", "pos", "invert")}
_OWN |= {name: _awaited(name) for name in ("aenter", "anext")}


def _asking(operation: str) -> Callable[..., object]:
    def ask(self: Proxy, /, *args: object, **kwargs: object) -> object:
        return type(self)._session_.ask(operation, self, *args, keywords=kwargs)

    return ask


def _converting(operation: str) -> Callable[..., object]:
    ask = _asking(operation)

    def convert(self: Proxy, /, *args: object) -> object:
        if not type(self)._session_.may_be_converted(self):
            raise TypeError(f"bad operand type for {operation}(): {type(self).__name__!r}")
        return ask(self, *args)

    return convert


def _special(name: str) -> Callable[..., object]:
    operation = name.strip("_")
    if operation in _COMPARISONS:
        return _comparing(operation)
    if operation in _OWN:
        return _OWN[operation]
    if operation in TWO_SIDED or (operation[1:] in TWO_SIDED and operation[0] in "ri"):
        is_reflected = operation[0] == "r" and operation not in TWO_SIDED
        asked = operation[1:] if is_reflected else operation
        return _computing(asked, is_reflected=is_reflected)
    return _converting(operation) if operation in _CONVERSIONS else _asking(operation)


_SPECIALS = {name: _special(name) for name in SPECIAL_METHODS}


def _beside_plain_data(name: str) -> Callable[..., object]:
    """Return a special method for proxies that hold plain data, where their class has its own.

    The candidate is asked only if the tests made the object, or if no data of theirs is involved.
    """
    ask = _SPECIALS[name]
    takes_data = name.strip("_") in (*_COMPARISONS, "contains", "getitem")

    def special(self: Any, *args: object) -> object:  # noqa: ANN401  (a proxy)
        session = type(self)._session_
        is_own = not takes_data or session.may_receive_test_data(self)
        if session.is_busy or not is_own:
            base: Any = next(base for base in PLAIN_BASES if isinstance(self, base))
            return getattr(base, name)(self, *args)
        return ask(self, *args)

    return special
