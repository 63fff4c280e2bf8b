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
from itertools import islice
from typing import Any

Writer = Callable[[Any, int], object]
LateWriter = Callable[[Any, Any, int], object]
Reader = Callable[[Any, int], object]

DEPTH_MAX = 200
ITERATOR_ITEMS_MAX = 1_000_000
_SLICE = 1000
_SLICE_SECONDS_MAX = 0.02
FRACTION_BITS_MAX = 2**14
_SMALL_INT = 2**63
_ATOMS = frozenset({type(None), bool, float, str})
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class EncodingError(ValueError):
    """The value is no plain data, or the bytes are no encoded value."""


def encode(value: object) -> bytes:
    """Turn plain data into bytes.

    A subclass travels as its base type, read by the base type's own methods, so that a
    lying `__eq__` or `__iter__` stays behind. Raises EncodingError for anything else.
    """
    return json.dumps(_to_tree(value, 0), separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> object:
    """Turn bytes back into plain data. Raises EncodingError whatever they hold."""
    try:
        tree = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise EncodingError("not a well-formed value") from error
    try:
        return _from_tree(tree, 0)
    except EncodingError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A tag whose content does not fit it: {"F": [1, 0]}, {"s": [[]]}, {"date": 7}.
        raise EncodingError("a tag with the wrong content") from error


def _to_tree(value: Any, depth: int) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int and -_SMALL_INT <= value < _SMALL_INT:
        return value
    if depth >= DEPTH_MAX:
        raise EncodingError("nested too deeply")
    for base, write in _WRITERS:
        if issubclass(kind, base):
            return write(value, depth + 1)
    if issubclass(kind, _VIEWS) or hasattr(kind, "__next__"):
        return _write_iterator(value, depth + 1)
    for module_name, type_name, write_late in _LATE_WRITERS:
        # Types from modules that only some programs load.
        late_base = getattr(sys.modules.get(module_name), type_name, None)
        if isinstance(late_base, type) and issubclass(kind, late_base):
            return write_late(late_base, value, depth + 1)
    raise EncodingError(f"a {kind.__module__}.{kind.__qualname__} is not plain data")


def _items(values: Iterable[object], depth: int) -> list[object]:
    return [_to_tree(item, depth) for item in values]


def _write_int(value: int, _depth: int) -> object:
    number = int.__int__(value)
    return number if -_SMALL_INT <= number < _SMALL_INT else {"i": int.__format__(number, "x")}


def _write_list(value: list[object], depth: int) -> object:
    items: list[Any] = list.__getitem__(value, slice(None))
    kinds = set(map(type, items))
    if kinds <= _ATOMS or (kinds == {int} and -_SMALL_INT <= min(items) <= max(items) < _SMALL_INT):
        return items  # long lists of numbers are common, and need no walk
    return _items(items, depth)


def _write_dict(value: dict[object, object], depth: int) -> object:
    pairs = [[_to_tree(k, depth), _to_tree(v, depth)] for k, v in dict.items(value)]
    tag = next(tag for base, tag in _DICT_TAGS if issubclass(type(value), base))
    return {tag: pairs}


def _write_iterator(value: Iterable[object], depth: int) -> object:
    items = list(islice(value, ITERATOR_ITEMS_MAX + 1))
    if len(items) > ITERATOR_ITEMS_MAX:
        raise EncodingError("an iterator with too many items")
    return _items(items, depth)


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
    (tuple, lambda v, depth: {"t": _items(tuple.__iter__(v), depth)}),
    (int, _write_int),
    (str, lambda v, _: str.__str__(v)),
    (float, lambda v, _: float.__pos__(v)),
    (set, lambda v, depth: {"s": _items(set.__iter__(v), depth)}),
    (frozenset, lambda v, depth: {"fs": _items(frozenset.__iter__(v), depth)}),
    (bytes, lambda v, _: {"b": bytes.hex(v)}),
    (bytearray, lambda v, _: {"b": bytearray.hex(v)}),
    (complex, lambda v, _: {"c": _members(complex, "real imag", v)}),
    (range, lambda v, depth: {"r": _items((v.start, v.stop, v.step), depth)}),
    (
        deque,
        lambda v, depth: {"q": [*_members(deque, "maxlen", v), _items(deque.__iter__(v), depth)]},
    ),
)

_LATE_WRITERS: tuple[tuple[str, str, LateWriter], ...] = (
    ("decimal", "Decimal", lambda base, v, _: {"D": base.__str__(v)}),
    (
        "fractions",
        "Fraction",
        lambda base, v, depth: {"F": _items(_members(base, "numerator denominator", v), depth)},
    ),
    ("datetime", "datetime", lambda base, v, _: {"datetime": base.isoformat(v)}),
    ("datetime", "date", lambda base, v, _: {"date": base.isoformat(v)}),
    ("datetime", "time", lambda base, v, _: {"time": base.isoformat(v)}),
    (
        "datetime",
        "timedelta",
        lambda base, v, _: {"delta": _members(base, "days seconds microseconds", v)},
    ),
    ("numpy", "ndarray", lambda base, v, depth: _to_tree(base.tolist(v), depth)),
    ("numpy", "generic", lambda base, v, depth: _to_tree(base.item(v), depth)),
)


