"""The operations that a candidate may ask for on an object of the tests', by its kind.

In: an object, its kind, and what the candidate sent. Out: the result, or what the object raised.
The candidate chooses all of it: `exported_kinds` decides which names may be used.
"""

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from enum import Enum
from typing import Any, NamedTuple

from nova_code_verifier.sandbox.protocol.encoding import is_plain
from nova_code_verifier.sandbox.protocol.exports import Kind
from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness import exported_kinds
from nova_code_verifier.verifier.test_code.harness.awaiting import cancel, complete, start, step
from nova_code_verifier.verifier.test_code.harness.proxy_classes import ProxyClass

_SIZE_MAX = 2**28  # of what a stream reads or skips at once
_LONG_NUMBER = re.compile(r"\d{4}")


class Use(NamedTuple):
    """What the candidate asks of one object."""

    value: Any
    kind: Kind
    operands: Sequence[Any]
    keywords: Mapping[str, Any]


def perform(operation: object, use: Use) -> object:
    """Perform an operation. Raises TypeError if the kind does not have it."""
    # A function of the tests' that calls `type("X", (), names)` would make a class of the
    # candidate's design here, whose instances could equal anything.
    if any(map(_makes_code, (*use.operands, *use.keywords.values()))):
        raise TypeError("this class is not passed to the tests")
    function, kinds = OPERATIONS.get(operation, (None, frozenset()))  # type: ignore[call-overload]
    if function is None or use.kind not in kinds:
        raise TypeError(f"an object of the tests does not support {str(operation)[:50]!r}")
    return function(use)


def _makes_code(value: object) -> bool:
    """Return whether a value is a class whose call makes a class or function."""
    if not issubclass(type(value), type) or isinstance(value, ProxyClass):
        return False
    kind: Any = value
    is_enumeration = issubclass(kind, Enum) and bool(kind.__members__)
    return issubclass(kind, _MAKING) and not is_enumeration


_MAKING = (type, Enum, types.FunctionType, types.MethodType)


def _call(use: Use) -> object:
    # By its class: a mock has any attribute.
    if use.kind is Kind.MOCK and not hasattr(type(use.value), "__call__"):  # noqa: B004
        raise TypeError(f"{type(use.value).__name__!r} object is not callable")
    return use.value(*use.operands, **use.keywords)


def _call_method(use: Use) -> object:
    name, *arguments = use.operands
    if use.kind is Kind.STREAM and not _are_small(arguments):
        raise MemoryError
    return _read(use, name)(*arguments, **use.keywords)


def _call_special(use: Use) -> object:
    """Call a special method as Python does: that of the class."""
    name, *arguments = use.operands
    if type(name) is not str or name not in SPECIAL_METHODS or not _may_call(use, name):
        raise TypeError(f"{type(use.value).__name__!r} object does not support {str(name)[:50]}")
    if name == "__format__" and not _is_short_format(arguments):
        raise ValueError("a format with too large a number")
    return _find_special(use.value, name)(*arguments, **use.keywords)


def _may_call(use: Use, name: str) -> bool:
    if use.kind is Kind.STREAM:
        return name == "__enter__"
    return not (name == "__mod__" and isinstance(use.value, str | bytes | bytearray))


def _find_special(value: Any, name: str) -> Any:  # noqa: ANN401  (any object, a method)
    """Find a special method by the class alone, and bind it, as Python itself does."""
    for base in type(value).__mro__:
        if name in vars(base) and (base is not object or name == "__repr__"):
            found = vars(base)[name]
            bind = getattr(type(found), "__get__", None)
            return bind(found, value, type(value)) if bind else found
    raise TypeError(f"{type(value).__name__!r} object does not support {name}")


def _is_short_format(arguments: Sequence[Any]) -> bool:
    return all(type(text) is str and not _LONG_NUMBER.search(text) for text in arguments)


def _are_small(arguments: Sequence[Any]) -> bool:
    return all(abs(number) <= _SIZE_MAX for number in arguments if isinstance(number, int))


def _get_attribute(use: Use) -> object:
    (name,) = use.operands
    return _read(use, name)


def _set_attribute(use: Use) -> bool:
    """Set an attribute; return False for one of a mock that stays with the candidate."""
    name, content = use.operands
    if not exported_kinds.may_write(use.value, use.kind, name):
        raise _no_attribute(use, name)
    # An object of the candidate's could have the methods by which tests judge a mock.
    is_set = use.kind is not Kind.MOCK or is_plain(content)
    if is_set:
        setattr(use.value, name, content)
    return is_set


