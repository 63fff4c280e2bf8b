"""Read and write the fields of a payload: short JSON frames, checked when they are read.

A candidate may have written them, so each has exactly the form that was agreed on.
"""

import json
from collections.abc import Iterator
from typing import Any

from nova_code_verifier.sandbox.protocol.guest_messages import TEXT_MAX
from nova_code_verifier.sandbox.remote.frames import PayloadError

PAYLOAD_BYTES_MAX = 4_400_000
"""The size of a payload. In base64, with its wrapping, it stays under Lambda's 6 MB."""
_FIELDS_BYTES_MAX = 2**15
_NUMBER_MAX = 1e15


def next_frame(frames: Iterator[bytes]) -> bytes:
    """Return the next frame. Raises PayloadError if there is none."""
    for frame in frames:
        return frame
    raise PayloadError("payload: cut off")


def dump_fields(fields: object) -> bytes:
    """Write fields as JSON."""
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def load_fields(
    data: bytes,
    kind: type[list[Any]] | type[str],
    *,
    length: int | None = None,
    bytes_max: int = _FIELDS_BYTES_MAX,
) -> Any:  # noqa: ANN401  (narrowed by type(), never by trust)
    """Read fields: a list of *length* items, or a text. Raises PayloadError."""
    if len(data) > bytes_max:
        raise PayloadError(f"fields: {len(data)} bytes, at most {bytes_max} expected")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PayloadError("fields: not JSON") from error
    if type(fields) is not kind or (length is not None and len(fields) != length):
        raise PayloadError(f"fields: not a {kind.__name__} of the expected length")
    return fields


def check_number(name: str, value: Any) -> float:  # noqa: ANN401
    """Return *value* if it is a finite number, not negative. Raises PayloadError."""
    # The type is not enough: NaN and infinity are floats, and an int may be too large for one.
    if type(value) not in (int, float) or not 0 <= value <= _NUMBER_MAX:
        raise PayloadError(f"{name}: expected a number that is finite and not negative")
    return float(value)


def check_whole(name: str, value: Any, most: float, *, least: int = 0) -> int:  # noqa: ANN401
    """Return *value* if it is a whole number from *least* to *most*. Raises PayloadError."""
    if type(value) is not int or not least <= value <= most:
        raise PayloadError(f"{name}: expected a whole number from {least} to {most}")
    return value


def check_text(name: str, value: Any) -> str:  # noqa: ANN401
    """Return *value* if it is a short text. Raises PayloadError."""
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise PayloadError(f"{name}: expected a text of at most {TEXT_MAX} characters")
    return value
