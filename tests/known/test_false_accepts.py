"""No checker accepts an answer that the tolerance of the problem refuses."""

import pytest

from benchmarks import false_accepts


def test_no_changed_output_is_accepted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of thousands of changed outputs, a checker accepts only those within its tolerance."""
    monkeypatch.setattr("sys.argv", ["false_accepts"])

    assert false_accepts.main() == 0
    total, own, default = map(int, capsys.readouterr().out.splitlines()[-1].split()[1:])
    assert total > 30_000
    assert own == 0
    assert default < total / 50  # a problem's tolerance of 1e-8 is unknown to the default
