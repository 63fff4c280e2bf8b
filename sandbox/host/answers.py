"""Turn a guest's message into what happened to its question, and believe as little as possible."""

from typing import NamedTuple

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode
from nova_code_verifier.sandbox.protocol.guest_messages import Failure, GuestMessage, MessageKind
from nova_code_verifier.sandbox.types import Ending, RaisedError

_FAILURE_ENDINGS: dict[str, Ending] = {
    Failure.NOT_COMPILED: Ending.NOT_COMPILED,
    Failure.NOT_LOADED: Ending.NOT_LOADED,
    Failure.NO_ENTRY_POINT: Ending.NO_ENTRY_POINT,
}


class Answer(NamedTuple):
    """The fields of an `Execution` that an answer decides."""

    ending: Ending
    value: object = None
    error: RaisedError | None = None
    detail: str = ""


def read_answer(message: GuestMessage, *, is_decoded: bool) -> Answer:
    """Read the answer to a question: a VALUE, RAISED or UNREADABLE message.

    Unless *is_decoded*, a value stays the bytes that it is.
    """
    match message.kind:
        case MessageKind.RAISED if message.type_name == "MemoryError":
            return Answer(Ending.OUT_OF_MEMORY)
        case MessageKind.RAISED:
            return Answer(Ending.RAISED, error=error_of(message))
        case MessageKind.UNREADABLE:
            return Answer(Ending.UNREADABLE, detail=message.detail)
    if not is_decoded:
        return Answer(Ending.FINISHED, message.value)
    try:
        return Answer(Ending.FINISHED, decode(message.value))
    except EncodingError as error:
        return Answer(Ending.UNREADABLE, detail=str(error))


def error_of(message: GuestMessage) -> RaisedError:
    """Return the exception of a RAISED or FAILED message."""
    return RaisedError(type_name=message.type_name, message=message.text)


def failure_ending(message: GuestMessage) -> Ending:
    """Return how a question ended whose guest sent a FAILED message."""
    return _FAILURE_ENDINGS.get(message.detail, Ending.CRASHED)
