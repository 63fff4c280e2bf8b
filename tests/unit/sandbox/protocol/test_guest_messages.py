"""The messages from a guest, and how little of them the keeper believes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.protocol.guest_messages import (
    GuestMessage,
    MessageKind,
    read_message,
    write_message,
    write_value,
)

TEXT_MAX = 500
NOT_A_MESSAGE = GuestMessage(MessageKind.UNREADABLE, detail="not a message")


def packed(*words: object) -> bytes:
    """Pack what a guest may send instead of a message."""
    return json.dumps(words).encode("ascii")


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b'["loaded"]', GuestMessage(MessageKind.LOADED)),
        (
            b'["raised","ValueError","no"]',
            GuestMessage(MessageKind.RAISED, type_name="ValueError", text="no"),
        ),
        (
            b'["unreadable", "a function is not plain data"]',
            GuestMessage(MessageKind.UNREADABLE, detail="a function is not plain data"),
        ),
        (
            b'["failed","not_loaded","NameError","x"]',
            GuestMessage(MessageKind.FAILED, detail="not_loaded", type_name="NameError", text="x"),
        ),
        (
            b'["forbidden","socket.connect"]',
            GuestMessage(MessageKind.FORBIDDEN, detail="socket.connect"),
        ),
        (
            b'["raised","\\ud800","\\u0000"]',
            GuestMessage(MessageKind.RAISED, type_name="\ud800", text="\x00"),
        ),
        (b'["value",[1,2]]', GuestMessage(MessageKind.VALUE, value=b"[1,2]")),
    ],
)
def test_a_message_of_each_kind_is_read(payload: bytes, message: GuestMessage) -> None:
    """A message with a known kind and the right number of texts is read in full."""
    assert read_message(payload) == message


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (write_message(MessageKind.LOADED), GuestMessage(MessageKind.LOADED)),
        (
            write_message(MessageKind.RAISED, "E", '"]'),
            GuestMessage(MessageKind.RAISED, type_name="E", text='"]'),
        ),
        (
            write_message(MessageKind.UNREADABLE, "\ud800"),
            GuestMessage(MessageKind.UNREADABLE, detail="\ud800"),
        ),
        (write_value(b"[]"), GuestMessage(MessageKind.VALUE, value=b"[]")),
    ],
)
def test_the_keeper_reads_what_a_guest_writes(payload: bytes, message: GuestMessage) -> None:
    """Both sides agree on the form of a message."""
    assert read_message(payload) == message


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
        packed("unknown"),
        packed("Loaded"),
        packed("loaded", "twice"),
        packed("raised", "ValueError"),
        packed("raised", "ValueError", 7),
        packed("raised", "ValueError", None),
        packed("forbidden", ["socket"]),
        packed(["loaded"]),
        packed("failed", "not_loaded", "NameError", "x", "y"),
        b'["value" ,"spaced"]',
        b"[" * 100_000,
        b'["raised", "x", ' + b"1" * 100_000 + b"]",
        b"NaN",
    ],
)
def test_anything_else_is_unreadable(payload: bytes) -> None:
    """A payload with an unknown kind, or a wrong number of texts, is not a message."""
    assert read_message(payload) == NOT_A_MESSAGE


@given(st.binary() | st.recursive(st.text() | st.none(), st.lists, max_leaves=5).map(packed))
def test_any_payload_gives_a_known_kind_and_short_texts(payload: bytes) -> None:
    """Whatever a guest sends, the result has a known kind and bounded texts."""
    kind, *texts, _ = read_message(payload)

    assert isinstance(kind, MessageKind)
    assert all(len(text) <= TEXT_MAX for text in texts)


def test_long_text_is_cut() -> None:
    """Of a text from a guest, 500 characters are kept."""
    assert read_message(packed("raised", "E" * 10**4, "m" * 10**4)) == GuestMessage(
        MessageKind.RAISED, type_name="E" * TEXT_MAX, text="m" * TEXT_MAX
    )


def test_a_message_that_no_guest_writes_is_not_parsed() -> None:
    """Guests cut their texts, and a megabyte of empty lists would take thirty of memory."""
    assert read_message(packed("raised", "E", "m" * 10**6)).kind is MessageKind.UNREADABLE


def test_a_value_is_not_decoded_with_its_message() -> None:
    """Reading a message does not decode a large value, whatever it holds."""
    message = read_message(b'["value",' + b"[" * 10**6 + b"]")

    assert message == GuestMessage(MessageKind.VALUE, value=b"[" * 10**6)


def test_a_program_that_changes_json_is_still_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages do not use the separators that a program may set for its own output."""
    monkeypatch.setattr(json.JSONEncoder, "item_separator", ";")
    message = write_message(MessageKind.RAISED, "ValueError", "no")

    assert read_message(message).type_name == "ValueError"
