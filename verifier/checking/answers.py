"""Decode the values that calls returned: one at a time, and in bounded memory.

In: the execution of a call, and the values that are expected. Out: the execution with its value as
plain data, or UNREADABLE.

The candidate chooses what it returns, and a megabyte may decode to 70. So a value may take as much
memory as eight times an expected one, and some more: then it matches at least one of them, or it is
wrong anyway. Values of different types may match, and some take more memory than others.
"""

from collections.abc import Sequence
from dataclasses import replace

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    decode,
    decoded_bytes_max,
    encode,
)
from nova_code_verifier.sandbox.types import EncodedValue, Ending, Execution

_FACTOR, _SPARE_BYTES = 8, 2**28


def with_value(execution: Execution, expected: Sequence[object] = ()) -> Execution:
    """Return the execution of a call with its value decoded. Any other is returned unchanged."""
    if not isinstance(execution.value, EncodedValue):
        return execution
    try:
        return replace(execution, value=_decoded(execution.value.data, expected))
    except EncodingError as error:
        return replace(execution, ending=Ending.UNREADABLE, value=None, detail=str(error))


def _decoded(data: bytes, expected: Sequence[object]) -> object:
    size = decoded_bytes_max(data)
    if size > _SPARE_BYTES:
        largest = max(map(_size, expected), default=0)
        if size > _SPARE_BYTES + _FACTOR * largest:
            raise EncodingError("the value is much larger than what was expected")
    return decode(data)


def _size(expected: object) -> int:
    try:
        return decoded_bytes_max(encode(expected))
    except EncodingError:  # no plain data, or nested too deeply to be returned
        return 0
