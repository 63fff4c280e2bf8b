"""The list of commands, their help, and bad arguments, with the command line as a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT, verifier

COMMANDS = (
    "score", "explain", "compare", "judge-check", "audit", "convert", "lint-rows", "doctor",
    "docker-check",
)  # fmt: skip


def test_no_arguments_print_the_help() -> None:
    """`verifier` alone prints the same as `verifier --help`, with status 0."""
    done = verifier()

    assert done.returncode == 0
    assert done.stdout == verifier("--help").stdout
    assert "Usage: verifier" in done.stdout


def test_the_help_lists_every_command() -> None:
    """Each command is on a line of `verifier --help`, with what it does."""
    lines = [line.split() for line in verifier("--help").stdout.splitlines()]

    assert [words[0] for words in lines if len(words) > 1 and words[0] in COMMANDS] == [*COMMANDS]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_teaches_it(command: str) -> None:
    """It has examples that begin with the command, and says what each exit status means."""
    done = verifier(command, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in lines if f"verifier {command}" in line and "Usage" not in line]
    statuses = lines[lines.index("Exit status:") + 1 :]
    assert [line[:2] for line in statuses[:3]] == ["0 ", "1 ", "2 "]


@pytest.mark.timeout(400)
def test_the_examples_in_the_help_work(tmp_path: Path) -> None:
    """Every example on the files of `examples/` that needs no engine and no model succeeds."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    commands = [(), ("score",), ("explain",), ("audit",), ("convert",)]
    helps = [verifier(*command, "--help").stdout for command in commands]
    helps.append(verifier("lint-rows", "--help").stdout)  # it checks the rows of `score`
    lines = [line.strip() for text in helps for line in text.splitlines()]
    examples = [line for line in lines if line.startswith("verifier ") and " examples/" in line]

    for example in dict.fromkeys(examples):
        done = subprocess.run(
            [*COMMAND, *example.split()[1:]],
            capture_output=True,
            cwd=tmp_path,
            env=ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)},
            check=False,
        )
        assert done.returncode == 0, (example, done.stderr)

    assert len(examples) >= 6
    assert (tmp_path / "rows.jsonl").exists()


def test_help_is_fast() -> None:
    """The help imports neither pydantic nor rich, and starts no sandbox."""
    program = (
        "import atexit, sys; from nova_code_verifier.handlers.cli.app import main;"
        " sys.argv = ['verifier', '--help'];"
        "slow = {'pydantic', 'rich', 'nova_code_verifier.sandbox.host.local'};"
        "atexit.register(lambda: sys.stderr.write(repr(slow & set(sys.modules)))); main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=REPOSITORY, check=True
    )

    assert done.stderr == b"set()"


def test_the_version_is_one_line() -> None:
    """`--version` prints the versions of the package and of the semantics in one line."""
    done = verifier("--version")

    assert done.returncode == 0
    assert done.stdout.startswith("verifier ")
    assert done.stdout.endswith(f"(semantics version {SEMANTICS_VERSION})\n")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("score",),
        ("score", "-", "--nonsense"),
        ("score", "-", "--workers", "0"),
        ("score", "-", "--workers", "many"),
        ("explain", "-"),
        ("judge-check", "-", "--repeat", "0"),
        ("lint-rows", "-", "--range", "0"),
        ("doctor", "nonsense"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(arguments: tuple[str, ...]) -> None:
    """A bad argument ends with one line that names the help, and not with a traceback or a box."""
    done = verifier(*arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: ")
    assert "--help`)" in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
