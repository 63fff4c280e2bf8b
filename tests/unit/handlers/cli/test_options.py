"""The options that several commands share."""

from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.options import settings_with
from nova_code_verifier.handlers.settings import load_rubric
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import sample, verifier


def test_a_rubric_replaces_the_one_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """--rubric has precedence over VERIFIER_RUBRIC."""
    monkeypatch.setenv("VERIFIER_RUBRIC", '{"reward": {"range": [0, 2]}}')

    assert settings_with(None).rubric.highest == 2.0
    assert settings_with('{"reward": {"range": [0, 3]}}').rubric.highest == 3.0


def test_a_checker_is_the_nearest_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """--checker has precedence over VERIFIER_CHECKER, and that over any rubric's checker."""
    rubric = '{"checker": "json"}'
    assert settings_with(rubric).rubric.checker.kind == "json"

    monkeypatch.setenv("VERIFIER_CHECKER", "tokens")

    assert settings_with(rubric).rubric.checker.kind == "tokens"
    assert settings_with(rubric, "exact").rubric.checker.kind == "exact"


def test_a_shared_process_is_allowed_by_the_command_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """--shared-process has precedence over VERIFIER_SHARED_PROCESS; the default is to refuse."""
    assert settings_with(None).shared_process == "refuse"
    assert settings_with(None, shared_process="allow").shared_process == "allow"

    monkeypatch.setenv("VERIFIER_SHARED_PROCESS", "allow")

    assert settings_with(None).shared_process == "allow"
    assert settings_with(None, shared_process="refuse").shared_process == "refuse"


@pytest.mark.parametrize("found", ["0", "-1", "many", "1.5", ""])
def test_a_count_says_what_was_found(found: str) -> None:
    """The message names the option, the value and what is expected."""
    done = verifier("score", "-", "--workers", found)

    assert done.returncode == 2
    assert f"'--workers': found {found}, expected a whole number of 1 or more" in done.stderr


def test_a_missing_name_is_told() -> None:
    """An empty variable of a shell does not mean the current directory, or standard output."""
    for arguments in (("",), ("-", "--out", "")):
        done = verifier("score", *arguments, stdin=sample())

        assert (done.returncode, done.stdout) == (2, "")
        assert "without a name" in done.stderr


def test_the_example_rubric_is_the_default_one() -> None:
    """The file that shows every key has the default value for each."""
    assert load_rubric(str(REPOSITORY / "examples" / "rubric.toml")) == DEFAULT_RUBRIC


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[weight]", "weight: no such key; did you mean weights?"),
        ("[weights", "rubric.toml: "),
        (None, "cannot be read"),
        ("#" * 2**21, "too big for a setting"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_named(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    """The command stops before it scores anything, and names the option and the reason."""
    rubric = tmp_path / "rubric.toml"
    if text is not None:
        rubric.write_text(text)

    done = verifier("score", "-", "--rubric", rubric, stdin=sample())

    assert (done.stdout, done.returncode) == ("", 2)
    assert "--rubric: " in done.stderr
    assert complaint in done.stderr
