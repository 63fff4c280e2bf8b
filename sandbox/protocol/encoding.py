"""The typed encoding of plain data, between processes that do not trust each other.

In: a value. Out: bytes that say exactly which plain value it was, and back. The set of types is
closed, both directions are bounded, and nothing here runs what it reads. Guests use this module,
too: a guest may send any bytes, so the decoder believes nothing.

The form is JSON. None, bool, int of up to 64 bits, float, str and list stand for
themselves; every other type is an object with one key, its tag.

With an `Opaque`, as in a session, more values travel, and each keeps its exact type: values, types
and exceptions of the standard library (`library_values.py`), and the order of sets. Without one,
an iterator becomes a list, and a bytearray becomes bytes.
"""

import json
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Container, Iterable
from functools import cache, partial
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

from nova_code_verifier.sandbox.protocol.hashing import CollisionError, Room, hashed
from nova_code_verifier.sandbox.protocol.library_types import read_type

Walk = Callable[[Any], Any]
"""Writes or reads an item of a container, one level deeper."""

DEPTH_MAX = 200
DEPTH_DEEP = 20
"""A value that is nested so deeply is noted: in a container of its reader's, it may be too deep."""
_EXCEPTION_DEPTH = 10  # an exception is in its chain as if in so many containers
ITERATOR_ITEMS_MAX = 1_000_000
PART_BITS_MAX = 2**14
"""Of an int in a range or a fraction: these divide, in a time that is quadratic in the digits."""
_SMALL_INT = 2**63
EXACT_TYPES = frozenset(
    {list, dict, tuple, int, str, float, set, frozenset, bytes, bytearray, complex, range, deque}
    | {Counter, OrderedDict, defaultdict}
)
_ATOMS = frozenset({type(None), bool, float, str})
_WHOLE = _ATOMS | {int, bytes, complex}
_PARTS_OF: dict[type, Callable[[Any], Iterable[Any]]] = {
    **dict.fromkeys((list, tuple, set, frozenset), iter),
    dict: lambda value: chain(value, value.values()),
}
_PLAIN = _WHOLE | _PARTS_OF.keys()
_mro_of = type.__dict__["__mro__"].__get__  # a metaclass may hide what a class is
_name_of = type.__dict__["__name__"].__get__
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class EncodingError(ValueError):
    """The value is not plain data, or the bytes are not an encoded value."""


