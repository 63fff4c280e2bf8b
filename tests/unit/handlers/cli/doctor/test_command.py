"""`verifier doctor`, as a process and with a fake executor."""

import json

import pytest
from typer.testing import CliRunner

from nova_code_verifier.handlers import executors
from nova_code_verifier.handlers.cli.app import app
from nova_code_verifier.handlers.cli.doctor import command
from tests.unit.handlers.cli.command_line import FakeExecutor, verifier


def test_a_working_sandbox_is_status_0() -> None:
    """The isolation level is in the first line."""
    done = verifier("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("isolation level  ")


def test_json_is_one_object() -> None:
    """`--json` prints one object that says what was granted."""
    found = json.loads(verifier("doctor", "--json", VERIFIER_WORKERS="3").stdout)

    assert (found["is_enough"], found["workers"]) == (True, 3)
    assert found["protections"]["resource_limits"]["granted"] is True


def test_a_level_below_the_required_one_is_status_1() -> None:
    """The diagnosis says that the level is not enough."""
    done = verifier(
        *("doctor", "--json"),
        VERIFIER_ISOLATION="interpreter",
        VERIFIER_REQUIRED_ISOLATION="kernel",
    )

    assert done.returncode == 1
    assert json.loads(done.stdout)["is_enough"] is False


def test_a_sandbox_that_cannot_start_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagnosis is printed with the reason in it, and the status is 1."""
    printed: list[str] = []
    executor = FakeExecutor(refusal="not granted")
    monkeypatch.setattr(executors, "start_local", lambda _settings: executor)
    monkeypatch.setattr(command, "print_output", printed.append)

    result = CliRunner().invoke(app, ["doctor"])

    assert result.exit_code == 1
    assert "not granted" in printed[0]
