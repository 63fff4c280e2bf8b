"""Rows as lines of JSON."""

import json

import pytest

from nova_code_verifier.handlers.cli.score.file import row_line


@pytest.mark.parametrize(
    "text", ["plain", "\u3042\U0001f600", "a\nb\u2028c\x85d", '"\\', "\x00\x7f\x9b"]
)
def test_a_row_is_one_line_of_ascii(text: str) -> None:
    """No reader's idea of a line's end, or of an encoding, can tear a row apart."""
    line = row_line({"id": text})

    assert line.isascii()
    assert line.splitlines() == [line]
    assert json.loads(line) == {"id": text}


def test_half_a_surrogate_pair_never_gets_out() -> None:
    """What a candidate wrote is made readable for those who refuse such halves."""
    line = row_line({"id": "\ud800", "details": {"problem": "\udfff!"}})

    assert "\\ud" not in line


def test_a_number_that_is_not_finite_is_refused() -> None:
    """NaN is no JSON: better no row than one that nobody can read."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        row_line({"id": float("nan")})