class Opaque(Protocol):
    """Writes and reads values that are not plain data, as two sides agreed.

    It may have an attribute `takes`, a set of types: then it writes values of exactly these types,
    too, instead of this module. Containers that must keep their identity are an example.
    """

    has_read_deep: bool
    """Whether a value was read that is nested deeply; set by the reader."""

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write a value that is not plain data; *plain* writes it as its base type, if it has one.

        Raises EncodingError for a value that it does not know.
        """

    def from_tree(self, tag: str, content: object, walk: Walk) -> object:
        """Read a tag that plain data does not have. Raises EncodingError for an unknown tag."""


class _Context(NamedTuple):
    """The depth of a value in its containers, and who writes what is not plain data."""

    depth: int
    opaque: Opaque | None
    takes: Container[type]
    """The plain types that `opaque` writes."""
    room: Room | None = None


_dump = json.JSONEncoder(separators=(",", ":")).encode  # tests may patch `json`
_load = json.JSONDecoder().decode
Writer = Callable[[Any, _Context], object]
LateWriter = Callable[[Any, Any, _Context], object]
Reader = Callable[[Any, _Context], object]


@cache
def load_exact() -> tuple[Any, Any]:
    """Return the modules that only an `Opaque` needs: those of library values and of set orders.

    Zygotes of sessions call this while they can import our modules. Others stay smaller.
    """
    from nova_code_verifier.sandbox.protocol import library_values, set_order  # noqa: PLC0415

    return library_values, set_order


def encode(value: object) -> bytes:
    """Encode plain data as bytes. Raises EncodingError for any other value.

    An instance of a subclass is encoded as its base type, and read with the base type's own
    methods, so that an overridden `__eq__` or `__iter__` has no effect.
    """
    return dump(to_tree(value))


def encode_exactly(value: object) -> bytes:
    """Encode plain data whose types, at every level, are exactly plain. Raises EncodingError."""
    pending: list[Any] = [value]
    while pending:
        part = pending.pop()
        kind = type(part)
        if kind in _PARTS_OF:
            pending.extend(_PARTS_OF[kind](part))
        elif kind not in _WHOLE:
            raise EncodingError(
                f"a {kind.__module__}.{kind.__qualname__} is not exactly plain data"
            )
    return encode(value)


def encode_as_base(value: object) -> bytes:
    """Encode instances of plain classes, and of classes that derive from them, at every level.

    So tests compare what plain Python compares unless such a class has a comparison of its own:
    a `Counter` is a dict, a named tuple a tuple. Raises EncodingError for all others.
    """
    pending: list[Any] = [value]
    while pending:
        part = pending.pop()
        kind = next((kind for kind in _mro_of(type(part)) if kind in _PLAIN), None)
        if kind is None:
            raise EncodingError(f"a {_name_of(type(part))} is not plain data")
        if kind in _PARTS_OF:
            pending.extend(_parts_as_base(kind, part))
    return encode(value)


def _parts_as_base(kind: type[Any], value: Any) -> Iterable[Any]:  # noqa: ANN401  (a container)
    if kind is dict:
        return chain(dict.keys(value), dict.values(value))
    parts: Iterable[Any] = kind.__iter__(value)
    return parts


def decode(data: bytes, room: Room | None = None) -> object:
    """Decode plain data. Raises EncodingError, and nothing else, for any other bytes.

    *room* bounds the keys of large tables; who reads without it has limits of its own.
    """
    return from_tree(load(data), room=room)


def decode_as_base(data: bytes, room: Room | None = None) -> object:
    """Decode what `encode_exactly` and `encode_as_base` write. Raises EncodingError.

    Values of other types may be short, and take long to round or to compare: Decimal("1e999999").
    """
    value = decode(data, room)
    pending = [value]
    while pending:
        part = pending.pop()
        if type(part) not in _WHOLE:
            if not isinstance(part, (*_PARTS_OF,)):
                raise EncodingError(f"a {type(part).__qualname__} is not plain data")
            pending.extend(_PARTS_OF.get(type(part), _PARTS_OF[dict])(part))
    return value


def decoded_bytes_max(data: bytes) -> int:
    """Return an upper bound of the memory that it takes to decode *data*, in bytes.

    It counts what may begin a value: items, lists, and tags, of which a deque is the largest.
    """
    items, lists, tags = data.count(b","), data.count(b"["), data.count(b"{")
    return 8 * len(data) + 80 * items + 120 * lists + 1000 * tags


def dump(tree: object) -> bytes:
    """Write a tree as JSON."""
    return _dump(tree).encode("ascii")


def load(data: bytes) -> Any:  # noqa: ANN401  (narrowed by type(), never by trust)
    """Read a tree. Raises EncodingError, and nothing else, for any other bytes."""
    try:
        return _load(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise EncodingError("not a well-formed value") from error


def is_plain(value: object) -> bool:
    """Return whether the type of a value, but perhaps not of its items, is exactly a plain one."""
    return type(value) in _ATOMS or type(value) in EXACT_TYPES


def to_tree(value: object, opaque: Opaque | None = None) -> object:
    """Turn a value into a tree of JSON types. Raises EncodingError."""
    try:
        return _to_tree(value, _Context(0, opaque, getattr(opaque, "takes", ())))
    except RecursionError as error:
        raise EncodingError("nested too deeply") from error


def from_tree(tree: object, opaque: Opaque | None = None, *, room: Room | None = None) -> object:
    """Turn a tree back into a value. Raises EncodingError, and nothing else, for any other tree."""
    try:
        return _from_tree(tree, _Context(0, opaque, (), room))
    except EncodingError:
        raise
    except RecursionError as error:
        raise EncodingError("nested too deeply") from error
    except CollisionError as error:
        raise EncodingError(str(error)) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The content does not fit its tag: {"F": [1, 0]}, {"s": [[]]}, {"date": 7}.
        raise EncodingError("a tag with the wrong content") from error


def _to_tree(value: Any, context: _Context) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    kind = type(value)
    if kind in _ATOMS or (kind is int and -_SMALL_INT <= value < _SMALL_INT):
        return value
    depth, opaque, takes, _ = context
    if depth >= DEPTH_MAX:
        raise EncodingError("nested too deeply")
    inner = _Context(depth + 1, opaque, takes)
    if opaque is not None:
        return _to_exact_tree(value, kind, inner)
    write = _base_writer(kind)
    if write is not None:
        return write(value, inner)
    if issubclass(kind, _VIEWS) or hasattr(kind, "__next__"):
        return _write_iterator(value, inner)
    write_late = _late_writer(kind)
    if write_late is not None:
        return write_late(value, inner)
    raise EncodingError(f"a {kind.__module__}.{kind.__qualname__} is not plain data")


def _to_exact_tree(value: Any, kind: type, context: _Context) -> object:  # noqa: ANN401  (narrowed by type)
    """Write a value with its exact type, or let the opaque side write it."""
    write = _EXACT_WRITERS.get(kind)
    if write is not None and kind not in context.takes:
        return write(value, context)
    opaque: Any = context.opaque
    walk = partial(_to_tree, context=context)
    if write is not None:
        return opaque.to_tree(value, walk, partial(write, value, context))
    if kind not in context.takes:
        is_exception = issubclass(kind, BaseException)
        deeper = partial(_to_tree, context=_deeper(context)) if is_exception else walk
        library_values, _ = load_exact()
        tree = library_values.write(value, kind, deeper)
        if tree is not None:
            return tree
    write = _base_writer(kind)
    if write is None:
        write = _late_writer(kind)
    return opaque.to_tree(value, walk, write and partial(write, value, context))


def _deeper(context: _Context) -> _Context:
    """Bound chains of exceptions, each of which needs several frames of Python's stack."""
    return context._replace(depth=context.depth + _EXCEPTION_DEPTH)


