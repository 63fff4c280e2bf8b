"""Stand-ins for instances of the tests' classes, and for those classes.

Each class of the tests gets one class here, with the same name, bases and methods. An instance of
it stands for an instance of the tests', and each use of it asks the harness.
"""

import contextlib
import dataclasses
import sys
import types
from collections.abc import Callable, Generator
from typing import Any

from nova_code_verifier.sandbox.guest.awaiting import run_there
from nova_code_verifier.sandbox.guest.stand_ins.table import CLASSES, ask, number_of, remember
from nova_code_verifier.sandbox.protocol.exports import Description, Flavour, Method, Request

_LIBRARY_CLASSES: dict[tuple[str, ...], type] = {}
_OF_ERRORS = frozenset({"args", "with_traceback", "add_note"})
_EXIT_ARGUMENTS = 3


class StandInClass(type):
    """The class of stand-ins for classes. A call makes an instance in the harness."""

    def __new__(cls, name: str, *_: object, **_more: object) -> Any:  # noqa: ANN401
        """Refuse a subclass in the candidate's guest: its instances would be on both sides."""
        raise TypeError(f"a class of the tests is not an acceptable base of {name!r}")

    def __init__(cls, *_: object, **_more: object) -> None:
        """Do nothing more than `type.__new__` does."""

    def __call__(cls, *args: object, **kwargs: object) -> object:
        """Ask for an instance."""
        return ask(cls, "call", *args, **kwargs)

    def __getattr__(cls, name: str) -> object:
        if name.startswith("_") or number_of(cls) is None:
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return ask(cls, "getattr", name)

    def __setattr__(cls, name: str, value: object) -> None:
        if name.startswith("_"):
            raise TypeError(f"cannot set {name!r} attribute of {cls.__name__!r}, a class of tests")
        ask(cls, "setattr", name, value)

    def __delattr__(cls, name: str) -> None:
        ask(cls, "delattr", name)


class StandIn:
    """Stands for an instance. What begins with an underscore is here, everything else is there."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  (any attribute)
        if name == "__dict__":
            return ask(self, "fields")
        if name.startswith("_") or name in type.__getattribute__(type(self), "_methods_"):
            return super().__getattribute__(name)
        return ask(self, "getattr", name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            ask(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        ask(self, "delattr", name)

    def __dir__(self) -> list[str]:
        return ask(self, "dir")  # type: ignore[no-any-return]

    def __copy__(self) -> object:
        return ask(self, "copy")

    def __deepcopy__(self, _memo: object) -> object:
        return ask(self, "deepcopy")

    def __reduce_ex__(self, _protocol: object) -> Any:  # noqa: ANN401
        raise TypeError(f"cannot pickle {type(self).__name__!r} object: it is the tests'")


def new_instance(description: Description, number: int, request: Request) -> object:
    """Make the stand-in for an instance, and for its class if that has none yet."""
    return remember(_new(new_class(description["cls"], request)), number, request)


def new_error(
    description: Description, number: int, request: Request, arguments: list[Any] | None
) -> object:
    """Make the stand-in for an exception: a real one, of a class of the same name."""
    kind: Any = new_class(description["cls"], request)
    try:
        error = kind.__new__(kind, *(arguments or ()))
    except Exception:  # noqa: BLE001  (`__new__` of some exceptions wants other arguments)
        error = BaseException.__new__(kind)
    BaseException.args.__set__(error, tuple(arguments or ()))  # type: ignore[attr-defined]
    return remember(error, number, request)


def new_class(description: Description, request: Request) -> type:
    """Return the class that stands for a class of the tests'; make it if there is none yet."""
    if "name" not in description:
        return _library_class(description)
    number = description.get("number", 0)
    found: Any = CLASSES.get(number)
    if found is None:
        found = _new_class(description, request)
        if number:
            CLASSES[number] = remember(found, number, request)
    return found  # type: ignore[no-any-return]


