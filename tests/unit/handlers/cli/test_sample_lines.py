"""Samples, read from lines."""

from io import BytesIO

import pytest

from nova_code_verifier.handlers.cli.dataset_files.json_values import read_lines
from nova_code_verifier.handlers.cli.sample_lines import read_samples

NO_COMPLETION = b'{"id": 1, "messages": []}\n'


def problem_of(line: bytes) -> str:
    """Return the problem with a *line* that is the only one."""
    (read,) = read_samples(read_lines(BytesIO(line)))
    assert read.entry.sample is None
    assert read.entry.problem is not None
    return read.entry.problem


def test_blank_lines_count_as_lines() -> None:
    """A blank line holds no sample, but the number of a line is the one that an editor shows."""
    read = list(read_samples(read_lines(BytesIO(b"\n \t\r\n" + NO_COMPLETION))))

    assert [line.number for line in read] == [3]


def test_a_line_holds_one_sample_only() -> None:
    """An object around several samples is not a sample, but a problem of its line."""
    problem = problem_of(b'{"batch": [{"messages": []}]}')

    assert problem.startswith("line 1: found 'batch', and no completion; expected messages")


@pytest.mark.parametrize(
    "line",
    [b"{", b'{"id": 01}', b"[" * 100_000, b"9" * 5000, b"\x80", b"\x00" * 7, b'{"id": "s3cret'],
)
def test_a_broken_line_is_named_but_not_quoted(line: bytes) -> None:
    """The problem names the line, and never repeats its text."""
    assert problem_of(line).startswith("line 1: ")
    assert "s3cret" not in problem_of(line)


def test_a_list_is_explained() -> None:
    """A line that is a list is no sample."""
    assert problem_of(b'[{"id": 1}]') == "line 1: found a list, expected one object"