def _base_writer(kind: type) -> Writer | None:
    for base in _mro_of(kind):
        write = _WRITERS.get(base)
        if write is not None:
            return write
    return None


def _late_writer(kind: type) -> Writer | None:
    for base in _mro_of(kind):
        name = _name_of(base)
        if name in _LATE_WRITERS:
            module_name, write_late = _LATE_WRITERS[name]
            if _late_type(module_name, name) is base:
                return partial(write_late, base)
    return None


def _late_type(module_name: str, type_name: str) -> Any:  # noqa: ANN401  (a class, or None)
    """Return a class of a module that only some programs load; None if it is not loaded.

    Tests may have patched it: a class that is not the module's own does not count.
    """
    found = _late_types.get((module_name, type_name))
    if found is None and module_name in sys.modules:
        for name in (module_name, f"_{module_name}"):  # patches leave the part in C as it is
            kind = getattr(sys.modules.get(name), type_name, None)
            if isinstance(kind, type) and kind.__module__ == module_name:
                return _late_types.setdefault((module_name, type_name), kind)
    return found


_late_types: dict[tuple[str, str], type] = {}


def _items(values: Iterable[object], context: _Context) -> list[object]:
    return [_to_tree(item, context) for item in values]


def _write_int(value: int, _place: _Context) -> object:
    number = int.__int__(value)
    return number if -_SMALL_INT <= number < _SMALL_INT else {"i": int.__format__(number, "x")}


def _write_list(value: list[object], context: _Context) -> object:
    items: list[Any] = list.__getitem__(value, slice(None))
    kinds = set(map(type, items))
    if kinds <= _ATOMS or (kinds == {int} and -_SMALL_INT <= min(items) <= max(items) < _SMALL_INT):
        return items  # long lists of numbers are common, and need no loop
    return _items(items, context)


def _write_dict(value: dict[object, object], context: _Context) -> object:
    pairs = [[_to_tree(k, context), _to_tree(v, context)] for k, v in dict.items(value)]
    tag = next(tag for base, tag in _DICT_TAGS.items() if issubclass(type(value), base))
    return {tag: pairs}


def _write_iterator(value: Iterable[object], context: _Context) -> object:
    items = list(islice(value, ITERATOR_ITEMS_MAX + 1))
    if len(items) > ITERATOR_ITEMS_MAX:
        raise EncodingError("an iterator with too many items")
    return _items(items, context)


def _members(base: Any, names: str, value: object) -> list[Any]:  # noqa: ANN401  (any class)
    """Read members as *base* itself does, even if a subclass overrides them."""
    return [getattr(base, name).__get__(value) for name in names.split()]


def _write_set(tag: str, value: Any, context: _Context) -> object:  # noqa: ANN401  (a set or frozenset)
    """Write a set with its order; see `set_order.py`."""
    items = list(value)
    _, set_order = load_exact()
    plan = set_order.plan(value, items)
    trees = _items(items, context)
    return {tag: trees} if plan is set_order.SIMPLE else {f"{tag}o": [*plan, trees]}


