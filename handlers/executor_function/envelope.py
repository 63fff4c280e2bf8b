"""The JSON around a payload, in events and answers of the executor function.

In: bytes. Out: an object with the bytes in base64, because Lambda transports only JSON; and back.
"""

from base64 import b64decode, b64encode
from typing import Any

_KEY = "payload"


def wrap(payload: bytes) -> dict[str, str]:
    """Put *payload* into an object."""
    return {_KEY: b64encode(payload).decode("ascii")}


def unwrap(content: Any) -> bytes:  # noqa: ANN401  (any JSON)
    """Return the payload in *content*. Raises ValueError if there is none."""
    try:
        return b64decode(content[_KEY], validate=True)
    except (TypeError, LookupError, ValueError) as error:
        raise ValueError('expected an object with "payload", as base64') from error