def _delete_attribute(use: Use) -> None:
    (name,) = use.operands
    if not exported_kinds.may_write(use.value, use.kind, name):
        raise _no_attribute(use, name)
    delattr(use.value, name)


def _read(use: Use, name: Any) -> Any:  # noqa: ANN401  (what the candidate sent, an attribute)
    if not exported_kinds.may_read(use.value, use.kind, name):
        raise _no_attribute(use, name)
    return getattr(use.value, name)


def _no_attribute(use: Use, name: object) -> AttributeError:
    kind = type(use.value).__name__
    return AttributeError(f"{kind!r} object has no attribute {str(name)[:50]!r}")


def _fields(use: Use) -> dict[str, object]:
    """Return the attributes of an instance itself, which may be read one by one, too."""
    fields = getattr(use.value, "__dict__", None)
    names = list(fields) if isinstance(fields, dict) else []
    may_read = exported_kinds.may_read
    return {name: fields[name] for name in names if fields and may_read(use.value, use.kind, name)}


def _names(use: Use) -> list[str]:
    return [name for name in dir(use.value) if exported_kinds.may_read(use.value, use.kind, name)]


def _throw(use: Use) -> object:
    (error,) = use.operands
    return use.value.throw(error)


def _send(use: Use) -> object:
    (sent,) = use.operands
    return use.value.send(sent)


def _run(use: Use) -> object:
    """Call a coroutine function or method, and run what it returns to its end."""
    returned = _call_method(use) if use.kind in _OWNERS else _call(use)
    return complete(returned) if inspect.isawaitable(returned) else returned


def _start(use: Use) -> int:
    """Begin to run a coroutine, or what a call returns."""
    operation, *operands = use.operands
    inner = use._replace(operands=operands)
    if operation == "run":
        return start(_call_method(inner) if use.kind in _OWNERS else _call(inner))
    return start(use.value)


_OWNERS = frozenset({Kind.INSTANCE, Kind.CLASS, Kind.ERROR, Kind.MEMBER, Kind.ROW})
_READABLE = _OWNERS | {Kind.MOCK, Kind.STREAM}
_STEPPED = frozenset({Kind.ITERATOR, Kind.GENERATOR})
_GENERATOR = frozenset({Kind.GENERATOR})
OPERATIONS: dict[str, tuple[Callable[[Use], object], frozenset[Kind]]] = {
    "call": (_call, frozenset({Kind.FUNCTION, Kind.CLASS, Kind.MOCK})),
    "run": (_run, _OWNERS | {Kind.FUNCTION, Kind.MOCK}),
    "method": (_call_method, _READABLE),
    "special": (_call_special, _READABLE - {Kind.CLASS}),
    "getattr": (_get_attribute, _READABLE),
    "setattr": (_set_attribute, _OWNERS | {Kind.MOCK}),
    "delattr": (_delete_attribute, _OWNERS),
    "fields": (_fields, _OWNERS),
    "dir": (_names, _READABLE),
    "attributes": (lambda u: exported_kinds.attributes_of(u.value), frozenset({Kind.FUNCTION})),
    "copy": (lambda use: copy(use.value), _OWNERS - {Kind.CLASS}),
    "deepcopy": (lambda use: deepcopy(use.value), _OWNERS - {Kind.CLASS}),
    "next": (lambda use: next(use.value), _STEPPED),
    "send": (_send, _GENERATOR),
    "throw": (_throw, _GENERATOR),
    "close": (lambda use: use.value.close(), _GENERATOR),
    "start": (_start, _OWNERS | {Kind.FUNCTION, Kind.MOCK, Kind.COROUTINE}),
    "step": (lambda use: step(*use.operands), _OWNERS | {Kind.FUNCTION, Kind.MOCK, Kind.COROUTINE}),
    "cancel": (
        lambda use: cancel(*use.operands),
        _OWNERS | {Kind.FUNCTION, Kind.MOCK, Kind.COROUTINE},
    ),
    "await": (lambda use: complete(use.value), frozenset({Kind.COROUTINE, Kind.INSTANCE})),
    "anext": (lambda use: complete(anext(use.value)), frozenset({Kind.ASYNC_GENERATOR})),
}
"""Each operation, and the kinds of objects that have it."""