def _write_defaultdict(value: Any, context: _Context) -> object:  # noqa: ANN401  (a defaultdict)
    pairs = [[_to_tree(k, context), _to_tree(v, context)] for k, v in value.items()]
    if value.default_factory is None:
        return {"defaultdict": pairs}
    return {"dd": [_to_tree(value.default_factory, context), pairs]}


def _write_deque(value: deque[object], context: _Context) -> object:
    return {"q": [*_members(deque, "maxlen", value), _items(deque.__iter__(value), context)]}


def _write_fraction(base: Any, value: object, context: _Context) -> object:  # noqa: ANN401  (a class that may not be loaded)
    return {"F": _items(_members(base, "numerator denominator", value), context)}


def _write_timedelta(base: Any, value: object, _context: _Context) -> object:  # noqa: ANN401  (a class that may not be loaded)
    return {"delta": _members(base, "days seconds microseconds", value)}


_DICT_TAGS = {Counter: "Counter", defaultdict: "defaultdict", OrderedDict: "odict", dict: "d"}

_WRITERS: dict[type, Writer] = {
    list: _write_list,
    dict: _write_dict,
    tuple: lambda v, context: {"t": _items(tuple.__iter__(v), context)},
    int: _write_int,
    str: lambda v, _: str.__str__(v),
    float: lambda v, _: float.__pos__(v),
    set: lambda v, context: {"s": _items(set.__iter__(v), context)},
    frozenset: lambda v, context: {"fs": _items(frozenset.__iter__(v), context)},
    bytes: lambda v, _: {"b": bytes.hex(v)},
    bytearray: lambda v, _: {"b": bytearray.hex(v)},
    complex: lambda v, _: {"c": _members(complex, "real imag", v)},
    range: lambda v, context: {"r": _items((v.start, v.stop, v.step), context)},
    deque: _write_deque,
}

_EXACT_WRITERS: dict[type, Writer] = {
    **_WRITERS,
    Counter: _write_dict,
    OrderedDict: _write_dict,
    defaultdict: _write_defaultdict,
    set: partial(_write_set, "s"),
    frozenset: partial(_write_set, "fs"),
    bytearray: lambda v, _: {"ba": v.hex()},
}

_LATE_WRITERS: dict[str, tuple[str, LateWriter]] = {
    "Decimal": ("decimal", lambda base, v, _: {"D": base.__str__(v)}),
    "Fraction": ("fractions", _write_fraction),
    "datetime": ("datetime", lambda base, v, _: {"datetime": base.isoformat(v)}),
    "date": ("datetime", lambda base, v, _: {"date": base.isoformat(v)}),
    "time": ("datetime", lambda base, v, _: {"time": base.isoformat(v)}),
    "timedelta": ("datetime", _write_timedelta),
    "array": ("array", lambda base, v, _: {"array": [v.typecode, base.tolist(v)]}),
    "ndarray": ("numpy", lambda base, v, context: _to_tree(base.tolist(v), context)),
    "generic": ("numpy", lambda base, v, context: _to_tree(base.item(v), context)),
}


def _from_tree(tree: Any, context: _Context) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    kind = type(tree)
    if kind is not list and kind is not dict:
        return tree
    depth, opaque, takes, room = context
    inner = _Context(depth + 1, opaque, takes, room)
    if depth >= DEPTH_MAX:
        raise EncodingError("nested too deeply")
    if depth == DEPTH_DEEP and opaque is not None:
        opaque.has_read_deep = True
    if kind is list:
        return [_from_tree(item, inner) for item in tree]
    if len(tree) != 1:
        raise EncodingError("an object that has not exactly one tag")
    ((tag, content),) = tree.items()
    if opaque is None:
        read = _READERS.get(tag)
        if read is None:
            raise EncodingError("an unknown tag")
        return read(content, inner)
    read = _EXACT_READERS.get(tag)
    if read is not None:
        return read(content, inner)
    walk = partial(_from_tree, context=_deeper(inner) if tag == "error" else inner)
    library_values, _ = load_exact()
    read_value = library_values.READERS.get(tag)
    return read_value(content, walk) if read_value else opaque.from_tree(tag, content, walk)


def _listed(content: object) -> list[Any]:
    if type(content) is not list:
        raise EncodingError("a tag with the wrong content")
    return content


def _values(content: object, context: _Context) -> list[Any]:
    return [_from_tree(item, context) for item in _listed(content)]


