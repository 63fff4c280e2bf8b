"""Exceptions of the standard library: a test that expects one sees the candidate's as its own."""

import asyncio
import binascii
import concurrent.futures
import configparser
import contextlib
import csv
import dataclasses
import datetime
import decimal
import io
import ipaddress
import json
import os
import queue
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import traceback
import urllib.error
import xml.etree.ElementTree as ET
import zipfile
import zlib
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest

from nova_code_verifier.sandbox.protocol.encoding import EncodingError

Carry = Callable[[Any], Any]
Read = Callable[[object], Any]


def raised_by(act: Callable[[], object]) -> BaseException:
    """Return the exception that *act* raises."""
    try:
        act()
    except BaseException as error:  # noqa: BLE001  (any)
        return error
    raise AssertionError("nothing was raised")


def _raise(error: BaseException) -> None:
    raise error


def _query_nonsense() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("x")


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A class that refuses assignments."""

    x: int = 0


ACTS: dict[str, Callable[[], object]] = {
    "JSONDecodeError": lambda: json.loads("{bad"),
    "re.error": lambda: re.compile("("),
    "FrozenInstanceError": lambda: setattr(Frozen(), "x", 1),
    "FileNotFoundError": lambda: open("/nowhere/x"),  # noqa: PTH123, SIM115
    "OSError of two names": lambda: os.rename("/nowhere/a", "/nowhere/b"),  # noqa: PTH104
    "UnicodeDecodeError": lambda: str(b"a\xff", "utf-8"),
    "UnicodeDecodeError of nothing": lambda: _raise(UnicodeDecodeError("x", b"", 0, 1, "y")),
    "UnicodeEncodeError": lambda: "\u1234".encode("ascii"),
    "ValueError": lambda: int("x"),
    "KeyError": lambda: {"a": 1}["a 'key'"],
    "IndexError": lambda: [1].pop(5),
    "ZeroDivisionError": lambda: 1 / 0,
    "StopIteration": lambda: _raise(StopIteration(7)),
    "SystemExit": lambda: sys.exit(3),
    "ModuleNotFoundError": lambda: __import__("no_such_module"),
    "AttributeError": lambda: object().nothing,  # type: ignore[attr-defined]
    "NameError": lambda: undefined_name,  # type: ignore[name-defined]  # noqa: F821
    "SyntaxError": lambda: compile("a b", "f", "exec"),
    "InvalidOperation": lambda: decimal.Decimal("x"),
    "BadZipFile": lambda: zipfile.ZipFile(io.BytesIO(b"x")),
    "CalledProcessError": lambda: _raise(subprocess.CalledProcessError(3, ["x"], b"out", b"err")),
    "TimeoutExpired": lambda: _raise(subprocess.TimeoutExpired(["x"], 1.5)),
    "sqlite3.OperationalError": _query_nonsense,
    "NoSectionError": lambda: configparser.ConfigParser().get("a", "b"),
    "ParseError": lambda: ET.fromstring("<a"),
    "gaierror": lambda: _raise(socket.gaierror(-2, "Name or service not known")),
    "struct.error": lambda: struct.unpack("i", b""),
    "binascii.Error": lambda: binascii.unhexlify("x"),
    "zlib.error": lambda: zlib.decompress(b"x"),
    "csv.Error": lambda: csv.reader([], dialect="x"),
    "Empty": lambda: queue.Queue[int]().get_nowait(),
    "InvalidStateError": lambda: _raise(asyncio.InvalidStateError("x")),
    "futures.TimeoutError": lambda: concurrent.futures.Future[int]().result(0),
    "AddressValueError": lambda: ipaddress.IPv4Address("x"),
    "ZoneInfoNotFoundError": lambda: zoneinfo.ZoneInfo("No/Where"),
    "UnsupportedOperation": lambda: io.BytesIO().fileno(),
    "URLError": lambda: _raise(urllib.error.URLError("x")),
    "date out of range": lambda: datetime.date(2024, 13, 1),
    "UserWarning": lambda: _raise(UserWarning("x")),
    "an exception without arguments": lambda: _raise(ValueError()),
    "an exception with data": lambda: _raise(ValueError({"a": [1]}, (2,))),
}
_FIELDS = """
    errno strerror filename filename2 name path msg code value encoding object start end reason
    lineno colno offset text pos doc pattern returncode cmd output stdout stderr timeout section
    message sqlite_errorname sqlite_errorcode position
