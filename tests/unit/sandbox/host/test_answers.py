"""How a guest's answer becomes the ending of its question."""

import json

import pytest

from nova_code_verifier.sandbox.host.answers import (
    Outcome,
    encode_question,
    error_of,
    failure_ending,
    read_answer,
)
from nova_code_verifier.sandbox.protocol.guest_messages import read_message
from nova_code_verifier.sandbox.types import EncodedValue, Ending, ExactCall, RaisedError


def answer_to(*words: object) -> Outcome:
    """Read the message of these words as the answer to a call."""
    return read_answer(read_message(json.dumps(words).encode("ascii")))


def answer_of(payload: bytes) -> Outcome:
    """Read a payload as the answer to a call."""
    return read_answer(read_message(payload))


@pytest.mark.parametrize("encoded", [b"null", b'[1,{"t":[2]}]', b'{"unknown":1}', b"[" * 10**5])
def test_a_value_is_not_decoded(encoded: bytes) -> None:
    """A call that returned a value has finished with it, whatever it is."""
    payload = b'["value",' + encoded + b"]"

    assert answer_of(payload) == Outcome(Ending.FINISHED, value=EncodedValue(encoded))


def test_a_message_that_is_none_is_unreadable() -> None:
    """A value must begin exactly as the guest writes it."""
    answer = answer_of(b'["value" ,"spaced"]')

    assert answer == Outcome(Ending.UNREADABLE, detail=answer.detail)


def test_an_exception_is_reported_with_type_and_message() -> None:
    """A call that raised has the type and the message that the guest sent."""
    raised = RaisedError(type_name="ValueError", message="no")

    assert answer_to("raised", "ValueError", "no") == Outcome(Ending.RAISED, error=raised)


def test_a_memory_error_is_the_memory_limit() -> None:
    """A MemoryError means that the limit refused an allocation, not that the call has a bug."""
    assert answer_to("raised", "MemoryError", "") == Outcome(Ending.OUT_OF_MEMORY)


def test_the_guests_reason_becomes_the_detail() -> None:
    """An answer that the guest could not encode keeps the reason as its detail."""
    reason = "a builtins.function is not plain data"

    assert answer_to("unreadable", reason) == Outcome(Ending.UNREADABLE, detail=reason)


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        ("not_compiled", Ending.NOT_COMPILED),
        ("not_loaded", Ending.NOT_LOADED),
        ("no_entry_point", Ending.NO_ENTRY_POINT),
        ("accepted", Ending.CRASHED),
        ("", Ending.CRASHED),
    ],
)
def test_each_failure_has_an_ending(failure: str, ending: Ending) -> None:
    """A known failure has its own ending; one that a guest made up is a crash."""
    message = read_message(json.dumps(["failed", failure, "E", "text"]).encode("ascii"))

    assert failure_ending(message) is ending
    assert error_of(message) == RaisedError(type_name="E", message="text")


def test_equal_calls_of_different_types_are_encoded_apart() -> None:
    """`1`, `1.0` and `True` are equal, and a cache must not take one for the other."""
    calls = [ExactCall(entry_point="f", arguments=(value,)) for value in (1, 1.0, True)]

    encoded = [encode_question(call) for call in calls for _ in range(2)]

    assert encoded[::2] == encoded[1::2]
    assert len(set(encoded)) == 3


def test_calls_that_are_gone_leave_no_encoding_to_others() -> None:
    """A new call may have the identity of one that was freed."""
    for number in range(5000):
        call = ExactCall(entry_point="f", arguments=(number,))
        assert str(number).encode() in encode_question(call)
