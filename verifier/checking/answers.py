"""Decode the values that calls returned: one at a time, in bounded memory and with bounded work.

In: the execution of a call, and the values that are expected. Out: the execution with its value as
plain data, or UNREADABLE.

The candidate chooses what it returns, and a megabyte may decode to 70. So a value may take as much
memory as eight times an expected one, and some more: then it matches at least one of them, or it is
wrong anyway. Values of different types may match, and some take more memory than others. Its large
sets and dicts may have as many keys as those that are expected: only sets of one size match.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    decode,
    decoded_bytes_max,
    encode,
)
from nova_code_verifier.sandbox.protocol.hashing import LARGE, Room
from nova_code_verifier.sandbox.types import EncodedValue, Ending, Execution

_FACTOR, _SPARE_BYTES = 8, 2**28
_KEYS_SPARE = 2**16  # of what is no answer to a test case
_JSON_PAIR = len('"":0,')


def with_value(execution: Execution, expected: Sequence[object] | None = None) -> Execution:
    """Return the execution of a call with its value decoded. Any other is returned unchanged."""
    if not isinstance(execution.value, EncodedValue):
        return execution
    try:
        return replace(execution, value=_decoded(execution.value.data, expected))
    except EncodingError as error:
        return replace(execution, ending=Ending.UNREADABLE, value=None, detail=str(error))


def _decoded(data: bytes, expected: Sequence[object] | None) -> object:
    size = decoded_bytes_max(data)
    if size > _SPARE_BYTES:
        largest = max(map(_size, expected or ()), default=0)
        if size > _SPARE_BYTES + _FACTOR * largest:
            raise EncodingError("the value is much larger than what was expected")
    return decode(data, Room(partial(_keys_max, expected)))


def _size(expected: object) -> int:
    try:
        return decoded_bytes_max(encode(expected))
    except EncodingError:  # no plain data, or nested too deeply to be returned
        return 0


def _keys_max(expected: Sequence[object] | None) -> int:
    return _KEYS_SPARE if expected is None else max(map(_keys, expected), default=0)


def _keys(expected: object) -> int:
    """Return how many keys the large sets and dicts of a value have together, at most."""
    count, pending = 0, [expected]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            count += len(value) if len(value) >= LARGE else 0
            pending += [*value, *value.values()]
        elif isinstance(value, set | frozenset):
            count += len(value) if len(value) >= LARGE else 0
            pending += value
        elif isinstance(value, list | tuple):
            pending += value
        elif isinstance(value, str):  # it may be JSON
            count += len(value) // _JSON_PAIR
    return count
