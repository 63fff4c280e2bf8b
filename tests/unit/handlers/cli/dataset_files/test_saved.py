"""Directories that the library `datasets` has written, in the layout of its version 5.2."""

import json
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.files import UnusableFileError

pyarrow: Any = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")


def save(directory: Path, *shards: list[dict[str, Any]]) -> None:
    """Write rows as `Dataset.save_to_disk` does."""
    directory.mkdir()
    names = []
    for index, rows in enumerate(shards):
        # The names are not in the order of the rows: only the list tells it.
        names.append(f"data-{len(shards) - index:05d}-of-{len(shards):05d}.arrow")
        table = pyarrow.Table.from_pylist(rows)
        with pyarrow.ipc.new_stream(str(directory / names[-1]), table.schema) as writer:
            writer.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names], "_split": "train"}
    (directory / "state.json").write_text(json.dumps(state))
    (directory / "dataset_info.json").write_text('{"description": "", "features": {}}')


def values_in(directory: Path) -> list[object]:
    """Return the rows of a directory."""
    with open_records(str(directory)) as file:
        return [record.value for record in file.records]


def test_the_rows_of_a_saved_data_set_are_read_in_order(tmp_path: Path) -> None:
    """The list in `state.json` counts; the descriptions are no rows, and are not mentioned."""
    save(tmp_path / "a", [{"id": 1}, {"id": 2}], [{"id": 3}])

    assert values_in(tmp_path / "a") == [{"id": 1}, {"id": 2}, {"id": 3}]
    with open_records(str(tmp_path / "a")) as file:
        assert len(file.notes) == 1


def test_a_cache_directory_is_read(tmp_path: Path) -> None:
    """It has no list, and a description beside the Arrow files."""
    save(tmp_path / "a", [{"id": 1}])
    (tmp_path / "a/state.json").unlink()

    assert values_in(tmp_path / "a") == [{"id": 1}]


def test_splits_are_named(tmp_path: Path) -> None:
    """Training on the test split by accident would be worse than an error."""
    for split in ("train", "test"):
        save(tmp_path / split, [{"id": split}])
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')

    with pytest.raises(
        UnusableFileError, match=r"the splits test, train; name one of them: .*/test"
    ):
        values_in(tmp_path)
    assert values_in(tmp_path / "train") == [{"id": "train"}]


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("[]", "expected _data_files"),
        ("{", "expected _data_files"),
        ('{"_data_files": [{"filename": "../secret.jsonl"}]}', "expected _data_files"),
        ('{"_data_files": [{"filename": "gone.arrow"}]}', "gone.arrow: missing"),
    ],
)
def test_a_broken_list_is_refused(tmp_path: Path, state: str, problem: str) -> None:
    """Reading some of the files, or others, would be another data set."""
    save(tmp_path / "a", [{"id": 1}])
    (tmp_path / "a/state.json").write_text(state)

    with pytest.raises(UnusableFileError, match=problem):
        values_in(tmp_path / "a")
