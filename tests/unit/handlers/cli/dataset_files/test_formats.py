"""Files, recognised by their first bytes."""

import json
import pickle

import pytest

from nova_code_verifier.handlers.cli.dataset_files.formats import (
    Format,
    UnknownFormatError,
    format_of,
)

OBJECT = b'{"id": 1, "messages": []}'


@pytest.mark.parametrize(
    ("head", "expected"),
    {
        "one line": (OBJECT, Format.JSON_LINES),
        "two lines": (OBJECT + b"\n" + OBJECT, Format.JSON_LINES),
        "Windows line ends": (OBJECT + b"\r\n" + OBJECT, Format.JSON_LINES),
        "a broken first line": (b'{"id": }\n' + OBJECT, Format.JSON_LINES),
        "a first line that ends in a text": (b'{"id": "a\n' + OBJECT, Format.JSON_LINES),
        "a first line that is not UTF-8": (b'{"id": "\xe9"}\n' + OBJECT, Format.JSON_LINES),
        "blank lines first": (b"\n \n" + OBJECT, Format.JSON_LINES),
        "nothing": (b"", Format.JSON_LINES),
        "only blanks": (b"\n \n", Format.JSON_LINES),
        "a line without end": (OBJECT[:-1] + b" " * 2**16, Format.JSON_LINES),
        "an indented object": (json.dumps({"id": 1}, indent=2).encode(), Format.JSON),
        "an object with its key on the first line": (b'{"id": 1,\n"messages": []}', Format.JSON),
        "a list": (b"[" + OBJECT + b"]", Format.JSON),
        "an indented list": (b"\n[\n  " + OBJECT + b"]", Format.JSON),
        "a byte order mark": (b"\xef\xbb\xbf" + OBJECT, Format.JSON_LINES),
        "gzip": (b"\x1f\x8b\x08\0", Format.GZIP),
        "Parquet": (b"PAR1\x15\x04", Format.PARQUET),
        "Zstandard": (b"\x28\xb5\x2f\xfd\x24", Format.ZSTANDARD),
    }.values(),
)
def test_formats_that_we_read(head: bytes, expected: Format) -> None:
    """The first bytes decide, not the name of the file."""
    assert format_of(head) is expected


@pytest.mark.parametrize(
    ("head", "found"),
    {
        "zip": (b"PK\x03\x04\x14\0", "a zip archive (or an Excel"),
        "pickle": (pickle.dumps([1]), "a Python pickle, which is never loaded"),
        "UTF-16": ('{"id": 1}'.encode("utf-16"), "UTF-16 text, expected UTF-8; convert it"),
        "UTF-16, other order": (b"\xfe\xff\0{", "UTF-16 text"),
        "UTF-16 without a mark": ('{"id": 1}'.encode("utf-16-le"), "UTF-16 text"),
        "UTF-32": ('{"id": 1}'.encode("utf-32"), "UTF-32 text"),
        "CSV": (b"id,prompt\n1,x\n", "text that begins with 'id,prompt', perhaps CSV"),
        "TSV": (b"id\tprompt\n", "text that begins with 'id?prompt', perhaps CSV"),
        "a program": (b"import os\n", "text that begins with 'import os'"),
        "a JSON text": (b'"a"\n', "text that begins with '\"a\"'"),
        "a page": (b"<!DOCTYPE html>\n<html>", "HTML or XML, perhaps an error page"),
        "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        "tar": (b"a.jsonl".ljust(257, b"\0") + b"ustar\0", "a tar archive"),
        "binary": (b"\x07\x08\0\x01" * 9, "binary data"),
    }.values(),
)
def test_other_formats_are_refused_by_name(head: bytes, found: str) -> None:
    """The message says what was found."""
    with pytest.raises(UnknownFormatError) as caught:
        format_of(head)

    assert f"found {found}" in str(caught.value)


def test_a_text_cannot_control_the_terminal() -> None:
    """The first characters of a file are shown without control characters, and few of them."""
    with pytest.raises(UnknownFormatError) as caught:
        format_of(b"\x1b]0;owned\x07" + b"x" * 1000)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
