"""Plain data, and nothing else, across the wall.

In: a value. Out: bytes that say exactly which plain value it was, and back. The set of
types is closed, both directions are bounded, and nothing here ever runs what it reads.
Runs on both sides of the wall: a guest encodes what it likes, so the decoder believes
nothing. Must not know: who asked, or what the value is worth.

The form is JSON. None, bool, int of up to 64 bits, float, str and list stand for
themselves; every other type is an object with one key, its tag.
"""

import json
import sys
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol

Walk = Callable[[Any], Any]
"""Goes on with what a container holds, one level deeper."""

DEPTH_MAX = 200
ITERATOR_ITEMS_MAX = 1_000_000
_SLICE = 1000
_SLICE_SECONDS_MAX = 0.02
_MOVE_SECONDS_MAX = 2e-7  # for each entry of the table
FRACTION_BITS_MAX = 2**14
_SMALL_INT = 2**63
EXACT_TYPES = frozenset(
    {list, dict, tuple, int, str, float, set, frozenset, bytes, bytearray, complex, range, deque}
    | {Counter, OrderedDict, defaultdict}
)
_ATOMS = frozenset({type(None), bool, float, str})
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class EncodingError(ValueError):
    """The value is no plain data, or the bytes are no encoded value."""


class Opaque(Protocol):
    """What two sides of a conversation agree on for values that are no plain data."""

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write a value that is no plain data; *plain* writes it as its base type, if it has one.

        Raises EncodingError for what it does not know either.
        """

    def from_tree(self, tag: str, content: object, walk: Walk) -> object:
        """Read a tag that plain data does not have. Raises EncodingError."""


class _Place(NamedTuple):
    """How deep we are, and who knows what is no plain data."""

    depth: int
    opaque: Opaque | None


Writer = Callable[[Any, _Place], object]
LateWriter = Callable[[Any, Any, _Place], object]
Reader = Callable[[Any, _Place], object]


def encode(value: object) -> bytes:
    """Turn plain data into bytes.

    A subclass travels as its base type, read by the base type's own methods, so that a
    lying `__eq__` or `__iter__` stays behind. Raises EncodingError for anything else.
    """
    return dump(to_tree(value))


def decode(data: bytes) -> object:
    """Turn bytes back into plain data. Raises EncodingError whatever they hold."""
    return from_tree(load(data))


def dump(tree: object) -> bytes:
    """Write a tree, as JSON."""
    return json.dumps(tree, separators=(",", ":")).encode("ascii")


def load(data: bytes) -> Any:  # noqa: ANN401  (narrowed by type(), never by trust)
    """Read a tree. Raises EncodingError whatever *data* holds."""
    try:
        return json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise EncodingError("not a well-formed value") from error


def is_plain(value: object) -> bool:
    """Tell whether a value is of a plain type, and of no subclass; whatever it may hold."""
    return type(value) in _ATOMS or type(value) in EXACT_TYPES


def to_tree(value: object, opaque: Opaque | None = None) -> object:
    """Turn a value into a tree of what JSON has. Raises EncodingError."""
    return _to_tree(value, _Place(0, opaque))


def from_tree(tree: object, opaque: Opaque | None = None) -> object:
    """Turn a tree back into a value. Raises EncodingError whatever it holds."""
    try:
        return _from_tree(tree, _Place(0, opaque))
    except EncodingError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A tag whose content does not fit it: {"F": [1, 0]}, {"s": [[]]}, {"date": 7}.
        raise EncodingError("a tag with the wrong content") from error


def _to_tree(value: Any, place: _Place) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    kind = type(value)
    if kind in _ATOMS or (kind is int and -_SMALL_INT <= value < _SMALL_INT):
        return value
    depth, opaque = place
    if depth >= DEPTH_MAX:
        raise EncodingError("nested too deeply")
    inside = _Place(depth + 1, opaque)
    for base, write in _WRITERS:
        if issubclass(kind, base):
            if opaque is not None and kind not in EXACT_TYPES:
                walk = partial(_to_tree, place=inside)
                return opaque.to_tree(value, walk, partial(write, value, inside))
            return write(value, inside)
    if issubclass(kind, _VIEWS) or (opaque is None and hasattr(kind, "__next__")):
        return _write_iterator(value, inside)
    return _write_rare(value, inside)


def _write_rare(value: Any, place: _Place) -> object:  # noqa: ANN401
    kind = type(value)
    for module_name, type_name, write_late in _LATE_WRITERS:
        # Types from modules that only some programs load.
        late_base = getattr(sys.modules.get(module_name), type_name, None)
        if isinstance(late_base, type) and issubclass(kind, late_base):
            return write_late(late_base, value, place)
    if place.opaque is not None:
        return place.opaque.to_tree(value, partial(_to_tree, place=place), None)
    raise EncodingError(f"a {kind.__module__}.{kind.__qualname__} is not plain data")


def _items(values: Iterable[object], place: _Place) -> list[object]:
    return [_to_tree(item, place) for item in values]


def _write_int(value: int, _place: _Place) -> object:
    number = int.__int__(value)
    return number if -_SMALL_INT <= number < _SMALL_INT else {"i": int.__format__(number, "x")}


def _write_list(value: list[object], place: _Place) -> object:
    items: list[Any] = list.__getitem__(value, slice(None))
    kinds = set(map(type, items))
    if kinds <= _ATOMS or (kinds == {int} and -_SMALL_INT <= min(items) <= max(items) < _SMALL_INT):
        return items  # long lists of numbers are common, and need no walk
    return _items(items, place)


def _write_dict(value: dict[object, object], place: _Place) -> object:
    pairs = [[_to_tree(k, place), _to_tree(v, place)] for k, v in dict.items(value)]
    tag = next(tag for base, tag in _DICT_TAGS if issubclass(type(value), base))
    return {tag: pairs}


def _write_iterator(value: Iterable[object], place: _Place) -> object:
    items = list(islice(value, ITERATOR_ITEMS_MAX + 1))
    if len(items) > ITERATOR_ITEMS_MAX:
        raise EncodingError("an iterator with too many items")
    return _items(items, place)


def _members(base: Any, names: str, value: object) -> list[Any]:  # noqa: ANN401  (any class)
    """Read members as *base* itself would, whatever a subclass puts in their place."""
    return [getattr(base, name).__get__(value) for name in names.split()]


_DICT_TAGS = (
    (Counter, "Counter"),
    (defaultdict, "defaultdict"),
    (OrderedDict, "odict"),
    (dict, "d"),
)

_WRITERS: tuple[tuple[type, Writer], ...] = (
    (list, _write_list),
    (dict, _write_dict),
    (tuple, lambda v, place: {"t": _items(tuple.__iter__(v), place)}),
    (int, _write_int),
    (str, lambda v, _: str.__str__(v)),
    (float, lambda v, _: float.__pos__(v)),
    (set, lambda v, place: {"s": _items(set.__iter__(v), place)}),
    (frozenset, lambda v, place: {"fs": _items(frozenset.__iter__(v), place)}),
    (bytes, lambda v, _: {"b": bytes.hex(v)}),
    (bytearray, lambda v, _: {"b": bytearray.hex(v)}),
    (complex, lambda v, _: {"c": _members(complex, "real imag", v)}),
    (range, lambda v, place: {"r": _items((v.start, v.stop, v.step), place)}),
    (
        deque,
        lambda v, place: {"q": [*_members(deque, "maxlen", v), _items(deque.__iter__(v), place)]},
    ),
)

_LATE_WRITERS: tuple[tuple[str, str, LateWriter], ...] = (
    ("decimal", "Decimal", lambda base, v, _: {"D": base.__str__(v)}),
    (
        "fractions",
        "Fraction",
        lambda base, v, place: {"F": _items(_members(base, "numerator denominator", v), place)},
    ),
    ("datetime", "datetime", lambda base, v, _: {"datetime": base.isoformat(v)}),
    ("datetime", "date", lambda base, v, _: {"date": base.isoformat(v)}),
    ("datetime", "time", lambda base, v, _: {"time": base.isoformat(v)}),
    (
        "datetime",
        "timedelta",
        lambda base, v, _: {"delta": _members(base, "days seconds microseconds", v)},
    ),
    ("array", "array", lambda base, v, _: {"array": [v.typecode, base.tolist(v)]}),
    ("numpy", "ndarray", lambda base, v, place: _to_tree(base.tolist(v), place)),
    ("numpy", "generic", lambda base, v, place: _to_tree(base.item(v), place)),
)


def _from_tree(tree: Any, place: _Place) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    kind = type(tree)
    if kind is not list and kind is not dict:
        return tree
    depth, opaque = place
    inside = _Place(depth + 1, opaque)
    if depth >= DEPTH_MAX:
        raise EncodingError("nested too deeply")
    if kind is list:
        return [_from_tree(item, inside) for item in tree]
    if len(tree) != 1:
        raise EncodingError("an object without a single tag")
    ((tag, content),) = tree.items()
    read = _READERS.get(tag)
    if read is not None:
        return read(content, inside)
    if opaque is not None:
        return opaque.from_tree(tag, content, partial(_from_tree, place=inside))
    raise EncodingError("an unknown tag")


def _listed(content: object) -> list[Any]:
    if type(content) is not list:
        raise EncodingError("a tag with the wrong content")
    return content


def _values(content: object, place: _Place) -> list[Any]:
    return [_from_tree(item, place) for item in _listed(content)]


def _hashed(collection: Any, entries: list[Any]) -> Any:  # noqa: ANN401  (a dict, or a set)
    """Fill a dict or set; stop when it takes far too long.

    Keys can be chosen so that each has to be compared with all before it, in more ways than
    can be told beforehand: equal hashes are only one. A good slice takes a tenth of a
    millisecond, but for those at which a large table moves.
    """
    for start in range(0, len(entries), _SLICE):
        started = time.thread_time()  # others may decode at the same time
        collection.update(entries[start : start + _SLICE])
        seconds_max = _SLICE_SECONDS_MAX + start * _MOVE_SECONDS_MAX
        if time.thread_time() - started > seconds_max:
            raise EncodingError("keys that collide")
    return collection


def _pairs(content: object, place: _Place) -> list[tuple[object, object]]:
    halves = [_listed(pair) for pair in _listed(content)]
    return [(_from_tree(key, place), _from_tree(value, place)) for key, value in halves]


def _numbers(content: object, place: _Place, count: int) -> list[Any]:
    numbers = _values(content, place)
    if len(numbers) != count or not {int, float}.issuperset(map(type, numbers)):
        raise EncodingError("a tag with the wrong content")
    return numbers


def _text(content: object) -> str:
    if type(content) is not str:
        raise EncodingError("a tag with the wrong content")
    return content


def _read_deque(content: object, place: _Place) -> object:
    maxlen, items = _listed(content)
    return deque(_values(items, place), maxlen)


def _read_default_dict(content: object, place: _Place) -> object:
    return _hashed(defaultdict(None), _pairs(content, place))


def _read_decimal(content: object, _place: _Place) -> object:
    from decimal import Decimal  # noqa: PLC0415  (a zygote must stay small)

    return Decimal(_text(content))


def _read_fraction(content: object, place: _Place) -> object:
    from fractions import Fraction  # noqa: PLC0415  (a zygote must stay small)

    parts = _numbers(content, place, 2)
    # It is reduced by a greatest common divisor, whose time grows with the square.
    if any(part.bit_length() > FRACTION_BITS_MAX for part in parts):
        raise EncodingError("a fraction with too many digits")
    return Fraction(*parts)


def _read_array(content: object, _place: _Place) -> object:
    from array import array  # noqa: PLC0415  (a zygote must stay small)

    typecode, items = _listed(content)
    return array(_text(typecode), _listed(items))


def _read_datetime(type_name: str) -> Reader:
    def read(content: object, place: _Place) -> object:
        import datetime  # noqa: PLC0415  (a zygote must stay small)

        if type_name == "timedelta":
            return datetime.timedelta(*_numbers(content, place, 3))
        return getattr(datetime, type_name).fromisoformat(_text(content))

    return read


_READERS: dict[str, Reader] = {
    "t": lambda c, place: tuple(_values(c, place)),
    "d": lambda c, place: _hashed({}, _pairs(c, place)),
    "Counter": lambda c, place: Counter(_hashed({}, _pairs(c, place))),
    "defaultdict": _read_default_dict,
    "odict": lambda c, place: _hashed(OrderedDict(), _pairs(c, place)),
    "s": lambda c, place: _hashed(set(), _values(c, place)),
    "fs": lambda c, place: frozenset(_hashed(set(), _values(c, place))),
    "i": lambda c, _: int(_text(c), 16),
    "b": lambda c, _: bytes.fromhex(_text(c)),
    "c": lambda c, place: complex(*_numbers(c, place, 2)),
    "r": lambda c, place: range(*_numbers(c, place, 3)),
    "q": _read_deque,
    "D": _read_decimal,
    "F": _read_fraction,
    "datetime": _read_datetime("datetime"),
    "date": _read_datetime("date"),
    "time": _read_datetime("time"),
    "delta": _read_datetime("timedelta"),
    "array": _read_array,
}
