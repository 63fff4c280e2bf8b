"""Recognise a file by its first bytes.

In: the first bytes of a file. Out: its format, or why it cannot be read. The name of a file does
not count: downloads and pipes have wrong names, or none.
"""

import json
from enum import StrEnum

HEAD_BYTES = 2**16
"""How many bytes `format_of` needs to see, if there are as many."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SHOWN_CHARACTERS = 40


class Format(StrEnum):
    """A format that we read."""

    JSON_LINES = "JSON Lines"
    JSON = "JSON"  # one list, or objects that take several lines each
    PARQUET = "Parquet"
    ARROW_FILE = "Arrow"
    ARROW_STREAM = "Arrow stream"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTANDARD = "Zstandard"


_MAGIC = {
    b"PAR1": Format.PARQUET,
    b"ARROW1\0\0": Format.ARROW_FILE,
    b"\xff\xff\xff\xff": Format.ARROW_STREAM,
    b"\x1f\x8b": Format.GZIP,
    b"BZh": Format.BZIP2,
    b"\xfd7zXZ\0": Format.XZ,
    b"\x28\xb5\x2f\xfd": Format.ZSTANDARD,
}
COMPRESSED = frozenset({Format.GZIP, Format.BZIP2, Format.XZ, Format.ZSTANDARD})
COLUMNAR = frozenset({Format.PARQUET, Format.ARROW_FILE, Format.ARROW_STREAM})

_EXPECTED = "expected JSON Lines, a JSON list or a Parquet file"
_UTF_16 = "found UTF-16 text, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8"
_UTF_32 = "found UTF-32 text, expected UTF-8; convert it with iconv -f UTF-32 -t UTF-8"
_PICKLE = f"found a Python pickle, which is never loaded because it can run code; {_EXPECTED}"
_REFUSED = {
    b"PK\x03\x04": f"found a zip archive (or an Excel or NumPy file, which are zips); {_EXPECTED}",
    b"PK\x05\x06": f"found an empty zip archive; {_EXPECTED}",
    b"version https://git-lfs": "found a Git LFS pointer, not the file itself; run git lfs pull",
    b"SQLite format 3\0": f"found an SQLite database; {_EXPECTED}",
    b"7z\xbc\xaf\x27\x1c": f"found a 7z archive; {_EXPECTED}",
    b"Rar!": f"found a RAR archive; {_EXPECTED}",
    b"\x04\x22\x4d\x18": "found an LZ4 file; unpack it with lz4 -d",
    b"ORC": f"found an ORC file; {_EXPECTED}",
    b"Obj\x01": f"found an Avro file; {_EXPECTED}",
    b"\x89HDF": f"found an HDF5 file; {_EXPECTED}",
    b"\x93NUMPY": f"found a NumPy file; {_EXPECTED}",
    b"%PDF": f"found a PDF file; {_EXPECTED}",
    b"\xd0\xcf\x11\xe0": f"found an old Excel or Word file; {_EXPECTED}",
    b"\xff\xfe\0\0": _UTF_32,
    b"\0\0\xfe\xff": _UTF_32,
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    **{bytes((0x80, protocol)): _PICKLE for protocol in range(2, 6)},
}
_TAR_MARK, _TAR_OFFSET = b"ustar", 257


class UnknownFormatError(ValueError):
    """A file that we do not read. The message says what was found and what to do."""


def format_of(head: bytes) -> Format:
    """Return the format of a file that begins with *head*. Raises UnknownFormatError."""
    for magic, known in _MAGIC.items():
        if head.startswith(magic):
            return known
    for magic, reason in _REFUSED.items():
        if head.startswith(magic):
            raise UnknownFormatError(reason)
    if head[_TAR_OFFSET:].startswith(_TAR_MARK):
        raise UnknownFormatError("found a tar archive, expected one file; unpack it with tar -xf")
    if b"\0" in head:
        is_wide = head[1:2] == b"\0" or head[:1] == b"\0"
        is_text = head.lstrip(b"\0")[:1] in (b"{", b"[")
        raise UnknownFormatError(
            _UTF_16 if is_wide and is_text else f"found binary data, {_EXPECTED}"
        )
    return _format_of_text(without_mark(head).lstrip())


def without_mark(head: bytes) -> bytes:
    """Remove the byte order mark that some editors write before UTF-8 text."""
    return head.removeprefix(_BYTE_ORDER_MARK)


def _format_of_text(text: bytes) -> Format:
    if not text or text.startswith(b"{"):
        line, newline, _ = text.partition(b"\n")
        return Format.JSON if newline and _is_unfinished(line) else Format.JSON_LINES
    if text.startswith(b"["):
        return Format.JSON
    raise UnknownFormatError(_describe_text(text))


def _is_unfinished(line: bytes) -> bool:
    """Return whether *line* is the first line of an object that takes several lines.

    A string never goes on in the next line: a line that ends inside one is a broken line.
    """
    try:
        text = line.decode().rstrip()
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text)
    except (ValueError, RecursionError):
        return False
    return False


def _describe_text(text: bytes) -> str:
    """Say what a text is that is not JSON. Its first characters may be shown: they are no secret.

    Only as many as a header of CSV or a wrong kind of file needs to be recognised.
    """
    first = text.splitlines()[0].decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else "?" for char in first[:_SHOWN_CHARACTERS])
    found = f"found text that begins with {shown!r}"
    if text.startswith(b"<"):
        found = "found HTML or XML, perhaps an error page in place of a download"
    elif any(sign in first for sign in ",\t;"):
        found = f"{found}, perhaps CSV, which is not read"
    return f"{found}; expected JSON Lines (one object per line), a JSON list or a Parquet file"
