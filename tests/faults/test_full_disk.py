"""A disk that is full: `RLIMIT_FSIZE` refuses the bytes that do not fit, as a full disk does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.disk import SPARE_FILES
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Cause, Execution, Job, Run
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import ENVIRONMENT, no_completions, verifier

ROOM_BYTES = 20_000
LIMITED = """
import resource
from nova_code_verifier.handlers.cli.app import main
resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, ROOM_BYTES))
main()
"""


def with_room(arguments: Iterable[str | Path], room_bytes: int) -> subprocess.CompletedProcess[str]:
    """Run the command line; no file of it can be longer than *room_bytes*."""
    return subprocess.run(
        # -B: without room, Python would write a part of a file of byte code, and never notice.
        [sys.executable, "-B", "-c", f"ROOM_BYTES = {room_bytes}\n{LIMITED}", *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        timeout=100,
        check=False,
    )


def test_a_full_disk_keeps_whole_rows_and_the_run_goes_on(tmp_path: Path) -> None:
    """One line says what happened, and `--resume` writes the rest."""
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    source.write_text(no_completions(60))

    done = with_room(["score", source, "--out", out], ROOM_BYTES)

    rows = out.read_text()
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"verifier: cannot write {out}: File too large"
    assert "Traceback" not in done.stderr
    assert 0 < len(rows) <= ROOM_BYTES
    assert rows.endswith("\n")
    assert [json.loads(row)["id"] for row in rows.splitlines()] == list(range(rows.count("\n")))

    rest = verifier("score", source, "--out", out, "--resume")

    assert rest.returncode == 0
    assert [json.loads(row)["id"] for row in out.read_text().splitlines()] == list(range(60))
    assert {path.name for path in tmp_path.iterdir()} == {source.name, out.name}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.parquet"])
def test_a_full_disk_ends_convert_with_one_line(tmp_path: Path, name: str) -> None:
    """A file of lines has whole ones."""
    source, out = tmp_path / "rows.in.jsonl", tmp_path / name
    row = {"prompt": "Double it.", "inputs": ["4"], "outputs": ["8"]}
    source.write_text("".join(f"{json.dumps(row | {'id': n})}\n" for n in range(300)))

    done = with_room(["convert", source, "--to", "nova", "--output", out], 400)

    assert done.returncode == 2
    assert done.stderr == f"verifier: cannot write {out}: File too large\n"
    if name.endswith(".jsonl"):
        assert out.read_text().endswith("\n")


@pytest.fixture
def small_disk(temporary: Path) -> Iterator[Path]:
    """Make the directory of temporary files a disk of its own, with room for a few files."""
    options = f"size=64m,nr_inodes={SPARE_FILES + 20}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(temporary)]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield temporary
    subprocess.run(["umount", temporary], check=True)


def test_a_start_on_a_full_disk_is_an_outage_that_leaves_nothing(small_disk: Path) -> None:
    """Whichever of its directories has no room. With room for a start only, no guest runs."""
    files = [small_disk / f"file-{number}" for number in range(os.statvfs(small_disk).f_favail)]
    for file in files:
        file.touch()
    outages = 0
    for room in range(8):
        try:
            assert run_one().cause is Cause.FULL_DISK
        except SandboxError:
            outages += 1
        assert set(small_disk.iterdir()) == set(files[room:])
        files[room].unlink()

    assert 0 < outages < 8
    for file in files[8:]:
        file.unlink()
    assert run_one().stdout == b"1\n"


def run_one() -> Execution:
    """Run a program in an executor of its own."""
    with LocalExecutor(workers=1) as executor:
        [(_, (execution,))] = executor.run([Job(program="print(1)", questions=(Run(),))])
    return execution


def test_a_directory_that_cannot_be_made_is_an_outage(temporary: Path) -> None:
    """The start says so, and nothing is left."""
    temporary.rmdir()

    with pytest.raises(SandboxError, match="no directory for the guests"):
        LocalExecutor(workers=1)
