"""How commands end on errors and on signals."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
import typer

from nova_code_verifier.handlers.cli.exit_status import exit_on_errors
from nova_code_verifier.sandbox.errors import SandboxError
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import (
    COMMAND,
    ENVIRONMENT,
    no_completions,
    sample,
    verifier,
)

ENDLESS = "while True: pass"


@pytest.mark.parametrize("command", [("score", "-"), ("explain", "-", "--id", "1"), ("doctor",)])
def test_a_bad_setting_is_status_2(command: tuple[str, ...]) -> None:
    """One line names the variable."""
    done = verifier(*command, VERIFIER_WORKERS="many")

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: VERIFIER_WORKERS: ")
    assert done.stderr.count("\n") == 1


def test_a_sandbox_error_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Its message is one line on standard error."""
    with pytest.raises(typer.Exit) as ended, exit_on_errors():
        raise SandboxError("no worker starts")

    assert (ended.value.exit_code, capsys.readouterr().err) == (1, "verifier: no worker starts\n")


def test_a_missing_docker_sdk_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how to install it."""
    with pytest.raises(typer.Exit) as ended, exit_on_errors():
        raise ModuleNotFoundError("No module named 'docker'", name="docker")

    assert ended.value.exit_code == 1
    assert "pip install 'nova-code-verifier[docker]'" in capsys.readouterr().err


def test_another_missing_module_is_a_bug() -> None:
    """Its traceback is not replaced."""
    with pytest.raises(ModuleNotFoundError), exit_on_errors():
        raise ModuleNotFoundError("No module named 'x'", name="x")


@pytest.mark.parametrize(
    "arguments",
    [("score", "FILE"), ("score", "FILE", "--table"), ("doctor",), ("doctor", "--json")],
)
def test_a_full_disk_behind_standard_output_is_status_2(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """One line says that standard output cannot be written."""
    source = tmp_path / "samples.jsonl"
    source.write_text(no_completions(1))
    words = [word.replace("FILE", str(source)) for word in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=-1, cwd=REPOSITORY, check=False
        )

    assert done.returncode == 2
    assert done.stderr == b"verifier: cannot write standard output: No space left on device\n"


@pytest.mark.parametrize("table", [(), ("--table",)])
def test_a_closed_pipe_ends_the_run_silently(tmp_path: Path, table: tuple[str, ...]) -> None:
    """When a reader such as `head` closes the pipe, the status is 141 and nothing is printed."""
    path = tmp_path / "samples.jsonl"
    path.write_text(no_completions(2000))
    process = subprocess.Popen(
        [*COMMAND, "score", path, *table], stdout=-1, stderr=-1, cwd=REPOSITORY, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.readline()
    process.stdout.close()

    with process.stderr as stderr:
        assert (process.wait(timeout=10), stderr.read()) == (141, b"")


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, b"verifier: interrupted\n"), (signal.SIGTERM, 143, b"")],
)
def test_an_interrupted_run_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, status: int, message: bytes
) -> None:
    """A signal ends the run without a traceback, and its processes and directories are gone."""
    source, out, temporary = (tmp_path / name for name in ("samples", "rows", "temporary"))
    source.write_text(f"{sample(ENDLESS)}\n" * 4)
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out],
        stderr=-1,
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
    )
    assert process.stderr is not None
    while not out.exists():  # the sandbox has started
        time.sleep(0.01)
    time.sleep(0.1)
    zygotes = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

    process.send_signal(number)

    with process.stderr as stderr:
        assert (process.wait(timeout=10), stderr.read()) == (status, message)
    assert zygotes
    assert not [pid for pid in zygotes if Path(f"/proc/{pid}").exists()]
    assert not list(temporary.iterdir())
