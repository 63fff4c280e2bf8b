"""The log of the single file. tests/e2e/test_single_file.py checks the fields of its lines."""

import io
import json

import pytest

from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.single_file.plain_telemetry import Telemetry
from nova_code_verifier.handlers.telemetry import Telemetry as PowertoolsTelemetry


def test_it_offers_what_the_other_telemetry_offers() -> None:
    """Every public method of the module that it replaces exists here too."""
    public = {name for name in vars(PowertoolsTelemetry) if not name.startswith("_")}

    assert public <= set(dir(Telemetry))


def test_a_bug_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of a bug has the index of the sample, and the traceback."""
    try:
        raise ZeroDivisionError  # noqa: TRY301
    except ZeroDivisionError:
        Telemetry(Settings()).log_bug(3)

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"], line["index"]) == ("ERROR", "bug", 3)
    assert "ZeroDivisionError" in line["exception"]


def test_a_closed_log_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that cannot be written does not raise."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)

    Telemetry(Settings()).log_bug(0)
