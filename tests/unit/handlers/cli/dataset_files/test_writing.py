"""Writing rows to a file."""

from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.writing import open_rows
from nova_code_verifier.handlers.cli.files import UnusableFileError

ROWS: list[dict[str, Any]] = [
    {"id": f"あ{number}", "messages": [{"role": "user", "content": "x" * number}], "n": number}
    for number in range(2500)
]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write *rows* to *path*."""
    with open_rows(str(path)) as file:
        for row in rows:
            file.write(row)


@pytest.mark.parametrize(
    "ending", ["jsonl", "ndjson", "jsonl.gz", "jsonl.xz", "jsonl.bz2", "parquet"]
)
def test_what_is_written_is_read_back(tmp_path: Path, ending: str) -> None:
    """Every format that a name asks for holds all rows in order, across groups."""
    path = tmp_path / f"rows.{ending}"
    write(path, ROWS)

    with open_records(str(path)) as file:
        assert [record.value for record in file.records] == ROWS


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
def test_the_old_content_stays_until_the_first_row(tmp_path: Path, ending: str) -> None:
    """A run that fails before its first row does not destroy the result of another."""
    path = tmp_path / f"rows.{ending}"
    write(path, ROWS[:1])
    before = path.read_bytes()

    write(path, [])

    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["rows.csv", "rows", "rows.json", "rows.parquet.gz", "rows.gz"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    """The message lists the endings, and no file is made."""
    path = tmp_path / name

    with pytest.raises(UnusableFileError, match=r"expected a name that ends in \.jsonl"):
        write(path, ROWS)
    assert not path.exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [({"a": 1}, {"a": 1, "b": 2}), ({"a": 1}, {"a": "x"}), ({"a": {"b": 1}}, {"a": {"c": 1}})],
    ids=str,
)
@pytest.mark.parametrize("count", [1, 1000], ids=["one group", "two groups"])
def test_a_table_loses_nothing_in_silence(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], count: int
) -> None:
    """A row that does not fit is an error; or its keys are there, as in all other rows."""
    path = tmp_path / "rows.parquet"
    try:
        write(path, [first] * count + [second])
    except UnusableFileError as error:
        assert "write .jsonl" in str(error)  # noqa: PT017  (either may happen)
        return
    with open_records(str(path)) as file:
        *_, last = file.records
    assert last.value == {"a": {"b": None, "c": 1}}


def test_a_table_that_was_interrupted_cannot_be_read(tmp_path: Path) -> None:
    """Half of the rows must not look like all of them."""
    path = tmp_path / "rows.parquet"

    def interrupt() -> None:
        with open_rows(str(path)) as file:
            for row in ROWS:
                file.write(row)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()

    assert path.stat().st_size > 0
    with open_records(str(path)) as file, pytest.raises(UnusableFileError, match="damaged"):
        list(file.records)
