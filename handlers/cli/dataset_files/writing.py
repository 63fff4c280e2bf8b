"""Write rows to a file of the format that its name asks for.

In: rows, one after the other. Out: JSON Lines, also compressed, or Parquet. The same rows give the
same bytes: no time and no name is written into a compressed file.
"""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol, cast

from nova_code_verifier.handlers.cli.dataset_files import columns
from nova_code_verifier.handlers.cli.files import (
    STANDARD,
    OutputFile,
    UnusableFileError,
    json_line,
    open_output,
)

_PARQUET = ".parquet"
_LINES = (".jsonl", ".ndjson")
_GROUP_ROWS = 1000
_GROUP_BYTES = 2**23

_COMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda stream: cast("BinaryIO", gzip.GzipFile("", "wb", fileobj=stream, mtime=0)),
    ".bz2": lambda stream: cast("BinaryIO", bz2.BZ2File(stream, "wb")),
    ".xz": lambda stream: cast("BinaryIO", lzma.LZMAFile(stream, "wb")),  # noqa: SIM115
}


class RowFile(Protocol):
    """A file of rows that is being written."""

    def write(self, row: dict[str, object]) -> None:
        """Write one more row. Raises UnusableFileError."""


@contextmanager
def open_rows(name: str, *, source: str = STANDARD) -> Iterator[RowFile]:
    """Open the file *name* for rows; `-` is standard output. Raises UnusableFileError.

    Its old content stays until the first row is written. *source*, the input, is refused.
    """
    ending = next((ending for ending in _COMPRESSORS if name.endswith(ending)), "")
    is_parquet = name.endswith(_PARQUET)
    if name not in ("", STANDARD) and not (
        is_parquet or name.removesuffix(ending).endswith(_LINES)
    ):
        raise UnusableFileError(
            f"cannot write {name}: expected a name that ends in {', '.join((*_LINES, _PARQUET))}, "
            f"or in .jsonl and one of {', '.join(_COMPRESSORS)}"
        )
    if is_parquet:
        _import_arrow(name)
    with open_output(name, source=source) as output:
        file = _ParquetFile(output, name) if is_parquet else _LineFile(output, ending)
        with file:
            yield file


def _import_arrow(name: str) -> Any:  # noqa: ANN401  (pyarrow has no types)
    try:
        return columns.import_arrow()
    except columns.NoArrowError:
        raise UnusableFileError(
            f"cannot write {name}: install nova-code-verifier[parquet] to write Parquet"
        ) from None


class _LineFile:
    """A file of JSON Lines, compressed if its *ending* says so."""

    def __init__(self, output: OutputFile, ending: str) -> None:
        self._output, self._ending = output, ending
        self._stream: BinaryIO | None = None

    def __enter__(self) -> "_LineFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, row: dict[str, object]) -> None:
        """Write one line."""
        line = f"{json_line(row)}\n".encode()
        if not self._ending:
            self._output.write(line)
            return
        if self._stream is None:  # not before: a compressor writes its header at once
            self._stream = _COMPRESSORS[self._ending](cast("BinaryIO", _Sink(self._output)))
        self._stream.write(line)


class _ParquetFile:
    """A Parquet file: rows wait in memory until they fill a row group.

    The first group decides the types of all columns.
    """

    def __init__(self, output: OutputFile, name: str) -> None:
        self._sink, self._name = _Sink(output), name
        self._waiting: list[dict[str, object]] = []
        self._waiting_bytes = self._count = 0
        self._writer: Any = None

    def __enter__(self) -> "_ParquetFile":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
            else:
                self._sink.discard()
        except BaseException:
            self._sink.discard()
            raise
        finally:
            if self._writer is not None:
                self._writer.close()

    def write(self, row: dict[str, object]) -> None:
        """Add one row."""
        self._waiting.append(row)
        self._waiting_bytes += len(json_line(row))
        if len(self._waiting) == _GROUP_ROWS or self._waiting_bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        from pyarrow import parquet  # noqa: PLC0415

        table = self._table(self._waiting)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._sink, table.schema)
        self._writer.write_table(table)
        self._count += len(self._waiting)
        self._waiting, self._waiting_bytes = [], 0

    def _table(self, rows: list[dict[str, object]]) -> Any:  # noqa: ANN401  (of pyarrow)
        arrow = _import_arrow(self._name)
        reason = ""
        # pyarrow leaves out columns that the first row does not have, without an error.
        names = list(rows[0]) if self._writer is None else list(self._writer.schema.names)
        try:
            table = arrow.Table.from_pylist(rows)
            if self._writer is not None and table.schema != self._writer.schema:
                found, table = table, table.cast(self._writer.schema)
                # A cast leaves out keys of dicts that the first rows do not have.
                if found.to_pylist() != table.to_pylist():
                    reason = "other keys in a dict than in earlier rows"
        except (arrow.ArrowException, UnicodeEncodeError, OverflowError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
        other = next((row for row in rows if list(row) != names), None)
        if other is not None:
            reason = f"the columns {', '.join(names)} in one row, {', '.join(other)} in another"
        if reason:
            first, last = self._count + 1, self._count + len(rows)
            raise UnusableFileError(
                f"cannot write {self._name}: rows {first} to {last} do not fit into one table: "
                f"found {reason}; write .jsonl"
            )
        return table


class _Sink(io.RawIOBase):
    """An output as a stream, for libraries that write to one."""

    def __init__(self, output: OutputFile) -> None:
        self._output, self._position, self._is_open = output, 0, True

    def discard(self) -> None:
        """Write nothing more: a file without its end cannot be mistaken for a whole one."""
        self._is_open = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._position

    def write(self, content: Any) -> int:  # noqa: ANN401  (a buffer)
        """Write all of *content*. Raises UnusableFileError."""
        size = len(content)
        if self._is_open:
            self._output.write(bytes(content))
        self._position += size
        return size
