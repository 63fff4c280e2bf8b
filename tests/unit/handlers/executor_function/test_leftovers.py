"""Finding what candidates left behind, and nothing else."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_code_verifier.handlers.executor_function.leftovers import Leftovers
from nova_code_verifier.sandbox.confinement import kernel
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run
from tests.paths import REPOSITORY


def refused() -> None:
    """Raise OSError, as some kernels do."""
    raise OSError


@pytest.fixture(autouse=True)
def private_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Use a private directory for temporary files; do not adopt orphans of other tests."""
    tmp_path.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kernel, "adopt_orphans", refused)


@pytest.fixture
def leftovers() -> Leftovers:
    """Note what is there, before the executor starts."""
    (Path(tempfile.gettempdir()) / "there before").touch()
    return Leftovers()


@pytest.fixture
def executor(leftovers: Leftovers) -> Iterator[LocalExecutor]:
    """Start an executor, and run a candidate that writes a file."""
    del leftovers  # it had to be there before
    with LocalExecutor(workers=1) as executor:
        list(executor.run([Job(program="open('x', 'w').close()", questions=(Run(),))]))
        yield executor


def files(found: list[str]) -> list[str]:
    """Leave out processes: other programs on this machine start some too."""
    return [name for name in found if name.startswith("file ")]


def test_the_executor_and_earlier_files_are_not_leftovers(
    leftovers: Leftovers, executor: LocalExecutor
) -> None:
    """After an honest candidate nothing is found: not the zygotes, not earlier files."""
    assert files(leftovers.found(executor)) == []
    assert not {f"process {pid}" for pid in executor.zygote_pids} & set(leftovers.found(executor))


def test_the_executors_of_sessions_are_not_leftovers(
    leftovers: Leftovers, executor: LocalExecutor
) -> None:
    """Their zygotes and directories are known, and a file in one of these is found."""
    sessions = executor.with_sessions(("json",))
    list(sessions.run([Job(program="open('x', 'w').close()", questions=(Run(),))]))

    assert files(leftovers.found(executor)) == []
    assert not {f"process {pid}" for pid in sessions.zygote_pids} & set(leftovers.found(executor))
    Path(sessions.writable_directories[0], "left").touch()
    assert files(leftovers.found(executor)) == ["file left"]


@pytest.mark.parametrize(
    "directory", ["temporary", "the workers'", "a worker's", "a guest's", "a guest's temporary"]
)
def test_a_new_file_is_found_and_removed(
    leftovers: Leftovers, executor: LocalExecutor, directory: str
) -> None:
    """A new directory is found and removed, wherever guests could write."""
    work, tmp = map(Path, executor.writable_directories[:2])
    left = {
        "temporary": Path(tempfile.gettempdir()),
        "the workers'": work.parent.parent,
        "a worker's": work.parent,
        "a guest's": work,
        "a guest's temporary": tmp,
    }
    (left[directory] / "left").mkdir()
    (left[directory] / "left" / "inside").touch()

    found = files(leftovers.found(executor))

    assert found == ["file left"]
    wipe_files(leftovers, executor)
    assert files(leftovers.found(executor)) == []


def wipe_files(leftovers: Leftovers, executor: LocalExecutor) -> None:
    """Remove only files: new processes belong to other programs on this machine."""
    for path in leftovers._new_files(executor):
        leftovers._remove(path)


def test_a_new_process_is_found(leftovers: Leftovers, executor: LocalExecutor) -> None:
    """If orphans are not adopted, every new process on the machine is found."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        found = leftovers.found(executor)
        stranger.kill()

    assert f"process {stranger.pid}" in found


ADOPTING = """
import os, subprocess, sys
from nova_code_verifier.handlers.executor_function.leftovers import Leftovers
from nova_code_verifier.sandbox.host.local import LocalExecutor
leftovers = Leftovers()
with LocalExecutor(workers=1) as executor:
    executor.level
    assert leftovers.found(executor) == [], leftovers.found(executor)
    subprocess.run(["sh", "-c", "setsid sleep 60 & setsid true &"])
    (found,) = [name for name in leftovers.found(executor) if name.startswith("process")][:1]
    leftovers.wipe(executor)
    while any(name.startswith("process") for name in leftovers.found(executor)):
        pass
"""


def test_orphans_are_adopted_found_and_killed(tmp_path: Path) -> None:
    """A process that left its session and lost its parent is found and killed."""
    environment = {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}

    subprocess.run(
        [sys.executable, "-c", ADOPTING],
        check=True,
        timeout=60,
        env=environment | {"PATH": "/usr/bin:/bin"},
    )
