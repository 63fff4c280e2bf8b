"""Read JSON that a dataset packed into base64 of zlib of a pickled string.

In: a text. Out: the string in it, or None if the text is not packed. LiveCodeBench, HardTests and
open-instruct store tests like this.

Nothing is unpickled: a pickle is a program, and even an `Unpickler` without imports can be made to
fill the memory. But the pickle of one string is a few fixed bytes around its UTF-8, and these are
read here. Any other pickle is refused.
"""

import re
import zlib
from base64 import b64decode
from typing import NoReturn

from nova_code_verifier.verifier.errors import VerifierError

_INFLATED_BYTES_MAX = 2**27
# How base64 of a zlib stream begins, at each of the four levels of compression.
_ZLIB_IN_BASE64 = ("eA", "eF", "eJ", "eN")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]++={0,2}+\s*+")
_CONVERT = "convert the tests to JSON offline"

_PROTO, _FRAME, _MEMOIZE, _STOP = 0x80, 0x95, 0x94, 0x2E
# The opcodes that push a string, and the number of bytes of the length that follows.
_STRINGS = {0x8C: 1, 0x58: 4, 0x8D: 8}
_PUTS = {0x71: 1, 0x72: 4}  # opcodes that remember the string, and the size of their argument
_FRAME_SIZE_BYTES = 8


def is_packed(text: str) -> bool:
    """Return whether *text* looks like base64 of zlib."""
    start = text.lstrip()[:2]
    return start.startswith(_ZLIB_IN_BASE64) and _BASE64.fullmatch(text) is not None


def unpack_text(field: str, text: str) -> str | None:
    """Return the string that is packed in *text*, or None if it is not base64 of zlib.

    Raise VerifierError for packed data that is broken, too large, or no single string.
    """
    if not is_packed(text):
        return None
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(b64decode(text), _INFLATED_BYTES_MAX)
    except (ValueError, zlib.error):
        raise VerifierError(field, "found base64 of broken zlib data, expected JSON") from None
    if inflater.unconsumed_tail:
        limit = f"more than {_INFLATED_BYTES_MAX} bytes"
        raise VerifierError(field, f"found packed data of {limit}; {_CONVERT}")
    if not inflater.eof:
        raise VerifierError(field, "found zlib data without its end, expected all of it")
    string = _pickled_string(data) if data[:1] == bytes([_PROTO]) else data
    if string is None:
        _refuse(field)
    try:
        return string.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        _refuse(field)


def _refuse(field: str) -> NoReturn:
    problem = "found a pickle of something else than one string, which is never unpickled"
    raise VerifierError(field, f"{problem}; {_CONVERT}")


def _pickled_string(data: bytes) -> bytes | None:
    """Return the UTF-8 of the string that *data* pickles, or None if it is another pickle."""
    string: bytes | None = None
    position = 2  # after the version of the protocol
    while position < len(data):
        opcode = data[position]
        position += 1
        if opcode == _FRAME:
            position += _FRAME_SIZE_BYTES
        elif opcode in _STRINGS and string is None:
            size = _STRINGS[opcode]
            length = int.from_bytes(data[position : position + size], "little")
            position += size
            string = data[position : position + length]
            if len(string) < length:
                return None
            position += length
        elif opcode == _STOP:
            return string if position == len(data) else None
        elif opcode in _PUTS:
            position += _PUTS[opcode]
        elif opcode != _MEMOIZE:
            return None
    return None
