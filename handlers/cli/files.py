"""Open what the command line is told to read and to write, and say so if that fails.

In: names of files, `-` for the standard streams. Out: streams of bytes. Must not know:
what the bytes mean.
"""

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
    """A file that we were told to read or to write, and cannot."""


@contextmanager
def open_input(name: str) -> Iterator[BinaryIO]:
    """Open the file *name*. Raises UnusableFileError."""
    if name != STANDARD:
        with _blamed_on(f"cannot read {name}"):
            stream = Path(name).open("rb")  # noqa: SIM115  (closed below)
        with stream:
            yield stream
    elif sys.stdin is None:
        raise UnusableFileError("cannot read standard input: it is closed")
    else:
        yield sys.stdin.buffer


@contextmanager
def open_output(name: str, *, source: str = STANDARD) -> Iterator[FileIO]:
    """Open the file *name* for writing, empty, unless it is the *source* of what we read.

    Without a buffer: what could not be written must not be tried again at the end, when
    nobody is there to explain the failure. Raises UnusableFileError.
    """
    if name != STANDARD:
        if source != STANDARD and Path(name).is_file() and Path(name).samefile(source):
            raise UnusableFileError(f"cannot write {name}: it is the file to be read")
        with _blamed_on(f"cannot write {name}"):
            stream = FileIO(name, "wb")
        with stream:
            yield stream
    elif sys.stdout is None:
        raise UnusableFileError("cannot write standard output: it is closed")
    else:
        yield FileIO(sys.stdout.fileno(), "wb", closefd=False)


def read_pieces(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines of *stream*, opened as *name*. Raises UnusableFileError."""
    with _blamed_on(f"cannot read {'standard input' if name == STANDARD else name}"):
        yield from stream


def write_all(stream: FileIO, content: bytes, name: str) -> None:
    """Write *content* to *stream*, opened as *name*. Raises UnusableFileError."""
    rest = memoryview(content)
    with _blamed_on(f"cannot write {'standard output' if name == STANDARD else name}"):
        while rest:
            rest = rest[stream.write(rest) :]


def bytes_left(stream: BinaryIO) -> int | None:
    """Tell how much of *stream* is yet to be read; None where nobody knows (a pipe)."""
    status = os.fstat(stream.fileno())
    return status.st_size - stream.tell() if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _blamed_on(deed: str) -> Iterator[None]:
    """Turn the system's complaint about a *deed* into a sentence for people."""
    try:
        yield
    except BrokenPipeError:
        raise  # nobody is to blame: whoever was reading has had enough
    except OSError as error:
        raise UnusableFileError(f"{deed}: {error.strerror}") from error
