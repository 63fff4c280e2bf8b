"""Open files of samples of any format that we read.

In: the name of a file or of a directory; `-` is standard input. Out: its records, one after the
other; UnusableFileError if it cannot be read. Everything that its first bytes show is refused when
it is opened.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from nova_code_verifier.handlers.cli.dataset_files import columns, formats, json_values
from nova_code_verifier.handlers.cli.dataset_files.formats import Format
from nova_code_verifier.handlers.cli.dataset_files.record import DamagedFileError, Record
from nova_code_verifier.handlers.cli.dataset_files.saved import DESCRIPTIONS, saved_files
from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    UnusableFileError,
    bytes_left,
    file_errors,
    open_input,
    shown_name,
)

_BUFFER_BYTES = 2**20
_NAMES_SHOWN = 10
_ENDINGS = (".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
_COMPRESSED_ENDINGS = ("", ".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """The records of a file, to be read once, and its size; None if that is unknown.

    `notes` says for people which files of a directory are read, and which are not.
    """

    records: Iterator[Record]
    total_bytes: int | None
    notes: tuple[str, ...] = ()


@contextmanager
def open_records(name: str) -> Iterator[RecordFile]:
    """Open the file or the directory *name*. Raises UnusableFileError."""
    if name not in ("", STANDARD) and Path(name).is_dir():
        yield _open_directory(name)
        return
    with open_input(name) as stream:
        total_bytes = bytes_left(stream)
        opened, kind, is_plain = _recognised(stream, name)
        records = _records(opened, kind, name)
        yield RecordFile(records=records, total_bytes=total_bytes if is_plain else None)


@contextmanager
def open_text(name: str) -> Iterator[BinaryIO]:
    """Open a file of JSON text, unpacked if it is compressed. Raises UnusableFileError."""
    with open_input(name) as stream:
        opened, kind, _ = _recognised(stream, name)
        if kind in formats.COLUMNAR:
            raise UnusableFileError(f"{shown_name(name)}: found {_a(kind)} file, expected JSON")
        with _reading_errors(shown_name(name)):
            yield opened


def is_sample_file(name: str) -> bool:
    """Return whether a directory's file of this *name* is read."""
    endings = tuple(first + last for first in _ENDINGS for last in _COMPRESSED_ENDINGS)
    return not name.startswith(".") and name.endswith(endings)


def _open_directory(name: str) -> RecordFile:
    with file_errors(f"cannot read {name}"):
        paths = sorted(path for path in Path(name).iterdir() if not path.name.startswith("."))
    known = list(saved_files(Path(name)) or filter(_is_read, paths))
    others = [path for path in paths if path not in known and path.name not in DESCRIPTIONS]
    if not known:
        found = f"found {_listed(others)}" if others else "it is empty"
        raise UnusableFileError(
            f"cannot read {name}: a directory without a file of samples: {found}; expected names "
            f"that end in {', '.join(_ENDINGS)}, also compressed"
        )
    for path in known:  # refuse now what would be refused after hours
        with open_input(str(path)) as stream:
            _recognised(stream, str(path))
    notes = [f"{name}: reading {len(known)} files, in this order: {_listed(known)}"]
    if others:
        notes.append(f"{name}: not reading {_listed(others)}")
    return RecordFile(records=_records_of(known), total_bytes=None, notes=tuple(notes))


def _is_read(path: Path) -> bool:
    return path.is_file() and is_sample_file(path.name) and path.name not in DESCRIPTIONS


def _records_of(paths: Sequence[Path]) -> Iterator[Record]:
    for path in paths:
        with open_records(str(path)) as file:
            for record in file.records:
                yield replace(record, where=f"{path.name}, {record.where}")


def _listed(paths: Sequence[Path]) -> str:
    names = [f"{path.name}/" if path.is_dir() else path.name for path in paths[:_NAMES_SHOWN]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _recognised(stream: BinaryIO, name: str) -> tuple[BinaryIO, Format, bool]:
    """Return the stream of the text or the columns in *stream*, and their format.

    The third value says whether it is text that is not compressed, so that its size is known.
    """
    shown = shown_name(name)
    opened, kind = _sniffed(stream, shown)
    is_plain = kind in (Format.JSON, Format.JSON_LINES)
    if kind in formats.COMPRESSED:
        outer = kind
        with _reading_errors(shown):
            opened, kind = _sniffed(_decompressor(outer, shown)(opened), shown)
        if kind in formats.COMPRESSED | formats.COLUMNAR:
            raise UnusableFileError(f"{shown}: found {kind} inside {outer}; unpack it first")
    if kind in formats.COLUMNAR:
        _import_arrow(kind, shown)
        if not stream.seekable():
            raise UnusableFileError(
                f"{shown}: found {_a(kind)} file, which cannot be read from a pipe; name the file"
            )
        stream.seek(0)
        opened = stream
    return opened, kind, is_plain


def _sniffed(stream: BinaryIO, shown: str) -> tuple[BinaryIO, Format]:
    """Return a stream with the whole content of *stream*, and its format."""
    with file_errors(f"cannot read {shown}"):
        head = stream.read(formats.HEAD_BYTES)
    try:
        kind = formats.format_of(head)
    except formats.UnknownFormatError as error:
        raise UnusableFileError(f"{shown}: {error}") from None
    return _rejoined(formats.without_mark(head), stream), kind


def _rejoined(head: bytes, stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Rejoined(head, stream), _BUFFER_BYTES))


class _Rejoined(io.RawIOBase):
    """Puts the bytes that were read back before a stream, which may be a pipe."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = memoryview(head)
        self._stream = cast("io.BufferedIOBase", stream)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, target: Any) -> int:  # noqa: ANN401  (a writable buffer)
        """Fill *target* with what there is, and return the number of bytes."""
        if self._head:
            count = min(len(target), len(self._head))
            target[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        piece = self._stream.read1(len(target))
        target[: len(piece)] = piece
        return len(piece)


def _decompressor(kind: Format, shown: str) -> Callable[[BinaryIO], BinaryIO]:
    match kind:
        case Format.GZIP:
            return lambda stream: cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb"))
        case Format.BZIP2:
            return lambda stream: cast("BinaryIO", bz2.BZ2File(stream))
        case Format.XZ:
            return lambda stream: cast("BinaryIO", lzma.LZMAFile(stream))
    arrow = _import_arrow(kind, shown)
    return lambda stream: io.BufferedReader(arrow.CompressedInputStream(stream, "zstd"))


def _a(kind: Format) -> str:
    return f"an {kind}" if kind.startswith("A") else f"a {kind}"


def _import_arrow(kind: Format, shown: str) -> Any:  # noqa: ANN401  (pyarrow has no types)
    try:
        return columns.import_arrow()
    except columns.NoArrowError:
        raise UnusableFileError(
            f"{shown}: found {_a(kind)} file; install nova-code-verifier[parquet] to read it"
        ) from None


def _records(stream: BinaryIO, kind: Format, name: str) -> Iterator[Record]:
    shown = shown_name(name)
    with _reading_errors(shown):
        if kind is Format.JSON_LINES:
            yield from json_values.read_lines(stream)
        elif kind is Format.JSON:
            yield from json_values.read_items(stream)
        else:
            yield from columns.read_rows(stream, kind)


@contextmanager
def _reading_errors(shown: str) -> Iterator[None]:
    try:
        with file_errors(f"cannot read {shown}"):
            yield
    except DamagedFileError as error:
        raise UnusableFileError(f"{shown}: {error}") from None
    except (EOFError, zlib.error, lzma.LZMAError):
        raise UnusableFileError(f"cannot read {shown}: it is damaged or incomplete") from None