def find_in_library(path: list[str]) -> Any:  # noqa: ANN401  (any value)
    """Return what a library defines; None if it is not to be had here."""
    module, qualified = path
    with contextlib.suppress(Exception):  # the candidate's own module may lie in its place
        __import__(module)
    found = sys.modules.get(module)
    for name in qualified.split("."):
        found = getattr(found, name, None)
    return found


def _library_class(description: Description) -> type:
    """Return a class for instances of a library's class: they claim to be of that one."""
    path = tuple(description["library"])
    if path not in _LIBRARY_CLASSES:
        claimed = find_in_library(list(path))
        names = _specials(description.get("specials", ()))
        if isinstance(claimed, type):
            names["__class__"] = property(lambda _: claimed)
        _LIBRARY_CLASSES[path] = _made(path[-1].rpartition(".")[-1], (StandIn,), names)
    return _LIBRARY_CLASSES[path]


def _new_class(description: Description, request: Request) -> type:
    names = _specials(description["specials"])
    methods = {method["name"]: _method(method) for method in description["methods"]}
    names |= methods
    bases = [_base(base, request) for base in description["bases"]]
    inherited = [getattr(base, "_methods_", ()) for base in bases]
    names["_methods_"] = frozenset(methods).union(*inherited)
    names["__module__"], names["__qualname__"] = description["module"], description["qualname"]
    names["__doc__"] = description["doc"]
    if description.get("is_dataclass"):
        made: Any = dataclasses.make_dataclass("_", description["fields"] or ())
        names["__dataclass_fields__"] = made.__dataclass_fields__
        names["__match_args__"] = tuple(description["fields"] or ())
    kept = tuple(base for base in bases if base not in (object, StandIn))
    if any(issubclass(base, BaseException) for base in kept):
        names["_methods_"] |= _OF_ERRORS
    has_stand_in = any(issubclass(base, StandIn) for base in kept)
    return _made(description["name"], kept if has_stand_in else (StandIn, *kept), names)


def _base(description: Description, request: Request) -> type:
    if "name" in description:
        return new_class(description, request)
    base = find_in_library(description["library"])
    return base if isinstance(base, type) and base.__module__ != "typing" else object


def _made(name: str, bases: tuple[type, ...], names: dict[str, Any]) -> type:
    """Make a class with these bases, or without those that do not allow it."""
    names.setdefault("_methods_", frozenset())
    for some in (bases, tuple(base for base in bases if issubclass(base, StandIn))):
        try:
            metaclasses = {type(base) for base in some} - {type, StandInClass}
            outer = next(iter(metaclasses), type)
            meta: Any = StandInClass
            if outer is not type:
                meta = type(
                    outer.__name__, (StandInClass, outer), {"__call__": StandInClass.__call__}
                )
            made = outer.__new__(meta, name, some, dict(names))
            type.__setattr__(made, "__abstractmethods__", frozenset())
            _new(made)
        except TypeError:
            continue
        return made  # type: ignore[no-any-return]
    return _made(name, (StandIn,), names)


def _new(kind: Any) -> Any:  # noqa: ANN401  (a class, an instance)
    if issubclass(kind, BaseException):
        return kind.__new__(kind)
    return object.__new__(kind)


# -- methods ---------------------------------------------------------------------------


def _method(method: Method) -> Any:  # noqa: ANN401  (a function, or a classmethod)
    """Make a method that asks the harness to call the one of that name."""
    name = method["name"]
    function = _CALLS[Flavour(method["flavour"])](name)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = method["doc"]
    return classmethod(function) if method["binding"] else function


def _asking(value: object) -> Callable[..., Any]:
    """Return a `Request` about one object, whose number is of no use."""
    return lambda operation, _, /, *operands, **keywords: ask(
        value, operation, *operands, **keywords
    )


def _plain(name: str) -> Callable[..., object]:
    return lambda self, /, *args, **kwargs: ask(self, "method", name, *args, **kwargs)


