"""What an executor function gets and gives: a payload, as JSON.

In: bytes. Out: an object with the bytes in base64, as Lambda carries nothing but JSON; and back.
Must not know: what the bytes mean.
"""

from base64 import b64decode, b64encode
from typing import Any

_KEY = "payload"


def wrap(payload: bytes) -> dict[str, str]:
    """Put a payload into an object."""
    return {_KEY: b64encode(payload).decode("ascii")}


def unwrap(content: Any) -> bytes:  # noqa: ANN401  (whatever JSON there is)
    """Take the payload out again. Raises ValueError for anything else."""
    try:
        return b64decode(content[_KEY], validate=True)
    except (TypeError, LookupError, ValueError) as error:
        raise ValueError('expected an object with "payload", as base64') from error
