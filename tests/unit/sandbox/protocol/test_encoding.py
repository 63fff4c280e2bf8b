"""The typed encoding: plain data, and bytes that are not plain data."""

import itertools
import json
import time
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock_time
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol import encoding
from nova_code_verifier.sandbox.protocol.encoding import (
    DEPTH_MAX,
    PART_BITS_MAX,
    EncodingError,
    decode,
    encode,
)

# Far above what any of these needs, far below what they would need without a bound.
LITTLE_TIME_SECONDS = 3.0
SAME_HASH = 2**61 - 1  # what Python hashes ints by

Point = namedtuple("Point", "x y")


class Colour(IntEnum):
    """A subclass of int."""

    RED = 3


class Word(StrEnum):
    """A subclass of str."""

    HELLO = "hello"


def form(value: object) -> str:
    """Return a value's types, at every depth, and its content."""
    return f"{type(value).__name__} {_content(value)}"


def _content(value: object) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{form(key)}: {form(item)}' for key, item in value.items())}}}"
        case set() | frozenset():
            return f"{{{', '.join(sorted(map(form, value)))}}}"
        case list() | tuple() | deque():
            length = value.maxlen if isinstance(value, deque) else len(value)
            return f"{length}[{', '.join(map(form, value))}]"
        case int():
            return f"{value:x}"  # in decimal, Python refuses the long ones
        case Fraction():
            return f"{value.numerator:x}/{value.denominator:x}"
    return repr(value)


def there_and_back(value: object) -> object:
    """Encode a value and decode it."""
    return decode(encode(value))


def nested(wrap: Callable[[Any], object], *, depth: int) -> object:
    """Put a number into *depth* lists."""
    value: object = 7
    for _ in range(depth):
        value = wrap(value)
    return value


BOXES: list[Callable[[Any], object]] = [
    lambda inner: [inner],
    lambda inner: (inner,),
    lambda inner: {0: inner},
    lambda inner: frozenset([inner]),
    lambda inner: deque([inner]),
    lambda inner: OrderedDict(k=inner),
    lambda inner: defaultdict(None, k=inner),
]
box_names = ["list", "tuple", "dict", "frozenset", "deque", "odict", "defaultdict"]
on_every_box = pytest.mark.parametrize("wrap", BOXES, ids=box_names)

# Round trips

