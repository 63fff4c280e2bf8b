"""The meeting point: its lock, its name, and how owners start from unusual places."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nova_code_verifier
from nova_code_verifier.adapters.client import connect
from nova_code_verifier.adapters.core import Grader
from nova_code_verifier.adapters.meeting_point import MeetingPoint, name_for
from nova_code_verifier.handlers.settings import read_settings
from nova_code_verifier.sandbox.errors import SandboxError

GRADE = """
from nova_code_verifier.adapters.core import Rollout, grade_many
[grade] = grade_many([Rollout("```python\\nprint(3)\\n```", {"inputs": ["1"], "outputs": ["3"]})])
print(grade.reward, grade.problem)
"""


@pytest.fixture
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory for temporary files, with the directory of meeting points in it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"nova-code-verifier-{os.geteuid()}").mkdir(0o700)
    return tmp_path


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.usefixtures("tmp")
def test_a_forked_child_does_not_keep_the_lock() -> None:
    """A worker that is forked while its parent starts an owner must not lock out the next owner."""
    point = MeetingPoint("name")
    lock = point.lock()
    assert lock is not None
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready[1], b"1")
        os.close(go[1])
        os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    point.leave_lock(lock)

    again = point.lock()
    os.close(go[1])
    os.waitpid(child, 0)

    assert again is not None
    point.leave_lock(again)
    point.close()


@pytest.mark.usefixtures("tmp")
def test_the_socket_of_a_dead_owner_is_removed() -> None:
    """That of an owner that holds its lock stays."""
    dead, living, new = (MeetingPoint(name) for name in ("dead", "living", "new"))
    listeners = dead.listen(), living.listen()
    lock = living.lock()
    assert lock is not None

    new.remove_leftovers()

    sockets = {path.name for path in new.path.glob("*.socket")}
    assert sockets == {"living.socket"}
    living.leave_lock(lock)
    for opened in (*listeners, dead, living, new):
        opened.close()


def test_a_changed_file_behind_a_link_changes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders of the package are links in a clone: an owner of old code is not used there."""
    package, folder = tmp_path / "package", tmp_path / "folder"
    package.mkdir()
    folder.mkdir()
    (package / "__init__.py").touch()
    (folder / "module.py").touch()
    (package / "sub").symlink_to(folder)
    monkeypatch.setattr(nova_code_verifier, "__file__", str(package / "__init__.py"))
    before = name_for(read_settings({}))

    os.utime(folder / "module.py", (2**31, 2**31))

    assert name_for(read_settings({})) != before


def test_an_unusable_lock_is_an_error_that_names_the_directory(tmp: Path) -> None:
    """An error of the system becomes a SandboxError, which the client retries and reports."""
    [directory] = tmp.iterdir()
    (directory / "name.lock").mkdir()
    point = MeetingPoint("name")

    with pytest.raises(SandboxError, match=f"cannot take the lock in {directory}: Is a directory"):
        point.lock()
    point.close()


def test_the_client_learns_why_an_owner_cannot_start(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that cannot write its log reports the reason, and no traceback."""
    [directory] = tmp.iterdir()
    settings = Grader().settings
    (directory / f"{name_for(settings)}.log").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp))

    with pytest.raises(SandboxError, match="does not start: cannot write the log in") as caught:
        connect(settings, os.environ)

    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("is_removed", [False, True])
def test_the_current_directory_does_not_matter(tmp_path: Path, *, is_removed: bool) -> None:
    """An owner starts in a directory with a `json.py`, and in one that was removed."""
    directory = tmp_path / "current"
    directory.mkdir()
    (directory / "json.py").write_text("raise RuntimeError('the wrong json')")
    # The trainer has imported the right json, and Python looks for modules here.
    program = f"import json, sys\nsys.path.insert(0, '')\n{GRADE}"
    if is_removed:
        program = f"import os, shutil\nshutil.rmtree(os.getcwd())\n{program}"

    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=directory,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("1.0 \n", "")
