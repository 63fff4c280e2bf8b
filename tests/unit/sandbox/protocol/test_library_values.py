"""Values of the standard library: they keep their exact type and content in a session."""

import array
import collections
import datetime
import decimal
import difflib
import fractions
import functools
import http
import ipaddress
import itertools
import os
import pathlib
import re
import signal
import time
import types
import urllib.parse
import uuid
import zoneinfo
from collections.abc import Callable, ValuesView
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol import encoding, library_values
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode, encode, from_tree

Carry = Callable[[Any], Any]
Read = Callable[[object], Any]

EST = datetime.timezone(datetime.timedelta(hours=-5), "EST")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
VALUES: list[Any] = [
    pathlib.Path("a/../b"),
    pathlib.Path(),
    pathlib.PurePosixPath("//server/\udcff"),
    pathlib.PureWindowsPath("c:/a"),
    uuid.UUID(int=7),
    ipaddress.ip_address("192.0.2.1"),
    ipaddress.ip_address("fe80::1%eth0"),
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("2001:db8::/32"),
    ipaddress.ip_interface("192.0.2.1/24"),
    ipaddress.ip_interface("2001:db8::1/64"),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
    datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC),
    datetime.datetime(2024, 2, 29, tzinfo=EST),
    datetime.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    datetime.datetime(2024, 10, 27, 2, 30, fold=1),
    datetime.time(1, 2, tzinfo=BERLIN),
    datetime.date.max,
    datetime.date(2024, 12, 31).isocalendar(),
    datetime.timedelta(-1, 2, 3),
    datetime.UTC,
    EST,
    BERLIN,
    decimal.Decimal("sNaN"),
    decimal.Decimal("-0E+5"),
    decimal.Decimal("1E+999999999"),
    fractions.Fraction(-2, 3),
    1 + 2j,
    range(5, 0, -2),
    slice(None, 3, -1),
    slice("a", (1,)),
    ...,
    NotImplemented,
    b"\xff",
    bytearray(b"\xff"),
    memoryview(b"\xff"),
    memoryview(bytearray(b"\xff")),
    memoryview(b"abcd")[::-1],
    array.array("d", [1.5]),
    collections.deque([1, 2], maxlen=2),
    collections.Counter("aab"),
    collections.OrderedDict(b=1, a=2),
    collections.defaultdict(None, a=1),
    collections.defaultdict(list, a=[1]),
    collections.defaultdict(collections.Counter),
    {"a": 1}.keys(),
    {"a": [1]}.values(),
    {"a": [1]}.items(),
    collections.OrderedDict(a=1).keys(),
    types.MappingProxyType({"a": [1]}),
    types.SimpleNamespace(a=[1], b=()),
    list[int],
    dict[str, list[int]],
    int | None,
    list[int] | str,
    re.IGNORECASE,
    re.IGNORECASE | re.MULTILINE,
    re.RegexFlag(0),
    http.HTTPStatus.NOT_FOUND,
    http.HTTPMethod.GET,
    signal.SIGTERM,
    uuid.SafeUUID.unknown,
    time.gmtime(0),
    os.stat_result(range(10)),
    os.terminal_size((80, 25)),
    urllib.parse.urlparse("https://example.org/a?b#c"),
    urllib.parse.urlsplit(b"https://example.org/"),
    difflib.Match(1, 2, 3),
    functools.lru_cache(len).cache_info(),
]


def _form(value: object) -> tuple[type, str]:
    shown = bytes(value) if isinstance(value, memoryview) else value
    return type(value), repr(shown)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_of_the_library_comes_back_as_it_was(value: object, carry: Carry) -> None:
    """It has the same type and the same content, also in a container."""
    assert _form(carry(value)) == _form(value)
    assert [_form(item) for item in carry((value,))] == [_form(value)]


@pytest.mark.parametrize(
    "value",
    [value for value in VALUES if str(value) != "sNaN" and not isinstance(value, ValuesView)],
    ids=lambda value: type(value).__name__,
)
def test_a_value_equals_what_comes_back(value: object, carry: Carry) -> None:
    """Tests compare an answer with a value of their own."""
    assert carry(value) == value


@pytest.mark.parametrize("value", [..., NotImplemented, datetime.UTC, *http.HTTPMethod, re.A])
def test_what_exists_once_is_the_same_object(value: object, carry: Carry) -> None:
    """Tests compare constants and members by `is`."""
    assert carry(value) is value


def test_fold_and_name_of_a_time_zone_stay(carry: Carry) -> None:
    """Neither `==` nor the ISO format shows them."""
    late = carry(datetime.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1))

    assert (late.fold, late.tzname(), late.tzinfo) == (1, "CET", BERLIN)
    assert carry(datetime.datetime(2024, 1, 1, tzinfo=EST)).tzname() == "EST"


def test_a_time_zone_of_the_program_keeps_its_offset(carry: Carry) -> None:
    """No class of the candidate's comes along, but the moment is the same."""

    class Zone(datetime.tzinfo):
        def utcoffset(self, _moment: object) -> datetime.timedelta:
            return datetime.timedelta(hours=3)

        def dst(self, _moment: object) -> None:
            return None

        def tzname(self, _moment: object) -> str:
            return "Own"

    moment = datetime.datetime(2024, 1, 1, tzinfo=Zone())

    assert carry(moment) == moment


