"""Files and standard streams, and rows as lines of JSON."""

import json
import os
import threading
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.files import (
    UnusableFileError,
    bytes_left,
    json_line,
    open_input,
    open_output,
)


@pytest.mark.parametrize("name", ["/nowhere/samples.jsonl", "/"])
def test_a_file_that_cannot_be_opened_is_named(name: str) -> None:
    """The error says that this file cannot be read."""
    with pytest.raises(UnusableFileError, match=f"cannot read {name}: "), open_input(name):
        pass


def test_a_file_that_cannot_be_read_is_named() -> None:
    """The error says so even where opening the file succeeds."""
    name = "/proc/self/mem"
    with pytest.raises(UnusableFileError, match=f"cannot read {name}: "), open_records(name):
        pass


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
        stream.write(b"row")


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


def test_a_file_keeps_its_content_until_the_first_write(tmp_path: Path) -> None:
    """A run that fails before it has a result does not destroy those of another run."""
    path = tmp_path / "rows.jsonl"
    path.write_text("precious, and longer than the row")

    with open_output(str(path)) as output:
        output.write(b"")
        assert path.read_text().startswith("precious")
        output.write(b"a")
        output.offer(b"b")

    assert path.read_text() == "ab"


def test_what_is_appended_leaves_the_rest(tmp_path: Path) -> None:
    """With append, the file is never emptied."""
    path = tmp_path / "rows.jsonl"
    path.write_text("a")

    with open_output(str(path), append=True) as output:
        output.write(b"b")

    assert path.read_text() == "ab"


@pytest.mark.timeout(20)
def test_an_offer_does_not_wait_for_a_reader(tmp_path: Path) -> None:
    """What does not fit into a pipe waits for the next write, and nothing is lost."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    received = bytearray()

    def read_all() -> None:
        while len(received) < 2**20 + 1:
            received.extend(os.read(reader, 2**16))

    with open_output(str(path)) as output:
        os.set_blocking(reader, True)
        output.offer(b"x" * 2**20)
        thread = threading.Thread(target=read_all)
        thread.start()
        output.write(b"y")
        thread.join()
    os.close(reader)

    assert received == b"x" * 2**20 + b"y"


def test_a_file_in_the_input_directory_is_refused(tmp_path: Path) -> None:
    """Otherwise the next run would read the rows as samples."""
    name = str(tmp_path / "rows.jsonl")

    with (
        pytest.raises(UnusableFileError, match="name another directory"),
        open_output(name, source=str(tmp_path)),
    ):
        pass

    assert not Path(name).exists()


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