"""


def _form(error: BaseException) -> list[object]:
    fields = [repr(getattr(error, name, None)) for name in _FIELDS.split()]
    return [type(error), str(error), repr(error.args), repr(vars(error)), *fields]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_an_exception_comes_back_as_it_was(act: Callable[[], object], carry: Carry) -> None:
    """It has the class, the text, the arguments and the fields that the tests may look at."""
    error = raised_by(act)

    assert _form(carry(error)) == _form(error)


def test_an_http_error_comes_back_without_its_file(carry: Carry) -> None:
    """The class looks for what it does not have in the file, which stays on its side."""
    error = urllib.error.HTTPError("http://a", 404, "Not Found", {"a": "b"}, None)  # type: ignore[arg-type]
    arrived = carry(error)
    error.close()

    assert (arrived.code, arrived.reason, arrived.url) == (404, "Not Found", "http://a")
    assert str(arrived) == "HTTP Error 404: Not Found"
    assert not hasattr(arrived, "nothing")


def test_cause_and_context_come_along(carry: Carry) -> None:
    """`raise … from`, `raise … from None`, and an error while another is handled."""

    def from_cause() -> None:
        try:
            int("x")
        except ValueError as error:
            raise RuntimeError("no number") from error

    def from_none() -> None:
        try:
            int("x")
        except ValueError:
            raise RuntimeError("no number") from None

    def in_handler() -> None:
        try:
            int("x")
        except ValueError:
            raise RuntimeError("no number")  # noqa: B904

    caused, silent, handled = (carry(raised_by(a)) for a in (from_cause, from_none, in_handler))

    assert type(caused.__cause__) is ValueError
    assert caused.__context__ is caused.__cause__
    assert caused.__suppress_context__
    assert (silent.__cause__, type(silent.__context__)) == (None, ValueError)
    assert silent.__suppress_context__
    assert (handled.__cause__, str(handled.__context__)) == (
        None,
        "invalid literal for int() with base 10: 'x'",
    )
    assert not handled.__suppress_context__
    assert "direct cause" in "".join(traceback.format_exception(caused))


def test_notes_and_own_fields_come_along(carry: Carry) -> None:
    """`add_note`, and attributes that the program set."""
    error = ValueError("x")
    error.add_note("a note")
    error.details = [1, {"a": 2}]  # type: ignore[attr-defined]
    arrived = carry(error)

    assert arrived.__notes__ == ["a note"]
    assert arrived.details == [1, {"a": 2}]


def test_a_group_comes_with_its_members(carry: Carry) -> None:
    """`except*` and `split` work on it."""
    error = ExceptionGroup(
        "g", [ValueError(1), ExceptionGroup("h", [KeyError("k"), OSError(2, "x")])]
    )
    arrived = carry(error)

    assert repr(arrived) == repr(error)
    matched, rest = arrived.split(OSError)
    assert str(matched.exceptions[0].exceptions[0]) == "[Errno 2] x"
    assert len(rest.exceptions) == 2


def test_what_cannot_travel_is_left_out(carry: Carry) -> None:
    """The exception is raised even so: with its text, if an argument cannot travel."""
    error = ValueError("x", object)
    error.args = ("x", print)
    error.handle = print  # type: ignore[attr-defined]
    arrived = carry(error)

    assert arrived.args == (str(error),)
    assert vars(arrived) == {}


@pytest.mark.parametrize("name", ["__cause__", "__context__"])
def test_a_chain_has_a_bound(name: str, carry: Carry) -> None:
    """A chain that goes round, or is very long, is cut."""
    circle = ValueError("round")
    circle.__cause__ = circle
    long = last = ValueError("long")
    for _ in range(3000):
        setattr(last, name, ValueError("longer"))
        last = getattr(last, name)

    for error in (circle, long):
        assert str(carry(error)) == str(error)


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        GeneratorExit(),
        BaseException(),
        asyncio.CancelledError(),
        BaseExceptionGroup("g", [KeyboardInterrupt()]),
        pytest.skip.Exception("x"),
        EncodingError("x"),
        type("JSONDecodeError", (ValueError,), {"__module__": "json.decoder"})("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_exceptions_are_left_to_the_opaque_side(error: object, carry: Carry) -> None:
    """No exception that a tool takes for its own, or that a program defines, comes by name."""
    with pytest.raises(EncodingError, match="an object"):
        carry(error)


@pytest.mark.parametrize(
    "tree",
    [
        {"class": ["builtins", "KeyboardInterrupt"], "args": []},
        {"class": ["builtins", "int"], "args": []},
        {"class": ["builtins", "ValueError"], "args": 7},
        {"class": ["builtins", "ValueError"], "args": [], "fields": 7},
        {"class": ["builtins", "ValueError"], "args": [], "fields": [[[], 7]]},
        {"class": ["builtins", "ValueError"], "args": [], "notes": 7},
        {"class": ["_pytest.outcomes", "Skipped"], "args": []},
        {"class": ["builtins", "ExceptionGroup"], "args": []},
        {"class": ["builtins", "ExceptionGroup"], "args": ["g", []]},
        {"class": ["builtins", "ExceptionGroup"], "args": ["g", "abc", 7]},
        {"class": ["builtins", "UnicodeDecodeError"], "args": [], "fields": [["object", "text"]]},
        {"class": ["builtins", "UnicodeDecodeError"], "args": [], "fields": [["start", -1]]},
        {
            "class": ["builtins", "UnicodeEncodeError"],
            "args": [],
            "fields": [["object", {"b": ""}]],
        },
        {"class": ["builtins", "UnicodeEncodeError"], "args": [], "fields": [["end", 2**64]]},
        {"class": ["builtins", "UnicodeTranslateError"], "args": [], "fields": [["end", True]]},
        {"class": ["builtins", "SyntaxError"], "args": [], "fields": [["text", [1]]]},
        {"class": ["builtins", "SyntaxError"], "args": [], "fields": [["lineno", -5]]},
    ],
    ids=str,
)
def test_a_false_exception_is_refused(tree: object, read: Read) -> None:
    """CPython formats some fields without a check, so the reader checks them."""
    with pytest.raises(EncodingError):
        read({"error": tree})


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__notes__", "_x", "args", "add_note"])
def test_a_guest_sets_no_special_field(name: str, read: Read) -> None:
    """A field hides nothing that the class has, and is never special."""
    error = read(
        {"error": {"class": ["builtins", "ValueError"], "args": [1], "fields": [[name, [7]]]}}
    )

    assert type(error) is ValueError
    assert error.args == (1,)
    assert vars(error) == {}


def test_members_of_a_group_are_exceptions(read: Read) -> None:
    """What a guest says is a member, and is none, becomes an empty exception."""
    group = read({"error": {"class": ["builtins", "ExceptionGroup"], "args": ["g", [7]]}})

    assert [type(member) for member in group.exceptions] == [Exception]


def test_no_init_of_a_library_runs(read: Read) -> None:
    """`JSONDecodeError.__init__` counts lines in a text; a guest would choose both."""
    tree = {"class": ["json", "JSONDecodeError"], "args": [], "fields": [["lineno", "x"]]}

    assert read({"error": tree}).lineno == "x"
