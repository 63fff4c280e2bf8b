"""Rows of Parquet and Arrow files."""

import datetime
import io
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.dataset_files.columns import plain, read_rows
from nova_code_verifier.handlers.cli.dataset_files.formats import Format, format_of
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import DamagedFileError

pyarrow: Any = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
parquet: Any = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is missing")

ROWS: list[dict[str, Any]] = [
    {
        "id": "s-1",
        "messages": [{"role": "assistant", "content": "print(1)"}],
        "reference_answer": {"inputs": ["1 2\n"], "outputs": ["3\n"], "fn_name": None},
        "extra_info": {"index": 1, "share": 0.5, "tags": []},
    },
    {
        "id": "s-2",
        "messages": [],
        "reference_answer": {"inputs": [], "outputs": [None], "fn_name": "f"},
        "extra_info": None,
    },
]


def parquet_of(rows: list[dict[str, Any]], **options: object) -> bytes:
    """Write *rows* as a Parquet file."""
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer, **options)
    return buffer.getvalue()


def test_nested_columns_become_plain_values() -> None:
    """Structures are objects, lists are lists, and what is absent is null."""
    records = list(read_rows(io.BytesIO(parquet_of(ROWS)), Format.PARQUET))

    assert [record.value for record in records] == ROWS
    assert [record.where for record in records] == ["row 1", "row 2"]


@pytest.mark.parametrize("writer", ["new_stream", "new_file"])
def test_arrow_files_are_read(writer: str) -> None:
    """Both forms of Arrow's own files are recognised and read."""
    table, buffer = pyarrow.Table.from_pylist(ROWS), io.BytesIO()
    with getattr(pyarrow.ipc, writer)(buffer, table.schema) as file:
        file.write_table(table)
    kind = format_of(buffer.getvalue())

    records = read_rows(io.BytesIO(buffer.getvalue()), kind)

    assert [record.value for record in records] == ROWS


def test_many_row_groups_are_read_in_order() -> None:
    """Rows are numbered across the groups."""
    rows: list[dict[str, Any]] = [{"id": number} for number in range(1000)]
    content = parquet_of(rows, row_group_size=300)

    records = list(read_rows(io.BytesIO(content), Format.PARQUET))

    assert [record.value for record in records] == rows
    assert records[-1].number == 1000


def test_zstandard_is_read(tmp_path: Path) -> None:
    """The extra brings the decompressor."""
    path = tmp_path / "samples.jsonl.zst"
    with pyarrow.CompressedOutputStream(str(path), "zstd") as file:
        file.write(b'{"id": 1}\n' * 10_000)

    with open_records(str(path)) as opened:
        values = [record.value for record in opened.records]

    assert values == [{"id": 1}] * 10_000


@pytest.mark.parametrize("kept", [20, -40])
def test_a_damaged_file_is_named(kept: int) -> None:
    """The message says how far it could be read."""
    with pytest.raises(DamagedFileError, match="behind row 0: a damaged Parquet file"):
        list(read_rows(io.BytesIO(parquet_of(ROWS)[:kept]), Format.PARQUET))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text", "text"),
        (b"\xff\xfe", None),
        (Decimal("3.00"), 3),
        (Decimal("3.5"), 3.5),
        (Decimal("NaN"), "NaN"),
        (datetime.date(2026, 12, 1), "2026-12-01"),
        ({"a": (1, [b"x"])}, {"a": [1, ["x"]]}),
        ([("key", 1)], [["key", 1]]),
        (2**70, 2**70),
        (True, True),
    ],
)
def test_values_without_a_json_type_become_one(value: object, expected: object) -> None:
    """Nothing of Arrow's or Python's own types is left."""
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_nan_stays_a_number() -> None:
    """As in JSON Lines, its reader decides."""
    value = plain(math.nan)

    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([2**62], pyarrow.timestamp("us")),
        pyarrow.array([2**62 + 1], pyarrow.timestamp("ns")),
        pyarrow.array([2**30], pyarrow.int32()).cast(pyarrow.date32()),
        pyarrow.array([2**62], pyarrow.duration("s")),
        pyarrow.StringArray.from_buffers(
            1, pyarrow.py_buffer(b"\0\0\0\0\2\0\0\0"), pyarrow.py_buffer(b"\xff\xfe")
        ),
    ],
    ids=["late year", "nanoseconds", "late date", "long duration", "text that is not UTF-8"],
)
def test_a_value_that_python_does_not_have_is_null(column: Any) -> None:
    """A value of Arrow that cannot be converted costs its own column, and not the file."""
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"other": column, "prompt": ["Add."]}), buffer)
    buffer.seek(0)

    (record,) = read_rows(buffer, Format.PARQUET)

    assert record.value == {"other": None, "prompt": "Add."}
