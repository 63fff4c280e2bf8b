"""Files and standard streams, and rows as lines of JSON."""

import json
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.files import (
    UnusableFileError,
    bytes_left,
    json_line,
    open_input,
    open_output,
    read_lines,
    write_all,
)


@pytest.mark.parametrize("name", ["/nowhere/samples.jsonl", "/"])
def test_a_file_that_cannot_be_opened_is_named(name: str) -> None:
    """The error says that this file cannot be read."""
    with pytest.raises(UnusableFileError, match=f"cannot read {name}: "), open_input(name):
        pass


def test_a_file_that_cannot_be_read_is_named() -> None:
    """The error says so even where opening the file succeeds."""
    name = "/proc/self/mem"
    with (
        open_input(name) as stream,
        pytest.raises(UnusableFileError, match=f"cannot read {name}: "),
    ):
        list(read_lines(stream, name))


def test_a_file_that_cannot_be_created_is_named() -> None:
    """The error says that this file cannot be written."""
    name = "/nowhere/rows.jsonl"
    with pytest.raises(UnusableFileError, match=f"cannot write {name}: "), open_output(name):
        pass


def test_a_full_disk_is_named() -> None:
    """The error says which file cannot be written, and why."""
    with (
        open_output("/dev/full") as stream,
        pytest.raises(UnusableFileError, match="cannot write /dev/full: No space left"),
    ):
        write_all(stream, b"row", "/dev/full")


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    """The file that is the input is refused as output, under any name, and keeps its content."""
    source, link = tmp_path / "samples.jsonl", tmp_path / "link"
    source.write_text("precious")
    link.symlink_to(source)

    for name in (source, link):
        with (
            pytest.raises(UnusableFileError, match="it is the input"),
            open_output(str(name), source=str(source)),
        ):
            pass

    assert source.read_text() == "precious"


def test_the_size_of_a_file_is_what_is_left_of_it(tmp_path: Path) -> None:
    """What was read does not count."""
    (tmp_path / "file").write_bytes(b"12345")

    with open_input(str(tmp_path / "file")) as stream:
        stream.read(2)
        assert bytes_left(stream) == 3


def test_the_size_of_a_device_is_unknown() -> None:
    """What is no regular file has no size."""
    with open_input("/dev/null") as stream:
        assert bytes_left(stream) is None


@pytest.mark.parametrize(
    "text", ["plain", "\u3042\U0001f600", "a\nb\u2028c\x85d", '"\\', "\x00\x7f\x9b"]
)
def test_a_row_is_one_line_of_ascii(text: str) -> None:
    """Readers with other ideas of line ends and encodings read the same row."""
    line = json_line({"id": text})

    assert line.isascii()
    assert line.splitlines() == [line]
    assert json.loads(line) == {"id": text}


def test_half_a_surrogate_pair_is_never_written() -> None:
    """Such halves, which some readers refuse, are replaced wherever they are."""
    line = json_line({"id": "\ud800", "details": {"problem": "\udfff!"}})

    assert "\\ud" not in line


def test_a_number_that_is_not_finite_is_refused() -> None:
    """NaN raises an error, since it is not JSON and no reader would accept the row."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line({"id": float("nan")})
