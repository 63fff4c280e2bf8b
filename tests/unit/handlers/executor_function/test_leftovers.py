"""What candidates left behind is found; what was there, or is ours, is not."""

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
    """Refuse, as some kernels do."""
    raise OSError


@pytest.fixture(autouse=True)
def private_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have temporary files apart from everybody else's; adopt nobody for all of the run."""
    tmp_path.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kernel, "adopt_orphans", refused)


@pytest.fixture
def traces() -> Leftovers:
    """Look around."""
    (Path(tempfile.gettempdir()) / "there before").touch()
    return Leftovers()


@pytest.fixture
def executor(traces: Leftovers) -> Iterator[LocalExecutor]:
    """Start an executor afterwards, and use it."""
    del traces  # it had to be there before
    with LocalExecutor(workers=1) as executor:
        list(executor.run([Job(program="open('x', 'w').close()", questions=(Run(),))]))
        yield executor


def files(found: list[str]) -> list[str]:
    """Leave processes out: others on this machine start some, too."""
    return [one for one in found if one.startswith("file ")]


def test_an_executor_and_what_was_there_are_no_traces(
    traces: Leftovers, executor: LocalExecutor
) -> None:
    """After an honest candidate there is nothing, though it wrote a file."""
    assert files(traces.found(executor)) == []
    assert not {f"process {pid}" for pid in executor.zygote_pids} & set(traces.found(executor))


@pytest.mark.parametrize("place", ["temporary", "the workers'", "a worker"])
def test_a_new_file_is_found_and_removed(
    traces: Leftovers, executor: LocalExecutor, place: str
) -> None:
    """Wherever guests might have written: in a worker, beside it, or in the temporary directory."""
    worker = Path(executor.work_directories[0])
    left = {
        "temporary": Path(tempfile.gettempdir()),
        "the workers'": worker.parent,
        "a worker": worker,
    }
    (left[place] / "left").mkdir()
    (left[place] / "left" / "inside").touch()

    found = files(traces.found(executor))

    assert found == ["file left"]
    traces_of_files(traces, executor)
    assert files(traces.found(executor)) == []


def traces_of_files(traces: Leftovers, executor: LocalExecutor) -> None:
    """Wipe files alone: processes that are new here are other people's."""
    for path in traces._new_files(executor):
        traces._remove(path)


def test_a_new_process_is_found(traces: Leftovers, executor: LocalExecutor) -> None:
    """Where orphans are not adopted, all that is new is a stranger."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        found = traces.found(executor)
        stranger.kill()

    assert f"process {stranger.pid}" in found


ADOPTING = """
import os, subprocess, sys
from nova_code_verifier.handlers.executor_function.leftovers import Leftovers
from nova_code_verifier.sandbox.host.local import LocalExecutor
traces = Leftovers()
with LocalExecutor(workers=1) as executor:
    executor.level
    assert traces.found(executor) == [], traces.found(executor)
    subprocess.run(["sh", "-c", "setsid sleep 60 & setsid true &"])
    (found,) = [one for one in traces.found(executor) if one.startswith("process")][:1]
    traces.wipe(executor)
    while any(one.startswith("process") for one in traces.found(executor)):
        pass
"""


def test_orphans_are_adopted_found_and_ended(tmp_path: Path) -> None:
    """A process that left its session and lost its parent is ours again, and is ended."""
    environment = {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}

    subprocess.run(
        [sys.executable, "-c", ADOPTING],
        check=True,
        timeout=60,
        env=environment | {"PATH": "/usr/bin:/bin"},
    )