texts = st.text(st.characters(exclude_categories=()))  # lone surrogates, too
moments = st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.times()
atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | texts
    | st.binary()
    | st.complex_numbers()
    | st.builds(range, st.integers(), st.integers(), st.integers(min_value=1))
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | moments.map(lambda moment: moment.replace(fold=0))
    | st.timedeltas()
)
keys = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
plain_data = st.recursive(
    atoms | keys | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.lists(inner, max_size=5).map(deque)
        | st.lists(inner, max_size=5).map(lambda items: deque(items, maxlen=3))
        | st.dictionaries(keys, inner, max_size=5)
        | st.dictionaries(keys, inner, max_size=5).map(OrderedDict)
        | st.dictionaries(keys, inner, max_size=5).map(partial(defaultdict, None))
        | st.dictionaries(keys, st.integers(), max_size=5).map(Counter)
        | st.sets(keys, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(plain_data)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    """Every plain value, however nested, keeps its exact types and content."""
    assert form(there_and_back(value)) == form(value)


@pytest.mark.parametrize(
    "value",
    [
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        10**10_000,
        -(10**10_000),
        float("nan"),
        -0.0,
        float("-inf"),
        complex("nan+infj"),
        complex(-0.0, -0.0),
        "\ud800",
        "\udfff\ud800",
        "\x00\u2028\U0001f600",
        {b"\x00\xff": b""},
        {(1, (2, "x")): [3], frozenset([4]): None},
        {True: 1, None: 2, 1.5: 3},
        range(0, 10**30, 7),
        Decimal("-0E+5"),
        Decimal("sNaN"),
        Decimal("1E+999999999"),
        Fraction(10**1000 + 1, 10**1000),
        datetime(
            2024, 2, 29, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-3, minutes=-1))
        ),
        clock_time(1, 2, 3, tzinfo=UTC),
        date.max,
        timedelta.min,
        deque([1, 2], maxlen=5),
        deque(maxlen=0),
        Counter(a=-1),
        {"d": [["k", 1]]},
        {"t": [], "i": "ff"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_at_the_edge_come_back(value: object) -> None:
    """Limits of types, and values that look like others or like a tag, stay the same."""
    assert form(there_and_back(value)) == form(value)


def test_a_dict_keeps_its_order() -> None:
    """The order of a dict, which candidates can observe, stays the same."""
    assert list(there_and_back({3: 0, 1: 0, 2: 0})) == [3, 1, 2]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (bytearray(b"ab"), b"ab"),
        (iter([1, 2]), [1, 2]),
        ((n * n for n in range(4)), [0, 1, 4, 9]),
        (map(str, (1, 2)), ["1", "2"]),
        (zip("ab", (1, 2), strict=True), [("a", 1), ("b", 2)]),
        (reversed([1, 2]), [2, 1]),
        (itertools.islice(itertools.count(), 3), [0, 1, 2]),
        ({1: 2}.keys(), [1]),
        ({1: 2}.values(), [2]),
        ({1: 2}.items(), [(1, 2)]),
        ([iter([iter("a")])], [[["a"]]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_iterator_arrives_as_a_list(value: object, arrives: object) -> None:
    """Iterators, generators and views of a dict are encoded as their items."""
    assert form(there_and_back(value)) == form(arrives)


@pytest.mark.parametrize("view", [OrderedDict.keys, OrderedDict.values, OrderedDict.items])
def test_a_view_of_an_ordered_dict_arrives_as_a_list(view: Callable[[object], object]) -> None:
    """An OrderedDict has views of its own types."""
    assert there_and_back(view(OrderedDict({1: 1}))) in ([1], [(1, 1)])


def test_a_defaultdict_loses_its_factory() -> None:
    """A factory is code; the dict that arrives creates no values."""
    arrived = there_and_back(defaultdict(list, a=[1]))

    assert isinstance(arrived, defaultdict)
    assert arrived.default_factory is None


# numpy


def _numpy() -> Any:
    return pytest.importorskip("numpy", reason="numpy is not installed")


def test_an_array_arrives_as_nested_lists() -> None:
    """A numpy array is encoded as its plain numbers."""
    array = _numpy().array([[1, 2], [3, 4]])

    assert form(there_and_back(array)) == form([[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("kind", "plain"), [("int32", 3), ("uint64", 3), ("float32", 3.0), ("float64", 3.0)]
)
def test_a_number_of_numpy_arrives_as_a_plain_one(kind: str, plain: object) -> None:
    """A numpy scalar is encoded as a plain number."""
    assert form(there_and_back(getattr(_numpy(), kind)(3))) == form(plain)


def test_a_boolean_of_numpy_arrives_as_a_plain_one() -> None:
    """`numpy.bool_` is encoded as a bool."""
    assert there_and_back(_numpy().bool_(1)) is True


# Subclasses


def liar(base: type, *methods: str) -> Any:
    """Return a subclass of *base* whose *methods* return something else."""

    def lie(*_: object) -> object:
        raise AssertionError("a method of the subclass was asked")

    return type("Liar", (base,), dict.fromkeys(methods, lie))


_ANY = ("__eq__", "__hash__", "__repr__", "__str__", "__bool__", "__format__", "__class_getitem__")
_BOX = ("__iter__", "__len__", "__contains__", "__reversed__", "copy", *_ANY)
_NUMBER = ("__int__", "__float__", "__index__", "__lt__", "__le__", "__ge__", "__pos__", *_ANY)


@pytest.mark.parametrize(
    ("lying", "honest"),
    [
        (liar(list, "__getitem__", *_BOX)([1, "a"]), [1, "a"]),
        (liar(tuple, "__getitem__", *_BOX)((1, "a")), (1, "a")),
        (liar(dict, "items", "keys", "__getitem__", *_BOX)(a=1), {"a": 1}),
        (liar(OrderedDict, "items", "keys", *_BOX)(a=1), OrderedDict(a=1)),
        (liar(Counter, "items", "elements", *_BOX)("aab"), Counter("aab")),
        (liar(defaultdict, "items", "__missing__", *_BOX)(None, a=1), defaultdict(None, a=1)),
        (liar(set, *_BOX)([1]), {1}),
        (liar(frozenset, *_BOX)([1]), frozenset([1])),
        (liar(deque, *_BOX)([1]), deque([1])),
        (liar(bytes, "hex", "decode", *_BOX)(b"\xff"), b"\xff"),
        (liar(bytearray, "hex", "decode", *_BOX)(b"\xff"), b"\xff"),
        (liar(str, "encode", *_BOX)("a\ud800"), "a\ud800"),
        (liar(int, "bit_length", *_NUMBER)(7), 7),
        (liar(int, "bit_length", *_NUMBER)(2**70), 2**70),
        (liar(float, "is_integer", "hex", *_NUMBER)(0.1), 0.1),
        (liar(complex, "__complex__", *_ANY)(1j), 1j),
        (Point(1, [2]), (1, [2])),
        (Colour.RED, 3),
        (Word.HELLO, "hello"),
    ],
    ids=lambda value: type(value).__mro__[-2].__name__,
)
def test_an_instance_of_a_subclass_arrives_as_its_base(lying: object, honest: object) -> None:
    """Methods that a subclass overrides are not called."""
    assert form(decode(encode(lying))) == form(honest)


def _lying_about(base: type, name: str, *arguments: object) -> object:
    lie = property(lambda _: 99)
    return type("Liar", (base,), {name: lie})(*arguments)


@pytest.mark.parametrize(
    ("lying", "honest"),
    [
        (_lying_about(complex, "real", 1j), 1j),
        (_lying_about(deque, "maxlen", [1]), deque([1])),
        (_lying_about(Fraction, "numerator", 1, 2), Fraction(1, 2)),
        (_lying_about(timedelta, "days", 1), timedelta(1)),
        (type("Liar", (Decimal,), {"__str__": lambda _: "99"})(1), Decimal(1)),
        (
            type("Liar", (date,), {"isoformat": lambda _: "1999-09-09"})(2024, 1, 1),
            date(2024, 1, 1),
        ),
        (type("Liar", (dict,), {"__class__": Counter})(a=1), {"a": 1}),
    ],
    ids=["complex", "deque", "Fraction", "timedelta", "Decimal", "date", "dict"],
)
def test_attributes_of_a_subclass_are_not_read(lying: object, honest: object) -> None:
    """Members are read with the base type's descriptors."""
    assert form(decode(encode(lying))) == form(honest)


# Values that are not plain data


@pytest.mark.parametrize(
    "value",
    [
        object(),
        ...,
        NotImplemented,
        len,
        lambda: 0,
        int,
        itertools,
        memoryview(b"a"),
        ValueError("x"),
        json.JSONDecoder(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_data_is_refused(value: object) -> None:
    """A value of any other type raises EncodingError, at any depth."""
    with pytest.raises(EncodingError, match="is not plain data"):
        encode([{"key": (1, value)}])


def test_a_refusal_names_the_type() -> None:
    """The error says which type is not plain data."""
    with pytest.raises(EncodingError, match=r"^a builtins\.memoryview is not plain data$"):
        encode(memoryview(b""))


@pytest.mark.parametrize(
    "endless",
    [itertools.count(), itertools.repeat([]), itertools.cycle("ab"), iter(int, 1)],
    ids=["count", "repeat", "cycle", "callable"],
)
def test_an_endless_iterator_is_refused(endless: object) -> None:
    """An iterator with more items than the bound raises EncodingError."""
    with pytest.raises(EncodingError, match="too many items"):
        encode(endless)


def test_an_iterator_may_be_as_long_as_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on items is itself allowed."""
    monkeypatch.setattr(encoding, "ITERATOR_ITEMS_MAX", 3)

    assert there_and_back(iter("abc")) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "wrap", [BOXES[0], BOXES[1], BOXES[2], BOXES[4]], ids=["list", "tuple", "dict", "deque"]
)
def test_cyclic_data_is_refused(wrap: Callable[[Any], object]) -> None:
    """A value that contains itself raises EncodingError."""
    cycle: list[object] = []
    cycle.append(wrap(cycle))

    with pytest.raises(EncodingError, match="nested too deeply"):
        encode(cycle)


@on_every_box
def test_what_is_nested_too_deeply_is_refused(wrap: Callable[[Any], object]) -> None:
    """The bound on depth is well below Python's recursion limit."""
    with pytest.raises(EncodingError, match="nested too deeply"):
        encode(nested(wrap, depth=DEPTH_MAX + 1))


@on_every_box
def test_what_is_nested_up_to_the_bound_arrives(wrap: Callable[[Any], object]) -> None:
    """What can be encoded can be decoded: both have the same bound on depth."""
    deepest = nested(wrap, depth=DEPTH_MAX)

    assert form(there_and_back(deepest)) == form(deepest)


# The decoder believes nothing

TAGS = sorted(encoding._READERS)
scraps = (
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.sampled_from([2**63, 2**64, -(10**30), 1.5, 1e308, float("nan"), float("inf")])
    | st.sampled_from(["", "ff", "-1", "0x_1", "NaN", "sNaN", "1E+99", "2024-02-29", "12:00:00Z"])
    | st.sampled_from(["2024-02-29T12:00:00+14:00", "0000-00-00", "Z", "\ud800", "-0", "t", "d"])
    | texts
)
trees = st.recursive(
    scraps,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.lists(inner, min_size=2, max_size=2), max_size=4)
        | st.dictionaries(st.sampled_from([*TAGS, "", "x"]), inner, min_size=1, max_size=1)
        | st.dictionaries(st.sampled_from(TAGS), inner, max_size=2)
    ),
    max_leaves=25,
)


def read_or_refuse(data: bytes) -> None:
    """Decode bytes; an exception that is no EncodingError fails the test."""
    try:
        value = decode(data)
    except EncodingError:
        return
    encode(value)  # nothing but plain data comes out


@settings(max_examples=200)
@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes raise anything but EncodingError."""
    read_or_refuse(data)


@settings(max_examples=400)
@given(trees)
def test_any_tags_are_read_or_refused(tree: object) -> None:
    """No tree of tags raises anything but EncodingError."""
    read_or_refuse(json.dumps(tree).encode("ascii"))


@settings(max_examples=200)
@given(plain_data, st.data())
def test_a_damaged_encoding_is_read_or_refused(value: object, data: st.DataObject) -> None:
    """An encoding with a part removed, doubled or overwritten raises only EncodingError."""
    whole = encode(value)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    piece = data.draw(
        st.sampled_from([b"", b"[", b"}", b'"', b",", b"0", b"-", whole[start:end] * 2])
    )

    read_or_refuse(whole[:start] + piece + whole[end:])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nul",
        b"\xff",
        b'"\xc3\xa9"',
        b"{}",
        b'{"t":[],"s":[]}',
        b'{"unknown":[]}',
        b'{"t":1}',
        b'{"s":[[]]}',
        b'{"d":[1]}',
        b'{"d":[[1,2,3]]}',
        b'{"d":[[[],1]]}',
        b'{"i":1}',
        b'{"i":"xyz"}',
        b'{"b":"f"}',
        b'{"c":[1]}',
        b'{"c":["1",2]}',
        b'{"c":[{"i":"' + b"f" * 400 + b'"},0]}',
        b'{"r":[0,1,0]}',
        b'{"r":[0,1.5,1]}',
        b'{"q":[null]}',
        b'{"q":[-1,[]]}',
        b'{"q":[{"i":"ffffffffffffffffff"},[]]}',
        b'{"q":["3",[]]}',
        b'{"D":"seven"}',
        b'{"D":7}',
        b'{"F":[1,0]}',
        b'{"F":[1.5,2]}',
        b'{"F":[true,2]}',
        b'{"date":7}',
        b'{"date":"2024-02-30"}',
        b'{"time":"25:00"}',
        b'{"datetime":"\\ud800"}',
        b'{"delta":[1e308,0,0]}',
        b'{"delta":[NaN,0,0]}',
        b'{"s":[{"D":"sNaN"}]}',
    ],
)
def test_a_tag_with_the_wrong_content_is_refused(data: bytes) -> None:
    """The content of a tag must make a value of the tag's type."""
    with pytest.raises(EncodingError):
        decode(data)


@pytest.mark.parametrize("items", [b'{"r":[0,3,1]}', b'"abc"', b'{"b":"ffff"}', b'{"t":[1]}'])
def test_the_items_of_a_deque_are_a_list(items: bytes) -> None:
    """A short message cannot stand for many items, as a range does."""
    with pytest.raises(EncodingError):
        decode(b'{"q":[null,' + items + b"]}")


@pytest.mark.parametrize("pair", [b'"ab"', b'{"r":[0,2,1]}', b'{"s":[1,2]}', b'{"t":[1,2]}'])
def test_the_pairs_of_a_dict_are_lists(pair: bytes) -> None:
    """The decoder accepts only forms that the encoder writes."""
    with pytest.raises(EncodingError):
        decode(b'{"d":[' + pair + b"]}")


def _many(write: Callable[[int], str], count: int) -> str:
    return ",".join(map(write, range(count)))


COLLIDING = _many(lambda n: f'{{"i":"{n * SAME_HASH:x}"}}', 100_000)
HOSTILE = {
    "deep lists": "[" * 100_000,
    "deep lists, closed": "[" * 100_000 + "]" * 100_000,
    "deep tuples": '{"t":[' * 100_000 + "]}" * 100_000,
    "deep dicts": '{"d":[[0,' * 100_000,
    "a list a little too deep": "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1),
    "colliding items": '{"s":[' + COLLIDING + "]}",
    "colliding frozen items": '{"fs":[' + COLLIDING + "]}",
    "colliding keys": '{"d":['
    + _many(lambda n: f'[{{"i":"{n * SAME_HASH:x}"}},0]', 100_000)
    + "]}",
    "colliding keys of a Counter": '{"Counter":['
    + _many(lambda n: f'[{{"i":"{n * SAME_HASH:x}"}},0]', 100_000)
    + "]}",
    "colliding tuples": '{"s":['
    + _many(lambda n: f'{{"t":[{{"i":"{n * SAME_HASH:x}"}}]}}', 50_000)
    + "]}",
    "a long decimal int": "1" * 1_000_000,
    "a long step": f'{{"r":[0,{{"i":"{"e" * 10**6}"}},{{"i":"{"f" * 10**5}"}}]}}',
    "a long fraction": f'{{"F":[{{"i":"{"e" * 10**6}"}},{{"i":"{"f" * 10**6}"}}]}}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_refused_early(text: str) -> None:
    """The decoder does not start work that needs deep recursion or quadratic time."""
    started = time.process_time()

    with pytest.raises(EncodingError):
        decode(text.encode("ascii"))

    assert time.process_time() - started < LITTLE_TIME_SECONDS


HUGE = {
    "a long hex int": f'{{"i":"{"f" * 4_000_000}"}}',
    "long bytes": f'{{"b":"{"f" * 4_000_000}"}}',
    "a huge range": '{"r":[0,{"i":"' + "f" * (PART_BITS_MAX // 4) + '"},1]}',
    "a set of huge ranges": '{"s":[' + _many(lambda n: f'{{"r":[0,{10**18 + n},1]}}', 1000) + "]}",
    "a decimal with a huge exponent": '{"s":[{"D":"1E+999999999999999999"},{"D":"1E-9999999"}]}',
    "a long decimal": f'{{"s":[{{"D":"{"9" * 1_000_000}"}}]}}',
    "many floats": "[" + "1.5," * 200_000 + "0]",
    "deep hashes": '{"fs":[' * (DEPTH_MAX - 1) + "]}" * (DEPTH_MAX - 1),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_huge_values_are_read_in_linear_time(text: str) -> None:
    """A value may be as large as its message."""
    started = time.process_time()

    decode(text.encode("ascii"))

    assert time.process_time() - started < LITTLE_TIME_SECONDS


def test_a_few_keys_may_share_a_hash() -> None:
    """Collisions that happen by chance, as of -1 and -2, are no attack."""
    few = {n * SAME_HASH for n in range(64)}

    assert there_and_back(few) == few


def test_many_honest_keys_are_no_attack() -> None:
    """A large dict of different ints is decoded."""
    big = {n * 7919: n for n in range(20_000)}

    assert there_and_back(big) == big


def test_a_fraction_may_be_as_long_as_the_bound() -> None:
    """The bound on a fraction's parts is itself allowed."""
    longest = Fraction(2**PART_BITS_MAX - 1, 2 ** (PART_BITS_MAX - 1))

    assert there_and_back(longest) == longest


def test_a_large_set_of_good_keys_is_read() -> None:
    """A table that grows takes extra time at every doubling."""
    many = set(range(700_000))

    assert decode(encode(many)) == many
