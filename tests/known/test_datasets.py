"""tests/known/datasets.py: what it reads, and which line and field its errors name."""

import json
from pathlib import Path

import pytest

from tests.known.datasets import DatasetError, Expectation, read_dataset

ROW: dict[str, object] = {"name": "a", "sample": {"id": 1}, "expected_correctness": 1}


def write(folder: Path, *lines: str) -> Path:
    """Write a dataset of these lines."""
    path = folder / "data.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1, Expectation(bound=1)),
        (0.25, Expectation(bound=0.25)),
        ("below_one", Expectation(bound=1, below=True)),
        ({"below": 0.5}, Expectation(bound=0.5, below=True)),
    ],
    ids=["one", "share", "below one", "below a bound"],
)
def test_every_spelling_of_an_expectation_is_read(
    tmp_path: Path, written: object, read: Expectation
) -> None:
    """An expectation is a number, `below_one` or `{"below": x}`."""
    path = write(tmp_path, json.dumps(ROW | {"expected_correctness": written}))

    assert [known.expected for known in read_dataset(path)] == [read]


@pytest.mark.parametrize(
    ("expected", "met", "missed"),
    [
        (Expectation(bound=1.0), 1.0, 0.99999),
        (Expectation(bound=0.666667), 2 / 3, 0.6667),
        (Expectation(bound=1.0, below=True), 0.99999, 1.0),
    ],
    ids=["one", "two thirds", "below one"],
)
def test_a_correctness_meets_its_expectation_or_misses_it(
    expected: Expectation, met: float, missed: float
) -> None:
    """A number is compared to six digits; the bound of `below` itself is not below it."""
    assert (expected.is_met_by(met), expected.is_met_by(missed)) == (True, False)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (ROW | {"name": 7}, "name"),
        (ROW | {"sample": "print(1)"}, "sample"),
        ({"expected_correctness": 1}, "sample"),
        ({"sample": {}}, "expected_correctness"),
        (ROW | {"expected_correctness": True}, "expected_correctness"),
        (ROW | {"expected_correctness": float("nan")}, "expected_correctness"),
        (ROW | {"expected_correctness": 1.5}, "expected_correctness"),
        (ROW | {"expected_correctness": "right"}, "expected_correctness"),
        (ROW | {"expected_correctness": {"below": 0}}, "expected_correctness"),
        (ROW | {"expected_correctness": {"below": 1, "above": 0}}, "expected_correctness"),
    ],
    ids=[
        "name is a number",
        "sample is text",
        "no sample",
        "no expectation",
        "true",
        "NaN",
        "above one",
        "unknown word",
        "below zero",
        "other key",
    ],
)
def test_the_error_of_a_malformed_row_names_line_and_field(
    tmp_path: Path, row: dict[str, object], field: str
) -> None:
    """Blank lines count, so that the owner of the dataset finds the line."""
    path = write(tmp_path, json.dumps(ROW), "", json.dumps(row))

    with pytest.raises(DatasetError, match=rf"data\.jsonl:3: {field}: expected "):
        read_dataset(path)


@pytest.mark.parametrize(
    "line", ["{", "[]", "[" * 100_000], ids=["broken JSON", "array", "too deep"]
)
def test_the_error_of_a_line_that_is_no_object_names_the_line(tmp_path: Path, line: str) -> None:
    """Broken JSON, a JSON array and JSON that is too deep are such lines."""
    path = write(tmp_path, json.dumps(ROW), line)

    with pytest.raises(DatasetError, match=r"data\.jsonl:2: "):
        read_dataset(path)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\n\n", b'{"name": "\xff"}'],
    ids=["missing", "empty", "blank lines", "not UTF-8"],
)
def test_a_file_without_rows_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """A missing, an empty or an undecodable file must not count as zero tests that pass."""
    path = tmp_path / "data.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DatasetError, match=r"data\.jsonl"):
        read_dataset(path)


def test_a_row_without_a_name_is_named_by_file_and_line(tmp_path: Path) -> None:
    """The name may be null or empty."""
    path = write(tmp_path, json.dumps(ROW | {"name": None}), json.dumps({**ROW, "name": ""}))

    assert [known.name for known in read_dataset(path)] == ["data.jsonl:1", "data.jsonl:2"]


def test_a_line_separator_inside_a_text_does_not_end_a_row(tmp_path: Path) -> None:
    """Only a line feed ends a row: JSON may contain U+2028 unescaped."""
    path = write(tmp_path, json.dumps(ROW | {"sample": {"id": "\u2028"}}, ensure_ascii=False))

    assert len(read_dataset(path)) == 1
