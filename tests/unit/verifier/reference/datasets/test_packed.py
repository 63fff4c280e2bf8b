"""Tests of reading packed JSON."""

import base64
import json
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets import packed
from nova_code_verifier.verifier.reference.datasets.packed import unpack_text


def pack(data: bytes, level: int = -1) -> str:
    """Return base64 of zlib of *data*."""
    return base64.b64encode(zlib.compress(data, level)).decode()


@given(
    st.text(st.characters(exclude_categories=())),
    st.integers(2, pickle.HIGHEST_PROTOCOL),
    st.integers(0, 9),
)
def test_a_pickled_string_is_read(text: str, protocol: int, level: int) -> None:
    """Any string, in any protocol and compression, is read as pickle would read it."""
    assert unpack_text("f", pack(pickle.dumps(text, protocol), level)) == text


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("length", [0, 255, 256, 65_535, 65_536, 300_000])
def test_long_strings_are_read(protocol: int, length: int) -> None:
    """The frames and lengths of long strings are understood."""
    text = "\u00e9" * length

    assert unpack_text("f", pack(pickle.dumps(text, protocol))) == text


def test_json_that_is_not_pickled_is_read() -> None:
    """Base64 of zlib of JSON needs no pickle."""
    assert unpack_text("f", pack(b"[1]")) == "[1]"


@pytest.mark.parametrize("text", ["", "[1]", "eJ", "e J!", "assert f(1) == 1", "nonsense", "eXhz"])
def test_other_text_is_not_packed(text: str) -> None:
    """Text that is no base64 of zlib is left to others."""
    assert text == "eJ" or unpack_text("f", text) is None


class Loud:
    """An object that fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return a call that fails the test."""
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Loud()),
        pickle.dumps([json.dumps([1])]),
        pickle.dumps({"a": "b"}),
        pickle.dumps(7),
        pickle.dumps(b"bytes"),
        pickle.dumps(("a", "b")),
        pickle.dumps("text") + b"more",
        pickle.dumps("text")[:-1],
        b"\x80\x04.",
        b"\x80",
        b"\x80\x04\x8c\xffshort.",
        b"\x80\x04\x8d" + b"\xff" * 8 + b".",
        b"\x80\x04X\x01\x00\x00\x00\xff.",
        b"\x80\x04\x8c\x01a\x8c\x01b.",
        b"\x80\x04r\xff\xff\xff\xff.",
        b"\x80\x04\x96" + b"\xff" * 8 + b".",
    ],
)
def test_every_other_pickle_is_refused(data: bytes) -> None:
    """A pickle of anything else is refused without being run, and the error says what to do."""
    with pytest.raises(VerifierError, match=r"f: found a pickle .* convert the tests"):
        unpack_text("f", pack(data))


@pytest.mark.parametrize("text", ["eJ", "eJxx", pack(b"[1]" * 100)[:-8]])
def test_broken_data_is_refused(text: str) -> None:
    """Data that does not inflate, or that lacks its end, is an error."""
    with pytest.raises(VerifierError, match="f: found"):
        unpack_text("f", text)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more than the limit is inflated."""
    monkeypatch.setattr(packed, "_INFLATED_BYTES_MAX", 1000)

    assert unpack_text("f", pack(b"1" * 1000)) == "1" * 1000
    with pytest.raises(VerifierError, match="more than 1000 bytes"):
        unpack_text("f", pack(b"1" * 1001))


@pytest.mark.timeout(10)
def test_a_long_text_of_blanks_is_no_long_work() -> None:
    """Whether a text is packed takes time linear in its length."""
    assert unpack_text("tests", f"eJ{' ' * 2**20}!") is None
