"""What a guest may say to its keeper, and how much of it is believed.

In: a payload from a guest. Out: a word that we know with bounded text, or an answer as
plain data. A guest may say anything: what is not one of these words is `unreadable`.
Must not know: the question.
"""

import json

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, decode
from nova_code_verifier.sandbox.types import Ending, RaisedError

TEXT_MAX = 500
_VALUE_PREFIX = b'["value",'

# Every word, and how many words a message of it has.
_VOCABULARY = {"loaded": 1, "value": 2, "raised": 3, "unreadable": 2, "failed": 4, "forbidden": 2}

FAILURES = {
    "not_compiled": Ending.NOT_COMPILED,
    "not_loaded": Ending.NOT_LOADED,
    "no_entry_point": Ending.NO_ENTRY_POINT,
}

Answer = tuple[Ending, object, RaisedError | None, str]


def read_message(payload: bytes) -> list[str]:
    """Read a message. The content of a `value` is left to `read_answer`."""
    if payload.startswith(_VALUE_PREFIX):
        return ["value", ""]
    try:
        words = json.loads(payload)
    except (ValueError, RecursionError):
        words = None
    if (
        not isinstance(words, list)
        or not words
        or not all(isinstance(word, str) for word in words)
        or _VOCABULARY.get(words[0]) != len(words)
    ):
        return ["unreadable", "not a message"]
    return [word[:TEXT_MAX] for word in words]


def read_answer(message: list[str], payload: bytes, *, unread: bool = False) -> Answer:
    """Turn an answer into an ending, a value (or its bytes, *unread*), an error and a detail."""
    word, *rest = message
    if word == "raised":
        if rest[0] == "MemoryError":
            return Ending.OUT_OF_MEMORY, None, None, ""
        return Ending.RAISED, None, RaisedError(type_name=rest[0], message=rest[1]), ""
    if word == "unreadable":
        return Ending.UNREADABLE, None, None, rest[0]
    if unread:
        return Ending.FINISHED, payload[len(_VALUE_PREFIX) : -1], None, ""
    try:
        return Ending.FINISHED, decode(payload[len(_VALUE_PREFIX) : -1]), None, ""
    except EncodingError as error:
        return Ending.UNREADABLE, None, None, str(error)