def _coroutine(name: str) -> Callable[..., object]:
    async def call(self: object, /, *args: object, **kwargs: object) -> object:
        return await run_there(_asking(self), "run", 0, name, *args, **kwargs)

    return call


def _generator(name: str) -> Callable[..., object]:
    def call(self: object, /, *args: object, **kwargs: object) -> Generator[object, object, object]:
        return (yield from ask(self, "method", name, *args, **kwargs))

    return call


def _async_generator(name: str) -> Callable[..., object]:
    async def call(self: object, /, *args: object, **kwargs: object) -> Any:  # noqa: ANN401
        async for item in ask(self, "method", name, *args, **kwargs):
            yield item

    return call


_CALLS: dict[Flavour, Callable[[str], Any]] = {
    Flavour.PLAIN: _plain,
    Flavour.COROUTINE: _coroutine,
    Flavour.GENERATOR: _generator,
    Flavour.ASYNC_GENERATOR: _async_generator,
}


def _special(name: str) -> Callable[..., object]:
    def call(self: object, /, *args: object, **kwargs: object) -> object:
        return ask(self, "special", name, *args, **kwargs)

    def leave(self: object, *error: object) -> object:
        # No traceback travels.
        without = (*error[:2], None) if len(error) == _EXIT_ARGUMENTS else error
        return ask(self, "special", name, *without)

    def run(self: object) -> Any:  # noqa: ANN401
        async def wait() -> object:
            return await run_there(_asking(self), "await", 0)

        return wait().__await__()

    if name == "__await__":
        return run
    return leave if name in ("__exit__", "__aexit__") else call


def _specials(names: Any) -> dict[str, Any]:  # noqa: ANN401  (any iterable of names)
    return {name: _special(name) for name in names}


# -- mocks -----------------------------------------------------------------------------


class MockStandIn:
    """Stands for a mock. Plain data becomes an attribute of the mock, other objects stay here."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  (any attribute)
        if name.startswith("_") or name in object.__getattribute__(self, "__dict__"):
            return object.__getattribute__(self, name)
        return ask(self, "getattr", name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or not ask(self, "setattr", name, value):
            object.__setattr__(self, name, value)
        else:
            object.__getattribute__(self, "__dict__").pop(name, None)


_MOCKS: dict[tuple[object, ...], type] = {}


def new_mock(description: Description, number: int, request: Request) -> object:
    """Make the stand-in for a mock, with the special methods that the mock has."""
    is_callable, library = description["is_callable"], description.get("library", ())
    flavour = description.get("flavour")
    is_property = description.get("is_property", False)
    key = (is_callable, is_property, flavour, *library, "", *description["specials"])
    if key not in _MOCKS:
        names = _specials(description["specials"])
        if is_callable:
            names["__call__"] = lambda self, /, *args, **kwargs: ask(self, "call", *args, **kwargs)
        if is_property:
            names["__get__"] = lambda self, _owner, _kind=None: ask(self, "call")
            names["__set__"] = lambda self, _owner, value: ask(self, "call", value)
        claimed = find_in_library(list(library)) if library else None
        if isinstance(claimed, type):
            names["__class__"] = property(lambda _: claimed)
        if flavour == Flavour.COROUTINE:
            names |= _marks_of_coroutine_functions()
        _MOCKS[key] = type("Mock", (MockStandIn,), names)
    return remember(object.__new__(_MOCKS[key]), number, request)


def _marks_of_coroutine_functions() -> dict[str, object]:
    """Return attributes by which `asyncio` and `inspect` recognise a coroutine function."""
    marks = {"asyncio.coroutines": "_is_coroutine", "inspect": "_is_coroutine_mark"}
    modules = {name: sys.modules.get(name) for name in marks}
    return {
        mark: getattr(module, mark)
        for module, mark in zip(modules.values(), marks.values(), strict=True)
        if isinstance(module, types.ModuleType) and hasattr(module, mark)
    }
