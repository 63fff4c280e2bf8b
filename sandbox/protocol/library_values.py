"""Values of the standard library, with their exact types, between two sides of a session.

In: a value of a type of `library_types.py`. Out: a tree with one tag, and back. A reader believes
nothing: content that does not fit its tag raises ValueError, TypeError, LookupError or
ArithmeticError. Compiled patterns, open files and other things that do work when they are used are
not values.

A type whose module this process has not loaded cannot have values here, so a writer imports
nothing. A reader imports what the tag needs.
"""

import types
from collections import OrderedDict
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from nova_code_verifier.sandbox.protocol.library_exceptions import read_exception, write_exception
from nova_code_verifier.sandbox.protocol.library_types import read_type, write_type

Value = Any
"""A value that a writer has the exact type of."""
Tree = Any
"""The content of a tag, which nobody has checked."""
Walk = Callable[[Any], Any]
Writer = Callable[[Value, Walk], object]
Reader = Callable[[Tree, Walk], object]

_ADDRESS_LENGTH_MAX = 200
_KEY_LENGTH_MAX = 64
_FLAG_MAX = 2**16


def write(value: Value, kind: type, walk: Walk) -> object | None:
    """Write a value of exactly that type; return None if it is no value of the library."""
    if issubclass(kind, type):  # `isinstance` asks the value, too
        names = write_type(value)
        return names and {"type": list(names)}
    names = write_type(kind)
    write_kind = _WRITERS.get(names) if names else _NAMELESS_WRITERS.get(kind)
    if write_kind is not None:
        return write_kind(value, walk)
    if names is not None:
        return _write_by_base(value, kind, names, walk)
    return {"iso": list(value)} if _is_calendar_date(kind) else None


def _write_by_base(value: Value, kind: Any, names: tuple[str, str], walk: Walk) -> object | None:  # noqa: ANN401  (a class)
    if issubclass(kind, BaseException):
        return {"error": write_exception(value, walk)}
    if hasattr(kind, "__members__"):
        return _write_member(value, kind, names)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return {"named": [*names, [walk(item) for item in value]]}
    return None


# Views and types without a name


def _numbered(items: Value) -> dict[int, Any]:
    return dict(enumerate(items))


_SHOWN: dict[str, Callable[[Value], Any]] = {
    "keys": dict.fromkeys,
    "values": _numbered,
    "items": dict,
}


def _write_view(name: str, *, is_ordered: bool) -> Writer:
    def write_view(view: Value, walk: Walk) -> object:
        # Only what the view shows: the other half of the dict may be unable to travel.
        shown: Any = _SHOWN[name](view)
        return {"view": [name, walk(OrderedDict(shown) if is_ordered else shown)]}

    return write_view


_NAMELESS_WRITERS: dict[type, Writer] = {
    type(getattr(kind(), name)()): _write_view(name, is_ordered=kind is OrderedDict)
    for kind in (dict, OrderedDict)
    for name in ("keys", "values", "items")
}


def _read_view(content: Tree, walk: Walk) -> object:
    name, tree = content
    mapping = walk(tree)
    if type(mapping) not in (dict, OrderedDict) or name not in ("keys", "values", "items"):
        raise ValueError("there is no such view")
    return getattr(mapping, name)()


def _write_memoryview(view: memoryview, _walk: Walk) -> object | None:
    if view.ndim != 1 or view.format != "B":
        return None
    return {"memoryview": [view.readonly, view.hex()]}


def _read_memoryview(content: Tree, _walk: Walk) -> object:
    readonly, digits = content
    return memoryview((bytes if readonly is True else bytearray).fromhex(_text(digits)))


def _read_slice(content: Tree, walk: Walk) -> object:
    start, stop, step = [walk(part) for part in _list(content)]
    return slice(start, stop, step)


def _write_proxy(proxy: Value, walk: Walk) -> object | None:
    copied = proxy.copy()
    return {"mapping": walk(copied)} if isinstance(copied, dict) else None


def _read_proxy(content: Tree, walk: Walk) -> object:
    mapping = walk(content)
    if not issubclass(type(mapping), dict):
        raise ValueError("a mapping proxy of no dict")  # noqa: TRY004  (as any wrong content)
    return types.MappingProxyType(mapping)


def _write_namespace(value: Value, walk: Walk) -> object:
    return {"namespace": [[name, walk(field)] for name, field in vars(value).items()]}


def _read_namespace(content: Tree, walk: Walk) -> object:
    return types.SimpleNamespace(**{_text(name): walk(field) for name, field in _list(content)})


