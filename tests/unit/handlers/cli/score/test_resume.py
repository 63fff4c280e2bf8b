"""Runs that were interrupted, and go on."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import (
    COMMAND,
    DOUBLE,
    ENVIRONMENT,
    rows_of,
    sample,
    verifier,
)

SLOW = f"import time; time.sleep(0.1); {DOUBLE}"
WRONG = "print(5)"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file of samples: right ones, wrong ones and broken ones."""
    path = tmp_path / "samples.jsonl"
    # All different: equal ones would run once.
    programs = [f"{SLOW if number % 2 else WRONG}  # {number}" for number in range(40)]
    lines = [sample(program, sample_id=f"s-{index}") for index, program in enumerate(programs)]
    lines[7] = '{"id": "s-7", "messages": 0}'
    lines[8] = "{broken"
    path.write_text("\n".join(lines))
    return path


def measured(text: str) -> list[dict[str, Any]]:
    """Parse rows, and leave out the duration."""
    rows = rows_of(text)
    for row in rows:
        row["metrics_list"] = [m for m in row["metrics_list"] if m["name"] != "duration_ms"]
    return rows


def score(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `verifier score` to its end."""
    return verifier("score", *arguments)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_goes_on(source: Path, tmp_path: Path, number: signal.Signals) -> None:
    """The rows so far are kept, and in the end the file is that of an undisturbed run."""
    out, whole = tmp_path / "rows.jsonl", tmp_path / "whole.jsonl"
    score(source, "--out", whole)
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out, "--workers", "1", "--quiet"],
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        env=ENVIRONMENT,
    )
    while not out.exists() or out.read_bytes().count(b"\n") < 4:
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate()
    kept = out.read_text().splitlines()
    assert 4 <= len(kept) < 40

    done = score(source, "--out", out, "--resume")

    assert done.returncode == 0, done.stderr
    assert measured(out.read_text()) == measured(whole.read_text())
    is_graded = [row["metrics_list"][10]["value"] == 0 for row in rows_of("\n".join(kept[:4]))]
    assert all(is_graded)
    assert out.read_text().splitlines()[:4] == kept[:4]
    assert (b"add --resume" in errors) is (number != signal.SIGKILL)


@pytest.mark.parametrize("cut_bytes", [0, 1, 30, 10**6])
def test_a_row_that_was_cut_off_is_written_again(
    source: Path, tmp_path: Path, cut_bytes: int
) -> None:
    """A run that was killed may leave a part of a row."""
    out = tmp_path / "rows.jsonl"
    score(source, "--out", out)
    whole = out.read_bytes()
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:20]) + lines[20][: max(0, len(lines[20]) - 1 - cut_bytes)])

    done = score(source, "--out", out, "--resume")

    assert done.returncode == 0
    assert measured(out.read_text()) == measured(whole.decode())


def test_a_finished_run_keeps_its_rows(source: Path, tmp_path: Path) -> None:
    """Rows with a verdict are not computed again, and the summary counts them."""
    out = tmp_path / "rows.jsonl"
    score(source, "--out", out)
    before = out.read_text().splitlines()

    done = score(source, "--out", out, "--resume")

    after = out.read_text().splitlines()
    assert [row for index, row in enumerate(after) if index not in (7, 8)] == [
        row for index, row in enumerate(before) if index not in (7, 8)
    ]
    assert done.returncode == 0
    assert "and 38 kept from before" in done.stderr


def test_ungraded_samples_are_scored_again(tmp_path: Path) -> None:
    """A sample that was repaired, or lost by an outage, gets its reward; the others keep theirs."""
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    broken = json.dumps(json.loads(sample(sample_id=2)) | {"reference_answer": {"inputs": ["4"]}})
    source.write_text(f"{sample(sample_id=1)}\n{broken}\n{sample(sample_id=3)}\n")
    score(source, "--out", out)
    before = rows_of(out.read_text())
    source.write_text("".join(f"{sample(sample_id=number)}\n" for number in (1, 2, 3)))

    done = score(source, "--out", out, "--resume")

    after = rows_of(out.read_text())
    assert done.returncode == 0
    assert [row["aggregate_reward_score"] for row in before] == [1.0, 0.0, 1.0]
    assert [row["aggregate_reward_score"] for row in after] == [1.0, 1.0, 1.0]
    assert (after[0], after[2]) == (before[0], before[2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "samples.jsonl"]


def test_rows_are_replaced_although_the_input_is_damaged_behind_them(tmp_path: Path) -> None:
    """What was scored again is kept, whatever follows it."""
    source, out = tmp_path / "samples.json", tmp_path / "rows.jsonl"
    broken = json.dumps(json.loads(sample(sample_id=2)) | {"reference_answer": {"inputs": ["4"]}})
    source.write_text(f"[{sample(sample_id=1)},{broken},")
    score(source, "--out", out)
    source.write_text(f"[{sample(sample_id=1)},{sample(sample_id=2)},")

    done = score(source, "--out", out, "--resume")

    assert done.returncode == 2
    assert "it is incomplete" in done.stderr
    assert [row["aggregate_reward_score"] for row in rows_of(out.read_text())] == [1.0, 1.0]


def test_without_a_file_the_run_begins(source: Path, tmp_path: Path) -> None:
    """A loop that always says --resume works the first time, too."""
    out = tmp_path / "rows.jsonl"

    assert score(source, "--out", out, "--resume").returncode == 0
    assert len(rows_of(out.read_text())) == 40


def test_rows_can_be_resumed_from_standard_input(source: Path, tmp_path: Path) -> None:
    """The samples need not be a file."""
    out = tmp_path / "rows.jsonl"
    score(source, "--out", out)
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join(lines[:10]))

    done = verifier("score", "-", "--out", out, "--resume", stdin=source.read_bytes())

    assert done.returncode == 0
    assert measured(out.read_text()) == measured("".join(lines))


_VERSION = '{"name": "semantics_version", "value": %s}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("precious", "line 1: cannot resume this file: it is no row of verifier score"),
        ("precious\n", "line 1: cannot resume this file: it is no row of verifier score"),
        ("[]\n", "line 1: cannot resume this file: it is no row of verifier score"),
        (
            '{"id": "b", "aggregate_reward_score": 1.0, "metrics_list": []}\n',
            'line 1: cannot resume this file: found the id "b", expected "a", that of line 1 of ',
        ),
        (
            f'{{"id": "a", "metrics_list": [{_VERSION % SEMANTICS_VERSION}]}}\n' * 2,
            "samples.jsonl has only 1 samples",
        ),
        (
            '{"id": "a", "aggregate_reward_score": 1.0, "metrics_list": [], "details": {}}\n',
            "line 1: found a row with details; add --details",
        ),
        (
            f'{{"id": "a", "metrics_list": [{_VERSION % (SEMANTICS_VERSION + 1)}]}}\n',
            f"found a row of semantics version {SEMANTICS_VERSION + 1}, expected",
        ),
        (
            '{"id": "a", "aggregate_reward_score": 1.0, "metrics_list": []}\n',
            "found a row of no semantics version, expected",
        ),
    ],
)
def test_a_file_of_other_samples_is_refused(tmp_path: Path, content: str, message: str) -> None:
    """The error names the line, and the file stays as it is."""
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    source.write_text(sample(sample_id="a"))
    out.write_text(content)

    done = score(source, "--out", out, "--resume")

    assert done.returncode == 2
    assert message in done.stderr
    assert out.read_text() == content


@pytest.mark.parametrize("arguments", [(), ("--out", "-")])
def test_resume_needs_a_file(source: Path, arguments: tuple[str, ...]) -> None:
    """Standard output has no rows so far."""
    done = score(source, "--resume", *arguments)

    assert done.returncode == 2
    assert "--resume" in done.stderr
    assert "needs --out" in done.stderr


def test_a_device_cannot_be_resumed(source: Path) -> None:
    """The message says what is needed."""
    done = score(source, "--resume", "--out", "/dev/null")

    assert done.returncode == 2
    assert "--resume needs a regular file" in done.stderr