def test_a_factory_still_makes_values(carry: Carry) -> None:
    """`default_factory` is a builtin type."""
    assert carry(collections.defaultdict(list))["new"] == []


def test_mutable_values_arrive_as_copies_that_can_change(carry: Carry) -> None:
    """A bytearray is no bytes, and a memoryview of one can be written."""
    carry(bytearray(b"a")).append(7)
    carry(memoryview(bytearray(b"a")))[0] = 7


@settings(max_examples=100)
@given(value=st.datetimes(timezones=st.timezones() | st.none()) | st.times() | st.timedeltas())
def test_any_time_comes_back(value: object, carry: Carry) -> None:
    """Every time zone of the system, both sides of a fold, and every microsecond."""
    assert _form(carry(value)) == _form(value)


@settings(max_examples=100)
@given(value=st.ip_addresses() | st.uuids() | st.decimals() | st.fractions())
def test_any_number_with_a_type_comes_back(value: object, carry: Carry) -> None:
    """Addresses, UUIDs, decimals and fractions are exact."""
    assert _form(carry(value)) == _form(value)


# What is no value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        lambda: 0,
        itertools,
        iter([1]),
        itertools.count(),
        re.compile("(a+)+$"),
        re.match("a", "a"),
        pathlib.Path().open,
        memoryview(array.array("i", [1])),
        type("Own", (), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_are_left_to_the_opaque_side(value: object, carry: Carry) -> None:
    """Iterators stay iterators, and no pattern of the candidate's is compiled here."""
    with pytest.raises(EncodingError, match="an object"):
        carry(value)


def test_a_class_that_has_the_name_of_another_is_no_library_class(carry: Carry) -> None:
    """A program can call its class UUID, and say that it is of the module `uuid`."""
    false = type("UUID", (), {"__module__": "uuid", "hex": "00"})

    with pytest.raises(EncodingError, match="an object"):
        carry(false())


@pytest.mark.parametrize("base", [pathlib.PurePosixPath, uuid.UUID, types.SimpleNamespace])
def test_an_instance_of_a_subclass_is_left_to_the_opaque_side(base: Any, carry: Carry) -> None:
    """Methods that the candidate overrides are not lost in silence."""
    own = type("Own", (base,), {})

    with pytest.raises(EncodingError, match="an object"):
        carry(base.__new__(own))


@pytest.mark.parametrize(
    "value",
    [decimal.Decimal(1), datetime.date(2024, 1, 1), fractions.Fraction(1, 2), bytearray(b"a")],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_of_plain_data_can_be_written_as_its_base(value: Any) -> None:
    """The opaque side gets both: the object, and a way to write the base."""
    own = type("Own", (type(value),), {})
    instance = own(2024, 1, 1) if isinstance(value, datetime.date) else own(value)
    seen: list[object] = []

    class Recorder:
        has_read_deep = False

        def to_tree(self, value: object, _walk: object, plain: Any) -> object:
            seen.append(value)
            return plain()

        def from_tree(self, tag: str, content: object, walk: object) -> object:
            raise NotImplementedError

    tree = encoding.to_tree([instance], Recorder())

    assert seen == [instance]
    assert decode(encoding.dump(tree)) == [value]


def test_plain_calls_keep_their_meaning() -> None:
    """Without an opaque side, paths are refused and a view becomes a list, as before."""
    assert decode(encode({1: 2}.keys())) == [1]
    assert decode(encode({1, 2})) == {1, 2}
    for value in (pathlib.Path(), int, ValueError(), ..., types.SimpleNamespace()):
        with pytest.raises(EncodingError, match="not plain data"):
            encode(value)


@pytest.mark.parametrize("tag", [*library_values.READERS, "so", "fso", "ba", "dd"])
def test_plain_calls_read_no_tag_of_a_session(tag: str) -> None:
    """A checker compares plain data only."""
    with pytest.raises(EncodingError, match="an unknown tag"):
        from_tree({tag: []})


def test_values_travel_while_tests_replace_their_class(carry: Carry) -> None:
    """`mock.patch("datetime.datetime")` changes the name, and not the type of the values."""
    moment = datetime.datetime(2024, 1, 1)
    with mock.patch("datetime.datetime"), mock.patch("decimal.Decimal"):
        assert carry(moment) == moment


# The reader believes nothing


@pytest.mark.parametrize(
    "tree",
    [
        {"path": ["Path", "a"]},
        {"path": ["WindowsPath", "a"]},
        {"path": ["PosixPath", 7]},
        {"path": ["PosixPath"]},
        {"address": ["IPv4Address", 7]},
        {"address": ["IPv4Address", "1" * 1000]},
        {"address": ["ip_address", "1.1.1.1"]},
        {"address": ["IPv4Network", "1.2.3.4/8"]},
        {"uuid": "f" * 33},
        {"uuid": 7},
        {"uuid": "-1"},
        {"moment": ["date", "2024-01-01", 0, None]},
        {"moment": ["datetime", "2024-01-01", 2, None]},
        {"moment": ["datetime", "2024-01-01", 0, 7]},
        {"moment": ["datetime", "2024-01-01", 0, {"t": []}]},
        {"tz": []},
        {"tz": [7]},
        {"tz": [{"delta": [7, 0, 0]}]},
        {"zone": "../../etc/passwd"},
        {"zone": "/etc/passwd"},
        {"zone": "Europe"},
        {"zone": "Europe/../Europe/Berlin"},
        {"zone": "Europe//Berlin"},
        {"zone": "tzdata.zi"},
        {"zone": "No/Where"},
        {"zone": ""},
        {"zone": "\x00"},
        {"zone": "é" * 10},
        {"zone": 7},
        {"iso": [2024, 60, 1]},
        {"iso": ["2024", 1, 1]},
        {"enum": ["re", "RegexFlag", 2**70]},
        {"enum": ["re", "RegexFlag", -1]},
        {"enum": ["http", "HTTPStatus", 200]},
        {"enum": ["http", "HTTPStatus", "__class__"]},
        {"enum": ["builtins", "int", "real"]},
        {"enum": ["os", "environ", "HOME"]},
        {"named": ["difflib", "Match", [1, 2]]},
        {"named": ["builtins", "tuple", []]},
        {"named": ["builtins", "list", []]},
        {"named": ["subprocess", "Popen", ["true"]]},
        {"fields": ["time", "struct_time", {"t": [1]}, {"d": []}]},
        {"fields": ["os", "terminal_size", {"t": [1, 2]}, []]},
        {"fields": ["builtins", "type", "x", {"d": []}]},
        {"the": "print"},
        {"the": []},
        {"slice": [1]},
        {"slice": 7},
        {"memoryview": [True, "f"]},
        {"memoryview": [True]},
        {"ba": "f"},
        {"view": ["keys", []]},
        {"view": ["clear", {"d": []}]},
        {"view": [[], {"d": []}]},
        {"mapping": []},
        {"namespace": [["a"]]},
        {"namespace": [[7, 7]]},
        {"dd": [7, []]},
        {"dd": [{"type": ["builtins", "list"]}]},
        {"alias": [7, []]},
        {"alias": [{"type": ["builtins", "list"]}, 7]},
        {"union": []},
        {"union": [1, 2]},
        {"type": ["builtins"]},
        {"type": "builtins"},
        {"type": [[], []]},
        {"error": []},
        {"error": {"class": ["builtins", "ValueError"]}},
        {"s": [{"uuid": "0"}, {"slice": [[], [], []]}]},
    ],
    ids=str,
)
def test_a_tag_with_the_wrong_content_is_refused(tree: object, read: Read) -> None:
    """Whatever a guest writes is a value that the tag can have, or refused."""
    with pytest.raises(EncodingError):
        read(tree)


_TAGS = sorted({*library_values.READERS, *encoding._EXACT_READERS})
_scraps = (
    st.none()
    | st.booleans()
    | st.integers(-100, 100)
    | st.sampled_from([2**63, -1.5, float("nan"), "", "keys", "PosixPath", "a/b", "IPv6Address"])
    | st.sampled_from(["::1%x", "ff", "datetime", "2024-02-29", "UTC", "Europe/Berlin", "re"])
    | st.sampled_from(["builtins", "int", "ValueError", "OSError", "ExceptionGroup", "decimal"])
    | st.sampled_from(["UnicodeDecodeError", "SyntaxError", "JSONDecodeError", "json", "msg"])
)
_errors: st.SearchStrategy[object] = st.deferred(
    lambda: st.fixed_dictionaries(
        {"class": st.lists(_scraps, min_size=2, max_size=2), "args": st.lists(_trees, max_size=5)},
        optional={
            "fields": st.lists(st.tuples(_scraps, _trees).map(list), max_size=3),
            "notes": st.lists(_trees, max_size=2) | _scraps,
            "cause": _trees,
            "context": _trees,
            "both": _scraps,
            "suppress": _scraps,
        },
    )
)
_trees: st.SearchStrategy[object] = st.recursive(
    _scraps | st.builds(lambda error: {"error": error}, _errors),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.lists(inner, min_size=2, max_size=2), max_size=3)
        | st.dictionaries(st.sampled_from(_TAGS), inner, min_size=1, max_size=1)
    ),
    max_leaves=15,
)


@settings(max_examples=300)
@given(tree=_trees)
def test_any_tree_is_read_or_refused(tree: object, read: Read) -> None:
    """No tree raises anything but EncodingError."""
    try:
        value = read(tree)
    except EncodingError:
        return
    repr(value)


@pytest.mark.parametrize("tag", _TAGS)
def test_a_deep_tree_is_refused(tag: str, read: Read) -> None:
    """The bound on depth, or else Python's, ends the walk."""
    tree: object = 7
    for _ in range(encoding.DEPTH_MAX * 2):
        tree = {tag: [["k", tree]]}

    with pytest.raises(EncodingError):
        read(tree)
