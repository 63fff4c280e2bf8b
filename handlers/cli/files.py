"""Read and write files and the standard streams, and explain errors to people.

In: names of files; `-` is a standard stream. Out: streams of bytes, lines, UnusableFileError.
"""

import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO

STANDARD = "-"


class UnusableFileError(Exception):
    """A file that the user named and that cannot be read, written or understood."""


@contextmanager
def open_input(name: str) -> Iterator[BinaryIO]:
    """Open the file *name* for reading. Raises UnusableFileError."""
    if name != STANDARD:
        with _file_errors(f"cannot read {name}"):
            stream = Path(name).open("rb")  # noqa: SIM115  (closed below)
        with stream:
            yield stream
    elif sys.stdin is None:
        raise UnusableFileError("cannot read standard input: it is closed")
    else:
        yield sys.stdin.buffer


@contextmanager
def open_output(name: str, *, source: str = STANDARD) -> Iterator[FileIO]:
    """Empty the file *name* and open it for writing. Raises UnusableFileError.

    The name of the input, *source*, is refused. The stream has no buffer: otherwise Python
    would try again at exit to write what could not be written, and fail with a traceback.
    """
    if name != STANDARD:
        if source != STANDARD and Path(name).is_file() and Path(name).samefile(source):
            raise UnusableFileError(f"cannot write {name}: it is the input; name another file")
        with _file_errors(f"cannot write {name}"):
            stream = FileIO(name, "wb")
        with stream:
            yield stream
    elif sys.stdout is None:
        raise UnusableFileError("cannot write standard output: it is closed")
    else:
        yield FileIO(sys.stdout.fileno(), "wb", closefd=False)


def read_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines of *stream*, opened as *name*. Raises UnusableFileError."""
    with _file_errors(f"cannot read {'standard input' if name == STANDARD else name}"):
        yield from stream


def write_all(stream: FileIO, content: bytes, name: str) -> None:
    """Write *content* to *stream*, opened as *name*. Raises UnusableFileError."""
    rest = memoryview(content)
    with _file_errors(f"cannot write {'standard output' if name == STANDARD else name}"):
        while rest:
            rest = rest[stream.write(rest) :]


def print_output(text: str) -> None:
    """Write *text* to standard output. Raises UnusableFileError."""
    with open_output(STANDARD) as stream:
        write_all(stream, text.encode(sys.stdout.encoding, "replace"), STANDARD)


def json_line(value: dict[str, object]) -> str:
    """Write *value* as one line of JSON in ASCII, which every reader accepts.

    A candidate's text may hold half of a surrogate pair, which some readers refuse: `?`
    replaces it.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isascii():
        return text
    return json.dumps(json.loads(text.encode("utf-8", "replace")))


def bytes_left(stream: BinaryIO) -> int | None:
    """Return how many bytes of *stream* are unread; None where that is unknown (a pipe)."""
    status = os.fstat(stream.fileno())
    return status.st_size - stream.tell() if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _file_errors(action: str) -> Iterator[None]:
    """Raise UnusableFileError, which names *action*, in place of the system's errors."""
    try:
        yield
    except BrokenPipeError:
        raise  # no error: the reader has closed the pipe
    except OSError as error:
        raise UnusableFileError(f"{action}: {error.strerror}") from error
