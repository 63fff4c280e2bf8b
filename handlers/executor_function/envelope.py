"""What an executor function gets and gives: a parcel, as JSON.

In: bytes. Out: an object with the bytes in base64, as Lambda carries nothing but JSON; and back.
Must not know: what the bytes mean.
"""

from base64 import b64decode, b64encode
from typing import Any

_KEY = "parcel"


def wrap(parcel: bytes) -> dict[str, str]:
    """Put a parcel into an object."""
    return {_KEY: b64encode(parcel).decode("ascii")}


def unwrap(content: Any) -> bytes:  # noqa: ANN401  (whatever JSON there is)
    """Take the parcel out again. Raises ValueError for anything else."""
    try:
        return b64decode(content[_KEY], validate=True)
    except (TypeError, LookupError, ValueError) as error:
        raise ValueError('expected an object with "parcel", as base64') from error
