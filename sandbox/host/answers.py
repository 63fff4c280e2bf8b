"""Encode a question for a guest, and turn its message into what happened to the question.

Nothing here believes a message.
"""

from typing import NamedTuple

from nova_code_verifier.sandbox.protocol import guest_messages
from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.protocol.guest_messages import GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    EncodedValue,
    Ending,
    ExactCall,
    Question,
    RaisedError,
)

# Every completion of a prompt is asked the same calls, the same objects. A cached call is never
# changed. It may take 70 times the memory of its encoding.
_ENCODED: dict[int, tuple[ExactCall, bytes]] = {}
_ENCODED_MAX, _ENCODED_BYTES_MAX = 2048, 512

_FAILURES = frozenset(guest_messages.Failure)  # an `Ending` has the same name


class Outcome(NamedTuple):
    """The fields of an `Execution` that say how its question ended."""

    ending: Ending
    detail: str = ""
    cause: Cause = Cause.NONE
    value: object = None
    error: RaisedError | None = None


def encode_question(question: Question) -> bytes:
    """Encode a call. Raises EncodingError."""
    assert isinstance(question, Call)  # noqa: S101  (no other question has a message)
    call: list[object] = [question.entry_point, list(question.arguments)]
    if not isinstance(question, ExactCall):
        return encode(call)
    known = _ENCODED.get(id(question))
    if known is not None and known[0] is question:
        return known[1]
    encoded = encode([
        *call, dict(question.keywords), question.keeps_object, str(question.substitute),
    ])  # fmt: skip
    if len(encoded) <= _ENCODED_BYTES_MAX:
        if len(_ENCODED) >= _ENCODED_MAX:
            _ENCODED.clear()
        _ENCODED[id(question)] = question, encoded
    return encoded


def read_answer(message: GuestMessage) -> Outcome:
    """Read the answer to a question: a VALUE, RAISED or UNREADABLE message.

    Values are not decoded here: that takes much memory, and several guests answer at a time.
    """
    match message.kind:
        case MessageKind.RAISED if message.type_name == "MemoryError":
            return Outcome(Ending.OUT_OF_MEMORY)
        case MessageKind.RAISED:
            return Outcome(Ending.RAISED, error=error_of(message))
        case MessageKind.UNREADABLE:
            return Outcome(Ending.UNREADABLE, message.detail)
    return Outcome(Ending.FINISHED, value=EncodedValue(message.value))


def error_of(message: GuestMessage) -> RaisedError:
    """Return the exception of a RAISED or FAILED message."""
    return RaisedError(type_name=message.type_name, message=message.text)


def failure_ending(message: GuestMessage) -> Ending:
    """Return how a question ended whose guest sent a FAILED message."""
    return Ending(message.detail) if message.detail in _FAILURES else Ending.CRASHED
