"""Files and directories of samples, opened by name."""

import bz2
import gzip
import json
import lzma
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.dataset_files import columns
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records, open_text
from nova_code_verifier.handlers.cli.files import UnusableFileError

VALUES = [{"id": number, "text": "\u3042"} for number in range(3)]
LINES = "".join(f"{json.dumps(value)}\n" for value in VALUES).encode()


def values_in(path: Path) -> list[object]:
    """Return the values in a file."""
    with open_records(str(path)) as file:
        return [record.value for record in file.records]


def error_of(path: Path) -> str:
    """Return why a file is refused."""
    with pytest.raises(UnusableFileError) as caught:
        values_in(path)
    return str(caught.value)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("text", [LINES, json.dumps(VALUES, indent=2).encode()])
def test_compressed_text_is_read(
    tmp_path: Path, compress: Callable[[bytes], bytes], text: bytes
) -> None:
    """The name of the file does not matter."""
    path = tmp_path / "samples"
    path.write_bytes(compress(text))

    assert values_in(path) == VALUES


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """The mark that some editors write before the first line does not break the sample."""
    path = tmp_path / "samples.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINES)

    assert values_in(path) == VALUES


def test_a_file_that_is_longer_than_its_head_is_read(tmp_path: Path) -> None:
    """Nothing is lost or read twice where the bytes that were looked at end."""
    path = tmp_path / "samples.jsonl"
    values: list[object] = [{"id": number, "text": "x" * number} for number in range(1000)]
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values))

    assert values_in(path) == values


@pytest.mark.timeout(20)
def test_a_pipe_is_read(tmp_path: Path) -> None:
    """What is not seekable is recognised by its first bytes, too."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(gzip.compress(LINES),))
    thread.start()

    assert values_in(path) == VALUES
    thread.join()


def test_a_compressed_file_that_is_cut_off_keeps_its_beginning(tmp_path: Path) -> None:
    """The records before the damage come out, and the error names the file."""
    path = tmp_path / "samples.gz"
    text = b'{"a": "%s"}\n1\n' % os.urandom(2**18).hex().encode()
    path.write_bytes(gzip.compress(text)[:-9])

    with open_records(str(path)) as file:
        assert isinstance(next(file.records).value, dict)
        with pytest.raises(UnusableFileError, match=f"cannot read {path}: it is damaged"):
            list(file.records)


@pytest.mark.parametrize("inner", [gzip.compress(LINES, mtime=0), b"PAR1"])
def test_files_in_files_are_refused(tmp_path: Path, inner: bytes) -> None:
    """Only text is unpacked."""
    path = tmp_path / "samples.gz"
    path.write_bytes(gzip.compress(inner))

    assert "inside gzip; unpack it first" in error_of(path)


@pytest.mark.parametrize("head", [b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff", b"\x28\xb5\x2f\xfd"])
def test_without_the_extra_the_message_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """The message says what was found and what to install."""

    def refuse() -> None:
        raise columns.NoArrowError

    monkeypatch.setattr(columns, "import_arrow", refuse)
    path = tmp_path / "samples"
    path.write_bytes(head)

    assert "file; install nova-code-verifier[parquet] to read it" in error_of(path)


def test_the_size_of_plain_text_is_known(tmp_path: Path) -> None:
    """A progress bar needs it; for compressed text nobody knows it."""
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_bytes(LINES)
    packed.write_bytes(gzip.compress(LINES))

    sizes = []
    for path in (plain, packed):
        with open_records(str(path)) as file:
            sizes.append(file.total_bytes)

    assert sizes == [len(LINES), None]


def test_a_directory_is_read_in_the_order_of_the_names(tmp_path: Path) -> None:
    """Each record names its file, and notes name what is read and what is not."""
    (tmp_path / "b.json").write_text("[2]")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / ".hidden.jsonl").write_text("nonsense")

    with open_records(str(tmp_path)) as file:
        records = list(file.records)

    assert [record.where for record in records] == ["a.jsonl.gz, line 1", "b.json, item 1, line 1"]
    assert [note.removeprefix(f"{tmp_path}: ") for note in file.notes] == [
        "reading 2 files, in this order: a.jsonl.gz, b.json",
        "not reading README.md",
    ]


def test_a_directory_without_samples_is_refused(tmp_path: Path) -> None:
    """The message names what is there."""
    assert "it is empty" in error_of(tmp_path)
    (tmp_path / "a.csv").write_text("a,b")
    (tmp_path / "train").mkdir()

    assert "found a.csv, train/; expected names that end in .jsonl" in error_of(tmp_path)


def test_all_files_of_a_directory_are_checked_first(tmp_path: Path) -> None:
    """A file that cannot be read is refused before the first record, and not after hours."""
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "b.jsonl").write_text("a,b\n")

    with pytest.raises(UnusableFileError, match=r"b\.jsonl: found text"):
        open_records(str(tmp_path)).__enter__()


def test_text_is_unpacked(tmp_path: Path) -> None:
    """The text of a compressed file can be read as a whole."""
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(LINES))

    with open_text(str(path)) as stream:
        assert stream.read() == LINES