def _read_type(content: Tree, walk: Walk) -> Any:  # noqa: ANN401  (a type, or a GenericAlias)
    """Read an operand of a type expression."""
    kind: Any = walk(content)
    if type(kind) is not types.GenericAlias and not issubclass(type(kind), type):
        raise ValueError("a type is no type")
    return kind


def _write_alias(value: Value, walk: Walk) -> object:
    return {"alias": [walk(value.__origin__), [walk(item) for item in value.__args__]]}


def _read_alias(content: Tree, walk: Walk) -> object:
    origin, arguments = content
    return types.GenericAlias(_read_type(origin, walk), tuple(walk(a) for a in _list(arguments)))


def _read_union(content: Tree, walk: Walk) -> object:
    first, *rest = [_read_type(item, walk) for item in _list(content)]
    return reduce(or_, rest, first)


# Text and numbers that stand for an object


def _read_path(content: Tree, _walk: Walk) -> object:
    name, path = content
    if name not in ("PosixPath", "PurePosixPath", "PureWindowsPath"):
        raise ValueError("there is no such path")
    return read_type("pathlib", name)(_text(path))


def _read_address(content: Tree, _walk: Walk) -> object:
    name, address = content
    if len(_text(address)) > _ADDRESS_LENGTH_MAX:
        raise ValueError("an address that is too long")
    return read_type("ipaddress", name)(address)


def _read_uuid(content: Tree, _walk: Walk) -> object:
    return read_type("uuid", "UUID")(int=int(_text(content), 16))


def _write_decimal(value: Value, _walk: Walk) -> object:
    return {"D": str(value)}


def _write_fraction(value: Value, walk: Walk) -> object:
    return {"F": [walk(value.numerator), walk(value.denominator)]}


def _write_array(value: Value, _walk: Walk) -> object:
    return {"array": [value.typecode, value.tolist()]}


# Dates and times


def _write_timedelta(value: Value, _walk: Walk) -> object:
    return {"delta": [value.days, value.seconds, value.microseconds]}


def _write_moment(tag: str) -> Writer:
    """Return a writer for datetimes or times."""

    def write_moment(value: Value, walk: Walk) -> object:
        if value.tzinfo is None and value.fold == 0:
            return {tag: value.isoformat()}
        zone = None if value.tzinfo is None else write(value.tzinfo, type(value.tzinfo), walk)
        if value.tzinfo is not None and zone is None:
            return {tag: value.isoformat()}  # a class of the program: keep the offset
        return {"moment": [tag, value.replace(tzinfo=None).isoformat(), value.fold, zone]}

    return write_moment


def _read_moment(content: Tree, walk: Walk) -> object:
    tag, text, fold, zone = content
    if tag not in ("datetime", "time") or fold not in (0, 1):
        raise ValueError("there is no such time")
    moment = read_type("datetime", tag).fromisoformat(_text(text))
    return moment.replace(fold=fold, tzinfo=None if zone is None else walk(zone))


def _write_timezone(value: Value, walk: Walk) -> object:
    return {"tz": [walk(part) for part in value.__getinitargs__()]}


def _read_timezone(content: Tree, walk: Walk) -> object:
    return read_type("datetime", "timezone")(*[walk(part) for part in _list(content)])


def _write_zone(value: Value, _walk: Walk) -> object | None:
    return None if value.key is None else {"zone": value.key}


def _read_zone(content: Tree, _walk: Walk) -> object:
    key = _text(content)
    # A key is the name of a file in the database of time zones, and of no other.
    if len(key) > _KEY_LENGTH_MAX or not all(
        part and part.replace("_", "").replace("-", "").replace("+", "").isalnum()
        for part in key.split("/")
    ):
        raise ValueError("there is no such time zone")
    try:
        return read_type("zoneinfo", "ZoneInfo")(key)
    except OSError as error:  # the name of a folder
        raise ValueError("there is no such time zone") from error


def _is_calendar_date(kind: type) -> bool:
    """Return whether a type is that of `date.isocalendar()`, which no module shows."""
    if type(kind) is not type or not issubclass(kind, tuple):
        return False
    return (kind.__module__, kind.__name__) == ("datetime", "IsoCalendarDate")


def _read_calendar_date(content: Tree, _walk: Walk) -> object:
    return read_type("datetime", "date").fromisocalendar(*_list(content)).isocalendar()


# Members of enumerations, and tuples with names


def _write_member(value: Value, kind: Value, names: tuple[str, str]) -> object | None:
    name = value._name_
    if kind.__members__.get(name) is value:
        return {"enum": [*names, name]}
    number = value._value_  # of a combination of flags
    is_flags = hasattr(kind, "__or__") and type(number) is int and 0 <= number < _FLAG_MAX
    return {"enum": [*names, number]} if is_flags else None


