"""Short JSON beside the bytes of a payload, and the words for what is wrong with it.

In: pieces. Out: facts of exactly the form that was agreed on, or PayloadError. What is read may
have been written by a candidate. Must not know: what is told by them.
"""

import json
from collections.abc import Iterator
from typing import Any

from nova_code_verifier.sandbox.protocol.guest_messages import TEXT_MAX

PAYLOAD_BYTES_MAX = 4_400_000
"""What a payload may weigh: in base64, with its wrapping, it stays under Lambda's 6 MB."""
FACTS_BYTES_MAX = 2**15
_NUMBER_MAX = 1e15


class PayloadError(ValueError):
    """Bytes that are no order, or no reply to the order that was sent."""


def next_piece(pieces: Iterator[bytes]) -> bytes:
    """Take the next piece. Raises PayloadError if there is none."""
    for piece in pieces:
        return piece
    raise PayloadError("a payload that is cut off")


def dump_facts(facts: object) -> bytes:
    """Write facts."""
    return json.dumps(facts, separators=(",", ":")).encode("ascii")


def load_facts(
    data: bytes,
    kind: type[list[Any]] | type[str],
    *,
    length: int | None = None,
    most: int = FACTS_BYTES_MAX,
) -> Any:  # noqa: ANN401  (narrowed by type(), never by trust)
    """Read facts: a list of so many, or a text. Raises PayloadError."""
    if len(data) > most:
        raise PayloadError("facts that are too long")
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PayloadError("facts that are no JSON") from error
    if type(facts) is not kind or (length is not None and len(facts) != length):
        raise PayloadError("facts of an unknown form")
    return facts


def number(value: Any) -> float:  # noqa: ANN401
    """Let a number pass that is finite and not negative. Raises PayloadError."""
    # Not by its type alone: NaN and infinities are floats, and an int may have no float.
    if type(value) not in (int, float) or not 0 <= value <= _NUMBER_MAX:
        raise PayloadError("a number that is none, negative or too large")
    return float(value)


def whole(value: Any, most: int) -> int:  # noqa: ANN401
    """Let a whole number pass, from 0 to *most*. Raises PayloadError."""
    if type(value) is not int or not 0 <= value <= most:
        raise PayloadError("a whole number that is none, or too large")
    return value


def text(value: Any) -> str:  # noqa: ANN401
    """Let a short text pass. Raises PayloadError."""
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise PayloadError("a text that is none, or too long")
    return value