def _from_tree(tree: Any, depth: int) -> object:  # noqa: ANN401  (narrowed by type(), never by trust)
    if type(tree) is list:
        if depth >= DEPTH_MAX:
            raise EncodingError("nested too deeply")
        return [_from_tree(item, depth + 1) for item in tree]
    if type(tree) is not dict:
        return tree
    if depth >= DEPTH_MAX or len(tree) != 1:
        raise EncodingError("nested too deeply, or an object without a single tag")
    ((tag, content),) = tree.items()
    read = _READERS.get(tag)
    if read is None:
        raise EncodingError("an unknown tag")
    return read(content, depth + 1)


def _listed(content: object) -> list[Any]:
    if type(content) is not list:
        raise EncodingError("a tag with the wrong content")
    return content


def _values(content: object, depth: int) -> list[Any]:
    return [_from_tree(item, depth) for item in _listed(content)]


def _hashed(collection: Any, entries: list[Any]) -> Any:  # noqa: ANN401  (a dict, or a set)
    """Fill a dict or set; stop when it takes far too long.

    Keys can be chosen so that each has to be compared with all before it, in more ways than
    can be told beforehand: equal hashes are only one. A good slice takes a tenth of a
    millisecond.
    """
    for start in range(0, len(entries), _SLICE):
        started = time.process_time()
        collection.update(entries[start : start + _SLICE])
        if time.process_time() - started > _SLICE_SECONDS_MAX:
            raise EncodingError("keys that collide")
    return collection


def _pairs(content: object, depth: int) -> list[tuple[object, object]]:
    halves = [_listed(pair) for pair in _listed(content)]
    return [(_from_tree(key, depth), _from_tree(value, depth)) for key, value in halves]


def _numbers(content: object, depth: int, count: int) -> list[Any]:
    numbers = _values(content, depth)
    if len(numbers) != count or not {int, float}.issuperset(map(type, numbers)):
        raise EncodingError("a tag with the wrong content")
    return numbers


def _text(content: object) -> str:
    if type(content) is not str:
        raise EncodingError("a tag with the wrong content")
    return content


def _read_deque(content: object, depth: int) -> object:
    maxlen, items = _listed(content)
    return deque(_values(items, depth), maxlen)


def _read_default_dict(content: object, depth: int) -> object:
    return _hashed(defaultdict(None), _pairs(content, depth))


def _read_decimal(content: object, _depth: int) -> object:
    from decimal import Decimal  # noqa: PLC0415  (a zygote must stay small)

    return Decimal(_text(content))


def _read_fraction(content: object, depth: int) -> object:
    from fractions import Fraction  # noqa: PLC0415  (a zygote must stay small)

    parts = _numbers(content, depth, 2)
    # It is reduced by a greatest common divisor, whose time grows with the square.
    if any(part.bit_length() > FRACTION_BITS_MAX for part in parts):
        raise EncodingError("a fraction with too many digits")
    return Fraction(*parts)


def _read_datetime(type_name: str) -> Reader:
    def read(content: object, depth: int) -> object:
        import datetime  # noqa: PLC0415  (a zygote must stay small)

        if type_name == "timedelta":
            return datetime.timedelta(*_numbers(content, depth, 3))
        return getattr(datetime, type_name).fromisoformat(_text(content))

    return read


_READERS: dict[str, Reader] = {
    "t": lambda c, depth: tuple(_values(c, depth)),
    "d": lambda c, depth: _hashed({}, _pairs(c, depth)),
    "Counter": lambda c, depth: Counter(_hashed({}, _pairs(c, depth))),
    "defaultdict": _read_default_dict,
    "odict": lambda c, depth: _hashed(OrderedDict(), _pairs(c, depth)),
    "s": lambda c, depth: _hashed(set(), _values(c, depth)),
    "fs": lambda c, depth: frozenset(_hashed(set(), _values(c, depth))),
    "i": lambda c, _: int(_text(c), 16),
    "b": lambda c, _: bytes.fromhex(_text(c)),
    "c": lambda c, depth: complex(*_numbers(c, depth, 2)),
    "r": lambda c, depth: range(*_numbers(c, depth, 3)),
    "q": _read_deque,
    "D": _read_decimal,
    "F": _read_fraction,
    "datetime": _read_datetime("datetime"),
    "date": _read_datetime("date"),
    "time": _read_datetime("time"),
    "delta": _read_datetime("timedelta"),
}