def _check_order(built: Any, items: list[Any]) -> None:  # noqa: ANN401  (a set or frozenset)
    _, set_order = load_exact()
    set_order.check(built, items)


def _read_set(content: object, context: _Context) -> object:
    items = _values(content, context)
    built = hashed(set(), items)
    _check_order(built, items)
    return built


def _read_frozenset(content: object, context: _Context) -> object:
    items = _values(content, context)
    hashed(set(), items)  # it counts the work, and raises
    built = frozenset(items)
    _check_order(built, items)
    return built


def _read_planned_set(content: object, context: _Context, *, is_frozen: bool) -> object:
    slots, order, trees = _listed(content)
    items = _values(trees, context)
    hashed(set(), items)  # it counts the work, and raises
    _, set_order = load_exact()
    plan = set_order.read_plan(slots, order, len(items), is_frozen=is_frozen)
    built = set_order.build(plan, items, is_frozen=is_frozen)
    _check_order(built, items)
    return built


def _read_defaultdict(content: object, context: _Context) -> object:
    factory, pairs = _listed(content)
    default_factory: Any = _from_tree(factory, context)
    if not callable(default_factory):
        raise EncodingError("a tag with the wrong content")
    return hashed(defaultdict(default_factory), _pairs(pairs, context))


def _pairs(content: object, context: _Context) -> list[tuple[object, object]]:
    halves = [_listed(pair) for pair in _listed(content)]
    return [(_from_tree(key, context), _from_tree(value, context)) for key, value in halves]


def _numbers(content: object, context: _Context, count: int) -> list[Any]:
    numbers = _values(content, context)
    if len(numbers) != count or not {int, float}.issuperset(map(type, numbers)):
        raise EncodingError("a tag with the wrong content")
    if any(type(number) is int and number.bit_length() > PART_BITS_MAX for number in numbers):
        raise EncodingError("a number with too many digits")
    return numbers


def _text(content: object) -> str:
    if type(content) is not str:
        raise EncodingError("a tag with the wrong content")
    return content


def _read_deque(content: object, context: _Context) -> object:
    maxlen, items = _listed(content)
    return deque(_values(items, context), maxlen)


def _read_decimal(content: object, _place: _Context) -> object:
    return read_type("decimal", "Decimal")(_text(content))


def _read_fraction(content: object, context: _Context) -> object:
    return read_type("fractions", "Fraction")(*_numbers(content, context, 2))


def _read_array(content: object, _place: _Context) -> object:
    typecode, items = _listed(content)
    return read_type("array", "array")(_text(typecode), _listed(items))


def _read_datetime(type_name: str, content: object, context: _Context) -> object:
    kind = read_type("datetime", type_name)
    if type_name == "timedelta":
        return kind(*_numbers(content, context, 3))
    return kind.fromisoformat(_text(content))


_READERS: dict[str, Reader] = {
    "t": lambda c, context: tuple(_values(c, context)),
    "d": lambda c, context: hashed({}, _pairs(c, context), context.room),
    "Counter": lambda c, context: Counter(hashed({}, _pairs(c, context), context.room)),
    "defaultdict": lambda c, context: hashed(defaultdict(None), _pairs(c, context), context.room),
    "odict": lambda c, context: hashed(OrderedDict(), _pairs(c, context), context.room),
    "s": lambda c, context: hashed(set(), _values(c, context), context.room),
    "fs": lambda c, context: frozenset(hashed(set(), _values(c, context), context.room)),
    "i": lambda c, _: int(_text(c), 16),
    "b": lambda c, _: bytes.fromhex(_text(c)),
    "c": lambda c, context: complex(*_numbers(c, context, 2)),
    "r": lambda c, context: range(*_numbers(c, context, 3)),
    "q": _read_deque,
    "D": _read_decimal,
    "F": _read_fraction,
    "datetime": partial(_read_datetime, "datetime"),
    "date": partial(_read_datetime, "date"),
    "time": partial(_read_datetime, "time"),
    "delta": partial(_read_datetime, "timedelta"),
    "array": _read_array,
}

_EXACT_READERS: dict[str, Reader] = {
    **_READERS,
    "s": _read_set,
    "fs": _read_frozenset,
    "so": partial(_read_planned_set, is_frozen=False),
    "fso": partial(_read_planned_set, is_frozen=True),
    "dd": _read_defaultdict,
    "ba": lambda c, _: bytearray.fromhex(_text(c)),
}
"""The tags that a reader with an `Opaque` knows, in addition to those of `library_values`."""
