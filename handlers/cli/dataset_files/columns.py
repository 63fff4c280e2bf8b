"""Read the rows of Parquet and Arrow files as plain JSON values.

In: a stream that can seek. Out: a record for each row. pyarrow is imported here and only when such
a file is read: it takes longer to load than the rest of the program, and is an extra.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

from nova_code_verifier.handlers.cli.dataset_files.formats import Format
from nova_code_verifier.handlers.cli.dataset_files.record import DamagedFileError, Record

_BATCH_BYTES = 2**23
_BATCH_ROWS = 256
_BUFFER_BYTES = 2**20


class NoArrowError(Exception):
    """pyarrow is not installed."""


def read_rows(stream: BinaryIO, kind: Format) -> Iterator[Record]:
    """Yield the rows of *stream*, a few at a time. Raises DamagedFileError and NoArrowError."""
    arrow = import_arrow()
    number = 0
    try:
        for batch in _batches(stream, kind):
            size_bytes = batch.nbytes // max(1, batch.num_rows)
            for row in _rows(batch):
                number += 1
                yield Record(
                    where=f"row {number}", number=number, size_bytes=size_bytes, value=plain(row)
                )
    except (arrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DamagedFileError(f"behind row {number}: a damaged {kind} file ({reason})") from None


def import_arrow() -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the module pyarrow. Raises NoArrowError if it is not installed."""
    try:
        import pyarrow as arrow  # noqa: PLC0415
    except ModuleNotFoundError:
        raise NoArrowError from None
    return arrow


def _batches(stream: BinaryIO, kind: Format) -> Iterator[Any]:
    if kind is not Format.PARQUET:
        from pyarrow import ipc  # noqa: PLC0415

        if kind is Format.ARROW_STREAM:
            yield from ipc.open_stream(stream)
        else:
            reader = ipc.open_file(stream)
            yield from map(reader.get_batch, range(reader.num_record_batches))
        return
    from pyarrow import parquet  # noqa: PLC0415

    # Otherwise it reads all row groups ahead, and keeps them in memory.
    file = parquet.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
    total_bytes = sum(group.total_byte_size for group in groups)
    row_bytes = max(1, total_bytes // max(1, file.metadata.num_rows))
    rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // row_bytes))
    # Without threads: all processors belong to the guests.
    yield from file.iter_batches(batch_size=rows, use_threads=False)


def _rows(batch: Any) -> list[dict[str, object]]:  # noqa: ANN401
    """Return the rows of a batch as Python values."""
    try:
        rows: list[dict[str, object]] = batch.to_pylist()
    except (OverflowError, ValueError):
        columns = [map(_value_or_none, column) for column in batch.columns]
        names = batch.schema.names
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return rows


def _value_or_none(scalar: Any) -> object:  # noqa: ANN401
    """Return a value, or None if Python has none like it: a time in nanoseconds, a year 300000."""
    try:
        value: object = scalar.as_py()
    except (OverflowError, ValueError):
        return None
    return value


def plain(value: object) -> object:
    """Return a value of Arrow as JSON would hold it.

    Bytes are text if they are UTF-8, and else null: a reference that cannot be read is then
    missing, and never misread. Dates, times and other types become text.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return _text_or_none(value)
        case Decimal() if value.is_finite():
            return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
