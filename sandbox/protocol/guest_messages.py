"""The messages between a keeper and its guest: one vocabulary for both sides.

A keeper sends calls: `[entry_point, arguments]`, encoded. A guest sends a JSON
list of texts, the first of which is a `MessageKind`; the value of a call stands in it as it was
encoded. The keeper believes nothing: `read_message` returns a known kind and short texts, and
reports anything else as `UNREADABLE`.

A zygote loads this module, so it imports only what every zygote has loaded anyway.
"""

import json
from enum import StrEnum
from typing import NamedTuple

TEXT_MAX = 500
"""The number of characters that are kept of a text from a guest."""


class MessageKind(StrEnum):
    """What a guest reports, and which texts follow."""

    LOADED = "loaded"  # the program can now be called
    VALUE = "value"  # a call returned: its value
    RAISED = "raised"  # a call, or a program that is run, raised: type name, message
    UNREADABLE = "unreadable"  # a call returned what is no plain data: why
    FAILED = "failed"  # the program cannot be called: a `Failure`, type name, message
    FORBIDDEN = "forbidden"  # the audit hook ends the guest: the event
    ENDED = "ended"  # one of several runs ended: its exit status


class Failure(StrEnum):
    """Why a program cannot be called."""

    NOT_COMPILED = "not_compiled"
    NOT_LOADED = "not_loaded"
    NO_ENTRY_POINT = "no_entry_point"


class GuestMessage(NamedTuple):
    """A message from a guest, bounded. `value` is encoded, and nobody has decoded it yet.

    `detail` is the reason of UNREADABLE, the failure of FAILED (any text: it is the guest's) or
    the event of FORBIDDEN.
    """

    kind: MessageKind
    detail: str = ""
    type_name: str = ""
    text: str = ""
    value: bytes = b""


_FIELDS: dict[str, tuple[str, ...]] = {
    MessageKind.LOADED: (),
    MessageKind.RAISED: ("type_name", "text"),
    MessageKind.UNREADABLE: ("detail",),
    MessageKind.FAILED: ("detail", "type_name", "text"),
    MessageKind.FORBIDDEN: ("detail",),
    MessageKind.ENDED: ("text",),
}
_BYTES_MAX = 2**16  # of all but values: far more than three texts take, however JSON escapes them
_dump = json.JSONEncoder(separators=(",", ":")).encode  # programs may change `json`
_VALUE_START, _VALUE_END = b'["value",', b"]"
# The audit hook cannot call `write_message`: the candidate could change a function.
FORBIDDEN_START, FORBIDDEN_END = b'["forbidden","', b'"]'


def write_message(kind: MessageKind, *texts: str) -> bytes:
    """Write a message of any kind but VALUE."""
    return _dump((kind, *texts)).encode("ascii")


def write_value(encoded: bytes) -> bytes:
    """Write a VALUE message around an encoded value."""
    return _VALUE_START + encoded + _VALUE_END


def read_message(payload: bytes) -> GuestMessage:
    """Read a message. Never raises, whatever a guest sent."""
    if payload.startswith(_VALUE_START):
        value = payload[len(_VALUE_START) : -len(_VALUE_END)]
        return GuestMessage(MessageKind.VALUE, value=value)
    try:
        words = json.loads(payload) if len(payload) <= _BYTES_MAX else None
    except (ValueError, RecursionError):
        words = None
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        kind, *texts = words
        names = _FIELDS.get(kind)
        if names is not None and len(names) == len(texts):
            fields = {name: text[:TEXT_MAX] for name, text in zip(names, texts, strict=True)}
            return GuestMessage(MessageKind(kind), **fields)
    return GuestMessage(MessageKind.UNREADABLE, detail="not a message")
