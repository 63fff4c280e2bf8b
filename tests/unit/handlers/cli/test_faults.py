"""The command line, when it is us who fail: with an executor that plays the failures."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nova_code_verifier.handlers.cli import app as cli
from nova_code_verifier.handlers.executors import start_local
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.fakes import ScriptedExecutor

SAMPLE = {
    "id": "s-1",
    "messages": [{"role": "assistant", "content": "```python\nprint(8)\n```"}],
    "reference_answer": [{"input": "4", "output": "8"}],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file with one sample and one that has no completion."""
    path = tmp_path / "samples.jsonl"
    path.write_text(f'{json.dumps(SAMPLE)}\n{{"id": "s-2", "messages": []}}\n')
    return path


def score(
    monkeypatch: pytest.MonkeyPatch, executor: ScriptedExecutor, *arguments: str | Path
) -> Result:
    """Run `verifier score` with *executor*."""
    monkeypatch.setattr(cli, "_start_executor", lambda _settings, **_: executor)
    return CliRunner().invoke(cli.app, ["score", *map(str, arguments)])


def test_an_outage_is_status_1_and_every_row_is_written(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """Samples lost through our own fault are ungraded rows, and counted in a sentence."""
    out = tmp_path / "rows.jsonl"
    unrun = Execution(ending=Ending.NOT_RUN, detail="the worker burnt down")
    lost = ScriptedExecutor(lambda _: unrun)

    result = score(monkeypatch, lost, source, "--out", out, "--quiet")

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    ungraded = [m["value"] for row in rows for m in row["metrics_list"] if m["name"] == "ungraded"]
    assert (result.exit_code, ungraded) == (1, [1.0, 0.0])
    assert result.stderr.startswith("verifier: 1 of 2 samples could not be graded")
    assert result.stderr.endswith("the worker burnt down\n")


def test_a_bug_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """A bug of our own costs the sample that met it, and leaves what is needed to find it."""
    # There is no execution for the one case, so judging it is a bug.
    too_few = ScriptedExecutor(answer_job=lambda _: ())

    result = score(monkeypatch, too_few, source, "--out", tmp_path / "rows", "--quiet")

    assert result.exit_code == 1
    assert "1 of 2 samples" in result.stderr
    assert "Traceback" in result.stderr


def test_a_sandbox_that_cannot_start_is_status_1(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """One sentence says why, and the file named as --out is left alone."""
    out = tmp_path / "rows.jsonl"
    out.write_text("precious")

    result = score(
        monkeypatch, ScriptedExecutor(refusal=SandboxError("no walls today")), source, "--out", out
    )

    assert (result.exit_code, result.stderr) == (1, "verifier: no walls today\n")
    assert out.read_text() == "precious"


def test_workers_are_workers(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """`--workers` asks for a number of workers."""
    asked: list[int | None] = []

    def start(_settings: object, *, workers: int | None) -> ScriptedExecutor:
        asked.append(workers)
        return ScriptedExecutor(refusal=SandboxError("that was all we wanted to know"))

    monkeypatch.setattr(cli, "_start_executor", start)
    CliRunner().invoke(cli.app, ["score", str(source), "--workers", "7"])

    assert asked == [7]


@pytest.mark.parametrize(("asked", "expected"), [(2, 2), (None, 1)])
def test_workers_asked_for_outweigh_the_setting(asked: int | None, expected: int) -> None:
    """The environment decides only where the command line does not."""
    with start_local(Settings(workers=1), workers=asked) as executor:
        assert len(executor.zygote_pids) == expected


def test_doctor_explains_a_sandbox_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagnosis is still given, with the reason in it, and the status is 1."""
    executor = ScriptedExecutor(refusal=SandboxError("no walls today"))
    monkeypatch.setattr(cli, "_start_local", lambda _settings: executor)
    printed: list[str] = []
    monkeypatch.setattr(cli, "_print", printed.append)

    result = CliRunner().invoke(cli.app, ["doctor"])

    assert result.exit_code == 1
    assert "no walls today" in printed[0]
