"""What a guest says, and how little of it is believed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.protocol.guest_messages import read_answer, read_message
from nova_code_verifier.sandbox.types import Ending, RaisedError

TEXT_MAX = 500
KNOWN_WORDS = {"loaded", "value", "raised", "unreadable", "failed", "forbidden"}


def said(*words: object) -> bytes:
    """Write a message as an honest guest does."""
    return json.dumps(words).encode("ascii")


def answered(payload: bytes) -> tuple[Ending, object, RaisedError | None, str]:
    """Read a payload that answers a call."""
    return read_answer(read_message(payload), payload)


def value_message(value: object) -> bytes:
    """Write the message of a guest whose call returned *value*."""
    return b'["value",' + encode(value) + b"]"


@pytest.mark.parametrize(
    "words",
    [
        ["loaded"],
        ["raised", "ValueError", "no"],
        ["unreadable", "a function is not plain data"],
        ["failed", "not_loaded", "NameError", "x"],
        ["forbidden", "socket.connect"],
        ["raised", "\ud800", "\x00"],
    ],
)
def test_every_word_is_understood(words: list[str]) -> None:
    """A message of a known word and the right number of texts is read as it is."""
    assert read_message(said(*words)) == words


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"7",
        b"[]",
        b"{}",
        b'"loaded"',
        b'{"loaded": 1}',
        said("unknown"),
        said("Loaded"),
        said("loaded", "twice"),
        said("raised", "ValueError"),
        said("raised", "ValueError", 7),
        said("raised", "ValueError", None),
        said("forbidden", ["socket"]),
        said(["loaded"]),
        said("failed", "not_loaded", "NameError", "x", "y"),
        b"[" * 100_000,
        b'["raised", "x", ' + b"1" * 100_000 + b"]",
        b"NaN",
    ],
)
def test_anything_else_is_unreadable(payload: bytes) -> None:
    """What is no known word, or has too few or too many texts, is no message."""
    assert read_message(payload) == ["unreadable", "not a message"]


@given(st.binary() | st.recursive(st.text() | st.none(), st.lists, max_leaves=5).map(said))
def test_whatever_a_guest_says_a_known_word_comes_out(payload: bytes) -> None:
    """Of any payload there remains a word that we know, and bounded text."""
    word, *texts = read_message(payload)

    assert word in KNOWN_WORDS
    assert all(len(text) <= TEXT_MAX for text in texts)


def test_long_text_is_clipped() -> None:
    """A guest's words are shown, not stored without end."""
    assert read_message(said("raised", "E" * 10**6, "m" * 10**6)) == [
        "raised",
        "E" * TEXT_MAX,
        "m" * TEXT_MAX,
    ]


def test_a_value_is_not_read_before_it_is_asked_for() -> None:
    """Reading a message leaves a big answer alone, whatever it holds."""
    assert read_message(b'["value",' + b"[" * 10**6) == ["value", ""]


@pytest.mark.parametrize("value", [None, [1, (2, "\ud800")], {b"k": 2**70}, "]"])
def test_a_value_is_the_answer(value: object) -> None:
    """A call that returned plain data has finished, with that value."""
    assert answered(value_message(value)) == (Ending.FINISHED, value, None, "")


@pytest.mark.parametrize(
    "payload",
    [
        b'["value",',
        b'["value",]',
        b'["value",1,2]',
        b'["value",{"unknown":1}]',
        b'["value",{"s":[[]]}]',
        b'["value",' + b"[" * 10**5,
        b'["value", "spaced"]'.replace(b",", b" ,"),
    ],
)
def test_a_value_that_is_no_plain_data_is_unreadable(payload: bytes) -> None:
    """An answer that cannot be decoded is a wrong answer, not an exception of ours."""
    ending, value, error, _ = answered(payload)

    assert (ending, value, error) == (Ending.UNREADABLE, None, None)


def test_an_exception_is_told_in_the_guests_words() -> None:
    """A call that raised tells type and message."""
    raised = RaisedError(type_name="ValueError", message="no")

    assert answered(said("raised", "ValueError", "no")) == (Ending.RAISED, None, raised, "")


def test_a_memory_error_is_the_memory_limit() -> None:
    """An allocation that the limit refused is told apart from a bug of the candidate's."""
    assert answered(said("raised", "MemoryError", "")) == (Ending.OUT_OF_MEMORY, None, None, "")


def test_an_answer_that_could_not_be_sent_says_why() -> None:
    """The guest's own reason for sending no value becomes the detail."""
    reason = "a builtins.function is not plain data"

    assert answered(said("unreadable", reason)) == (Ending.UNREADABLE, None, None, reason)