def _read_member(content: Tree, _walk: Walk) -> object:
    module, kind_name, name = content
    kind: Any = read_type(module, kind_name)
    if type(name) is int and 0 <= name < _FLAG_MAX:
        if not issubclass(kind, read_type("enum", "Flag")):
            raise ValueError("there is no such member")
        return kind(name)
    return kind.__members__[_text(name)]


def _read_named(content: Tree, walk: Walk) -> object:
    module, kind_name, trees = content
    kind: Any = read_type(module, kind_name)
    items = [walk(tree) for tree in _list(trees)]
    if not issubclass(kind, tuple) or len(kind._fields) != len(items):
        raise ValueError("a tuple with the wrong number of fields")
    return tuple.__new__(kind, items)


def _write_sequence(names: tuple[str, str]) -> Writer:
    def write_sequence(value: Value, walk: Walk) -> object:
        _, (items, more) = value.__reduce__()
        return {"fields": [*names, walk(items), walk(more)]}

    return write_sequence


def _read_sequence(content: Tree, walk: Walk) -> object:
    module, name, items, more = content
    if (module, name) not in _SEQUENCES:
        raise ValueError("there is no such tuple")
    return read_type(module, name)(walk(items), walk(more))


def _list(content: object) -> list[Any]:
    if type(content) is not list:
        raise ValueError("a tag with the wrong content")
    return content


def _text(content: object) -> str:
    if type(content) is not str:
        raise ValueError("a tag with the wrong content")
    return content


def _as_text(tag: str, name: str) -> Writer:
    return lambda value, _walk: {tag: [name, str(value)]}


def _constant(name: str) -> Writer:
    return lambda _value, _walk: {"the": name}


_CONSTANTS = {"Ellipsis": ..., "NotImplemented": NotImplemented}
_SEQUENCES = (("time", "struct_time"), ("os", "stat_result"), ("os", "terminal_size"))
_ADDRESSES = [f"IPv{n}{what}" for n in "46" for what in ("Address", "Network", "Interface")]
_PATHS = ("PosixPath", "PurePosixPath", "PureWindowsPath")

_WRITERS: dict[tuple[str, str], Writer] = {
    ("types", "EllipsisType"): _constant("Ellipsis"),
    ("types", "NotImplementedType"): _constant("NotImplemented"),
    ("builtins", "slice"): lambda v, walk: {"slice": [walk(v.start), walk(v.stop), walk(v.step)]},
    ("builtins", "memoryview"): _write_memoryview,
    ("types", "MappingProxyType"): _write_proxy,
    ("types", "SimpleNamespace"): _write_namespace,
    ("types", "GenericAlias"): _write_alias,
    ("types", "UnionType"): lambda v, walk: {"union": [walk(item) for item in v.__args__]},
    **{("pathlib", name): _as_text("path", name) for name in _PATHS},
    **{("ipaddress", name): _as_text("address", name) for name in _ADDRESSES},
    ("uuid", "UUID"): lambda v, _walk: {"uuid": v.hex},
    ("decimal", "Decimal"): _write_decimal,
    ("fractions", "Fraction"): _write_fraction,
    ("array", "array"): _write_array,
    ("datetime", "datetime"): _write_moment("datetime"),
    ("datetime", "time"): _write_moment("time"),
    ("datetime", "date"): lambda v, _walk: {"date": v.isoformat()},
    ("datetime", "timedelta"): _write_timedelta,
    ("datetime", "timezone"): _write_timezone,
    ("zoneinfo", "ZoneInfo"): _write_zone,
    **{names: _write_sequence(names) for names in _SEQUENCES},
}

READERS: dict[str, Reader] = {
    "type": lambda content, _walk: read_type(*content),
    "error": read_exception,
    "the": lambda content, _walk: _CONSTANTS[content],
    "slice": _read_slice,
    "memoryview": _read_memoryview,
    "view": _read_view,
    "mapping": _read_proxy,
    "namespace": _read_namespace,
    "alias": _read_alias,
    "union": _read_union,
    "path": _read_path,
    "address": _read_address,
    "uuid": _read_uuid,
    "moment": _read_moment,
    "tz": _read_timezone,
    "zone": _read_zone,
    "iso": _read_calendar_date,
    "enum": _read_member,
    "named": _read_named,
    "fields": _read_sequence,
}
"""Reads the content of a tag; the tags are none of `encoding.py`."""
