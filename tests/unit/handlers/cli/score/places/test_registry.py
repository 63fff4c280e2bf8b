"""What `--on` names, and what goes with it."""

import pytest
import typer
from typer.testing import CliRunner

from nova_code_verifier.handlers.cli.app import app
from nova_code_verifier.handlers.cli.score.places.registry import KINDS, named_place
from tests.unit.handlers.cli.command_line import sample, verifier

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:live"


@pytest.mark.parametrize(
    ("text", "name", "target"),
    [
        ("lambda:score", "lambda", "score"),
        (f"lambda:{ARN}", "lambda", ARN),
        ("ray", "ray", ""),
        ("ray:ray://head:10001", "ray", "ray://head:10001"),
    ],
)
def test_a_place_has_a_kind_and_a_target(text: str, name: str, target: str) -> None:
    """The target is all that follows the first colon."""
    place = named_place(text)

    assert (place.kind.name, place.target) == (name, target)


@pytest.mark.parametrize("text", ["", "lambda", "lambda:", "ray:", "here", "Lambda:f", ":f"])
def test_another_place_is_a_wrong_argument(text: str) -> None:
    """The error names what was found and all kinds."""
    with pytest.raises(
        typer.BadParameter, match=r"expected lambda:NAME \| ray\[:ADDRESS\]"
    ) as caught:
        named_place(text)

    assert f"found {text!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("on", "arguments"),
    [
        ("lambda:f", ("--docker", "image")),
        ("lambda:f", ("--workers", "3")),
        ("lambda:f", ("--rubric", "examples/rubric.toml")),
        ("lambda:f", ("--checker", "exact")),
        ("lambda:f", ("--shared-process", "allow")),
        ("ray", ("--docker", "image")),
        ("ray", ("--workers", "3")),
    ],
)
def test_an_option_without_effect_is_refused(on: str, arguments: tuple[str, str]) -> None:
    """The error names the option, the place and the reason."""
    result = CliRunner().invoke(app, ["score", "-", "--on", on, *arguments], env={"COLUMNS": "200"})

    kind = next(kind for kind in KINDS if kind.name == on.partition(":")[0])
    assert result.exit_code == 2
    expected = f"{arguments[0]}: does not go with --on {kind.name}: {kind.refused[arguments[0]]}"
    assert expected in result.stderr


def test_settings_without_effect_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets rewards by another rubric than that of the environment without a word."""
    monkeypatch.setenv("VERIFIER_RUBRIC", "examples/rubric.toml")
    monkeypatch.setenv("VERIFIER_CPU_SECONDS", "3")

    message = "unset these, which have no effect: VERIFIER_CPU_SECONDS, VERIFIER_RUBRIC"
    with pytest.raises(typer.BadParameter, match=message):
        named_place("lambda:f").check(dict.fromkeys(KINDS[0].refused))


def test_concurrency_is_for_other_machines() -> None:
    """The error names the option for this one."""
    done = verifier("score", "-", "--concurrency", "3", stdin=sample())

    assert (done.returncode, done.stdout) == (2, "")
    assert "--concurrency: is for --on; on this machine, --workers says" in done.stderr
