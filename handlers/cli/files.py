"""Read and write files and the standard streams, and explain errors to people.

In: names of files; `-` is a standard stream. Out: streams of bytes, lines, UnusableFileError.
"""

import json
import os
import select
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
    if not name:
        raise UnusableFileError("cannot read a file without a name: the argument is empty")
    if name != STANDARD:
        with file_errors(f"cannot read {name}"):
            stream = Path(name).open("rb")  # noqa: SIM115  (closed below)
        with stream:
            yield stream
    elif sys.stdin is None:
        raise UnusableFileError("cannot read standard input: it is closed")
    else:
        yield sys.stdin.buffer


@contextmanager
def open_output(
    name: str, *, source: str = STANDARD, append: bool = False
) -> Iterator["OutputFile"]:
    """Open the file *name* for writing. Raises UnusableFileError.

    It is emptied when the first bytes are written, and not before: a run that fails earlier must
    not destroy the results of another one. With *append*, it keeps its content. The input,
    *source*, and a file of samples in the directory *source* are refused.
    """
    if not name:
        raise UnusableFileError("cannot write a file without a name: the option is empty")
    if name != STANDARD:
        _refuse_input(name, source)
        with file_errors(f"cannot write {name}"):
            stream = FileIO(name, "ab" if append else "wb", opener=_open_unchanged)
        with stream:
            yield OutputFile(stream, name, must_empty=not append)
    elif sys.stdout is None:
        raise UnusableFileError("cannot write standard output: it is closed")
    else:
        yield OutputFile(FileIO(sys.stdout.fileno(), "wb", closefd=False), name)


def _open_unchanged(name: str, flags: int) -> int:
    return os.open(name, flags & ~os.O_TRUNC, 0o666)


def _refuse_input(name: str, source: str) -> None:
    if source == STANDARD:
        return
    path, read = Path(name), Path(source)
    if path.is_file() and read.is_file() and path.samefile(read):
        raise UnusableFileError(f"cannot write {name}: it is the input; name another file")
    if read.is_dir() and path.resolve().parent == read.resolve():
        raise UnusableFileError(
            f"cannot write {name}: it is in {source}, which is the input; name another directory"
        )


class OutputFile:
    """A file that is being written.

    The stream has no buffer: otherwise Python would try again at exit to write what could not be
    written, and fail with a traceback.
    """

    def __init__(self, stream: FileIO, name: str, *, must_empty: bool = False) -> None:
        """Write to *stream*, opened as *name*. *must_empty* discards what the file holds."""
        self._stream, self._must_empty = stream, must_empty
        self._shown = "standard output" if name == STANDARD else name
        self._pending = bytearray()
        self._is_file = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)

    @property
    def is_waiting(self) -> bool:
        """Return whether something that was offered is not written yet."""
        return bool(self._pending)

    def offer(self, content: bytes) -> None:
        """Write *content* as far as that does not wait for a reader; `write` writes the rest.

        The thread that writes rows also enforces the limits of the guests, so it must not wait
        while they run. Raises UnusableFileError.
        """
        if self._is_file:
            self.write(content)
            return
        self._pending += content
        with file_errors(f"cannot write {self._shown}"):
            while self._pending and self._can_write():
                written = self._stream.write(self._pending[: select.PIPE_BUF])
                del self._pending[:written]

    def write(self, content: bytes = b"") -> None:
        """Write what is pending and *content*. Raises UnusableFileError."""
        rest = memoryview(bytes(self._pending) + content)
        self._pending.clear()
        if not rest:
            return
        with file_errors(f"cannot write {self._shown}"):
            if self._must_empty and self._is_file:
                self._stream.truncate(0)
            self._must_empty = False
            written = 0
            try:
                while written < len(rest):
                    written += self._stream.write(rest[written:])
            except BaseException:
                if self._is_file:
                    self._cut_last_line(rest[:written])
                raise

    def _cut_last_line(self, written: memoryview) -> None:
        """Remove the part of a line at the end of what was *written* before the disk was full."""
        part_bytes = len(written) - bytes(written).rfind(b"\n") - 1
        end = self._stream.tell()
        if part_bytes and end == os.fstat(self._stream.fileno()).st_size:
            self._stream.truncate(end - part_bytes)

    def _can_write(self) -> bool:
        """Return whether a pipe or a terminal has room for PIPE_BUF bytes."""
        poll = select.poll()
        poll.register(self._stream, select.POLLOUT)
        return bool(poll.poll(0))


def print_output(text: str) -> None:
    """Write *text* to standard output. Raises UnusableFileError."""
    with open_output(STANDARD) as stream:
        stream.write(text.encode(sys.stdout.encoding, "replace"))


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


def shown_name(name: str) -> str:
    """Return the name of an input for people."""
    return "standard input" if name == STANDARD else name


@contextmanager
def file_errors(action: str) -> Iterator[None]:
    """Raise UnusableFileError, which names *action*, in place of the system's errors."""
    try:
        yield
    except BrokenPipeError:
        raise  # no error: the reader has closed the pipe
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UnusableFileError(f"{action}: {reason}") from error
