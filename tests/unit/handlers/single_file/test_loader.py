"""Unpacking the single file into a directory where other users may write too."""

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nova_code_verifier.handlers.single_file.bundle import build
from nova_code_verifier.handlers.single_file.loader import unpack

FILES = {"handlers/__init__.py": "", "handlers/reward.py": "OPEN = 'é'\n"}


def contents(directory: Path) -> dict[str, str]:
    """Return the texts of all files in *directory*."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {path.relative_to(directory).as_posix(): path.read_text("utf-8") for path in files}


def test_the_files_are_unpacked_into_a_private_directory(tmp_path: Path) -> None:
    """All files are in a directory that no other user can read or write."""
    directory = unpack(FILES, tmp_path)

    assert contents(directory) == FILES
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [directory]


def test_files_that_an_earlier_program_added_are_not_imported(tmp_path: Path) -> None:
    """Whatever ran as this user could write to the directory: the next start has a new one."""
    first = unpack(FILES, tmp_path)
    (first / "json.py").write_text("evil = True\n")
    (first / "handlers/more.py").write_text("evil = True\n")

    second = unpack(FILES, tmp_path)

    assert second != first
    assert contents(second) == FILES


def test_directories_of_processes_that_were_killed_are_removed(tmp_path: Path) -> None:
    """Those of processes that run are left alone, and so is where a link leads."""
    running = unpack(FILES, tmp_path)
    leftover = running.with_name(running.name + "-leftover")
    foreign, link = tmp_path / "foreign", running.with_name(running.name + "-link")
    for directory in (leftover, foreign):
        directory.mkdir()
    link.symlink_to(foreign)
    for directory in (running, leftover, foreign):
        os.utime(directory, (0, 0))

    another = unpack(FILES, tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([running, another, link, foreign])


def test_a_directory_is_removed_with_its_process(tmp_path: Path) -> None:
    """Nothing is left when the process ends, though the files are read-only by then."""
    program = (
        "import sys; from pathlib import Path\n"
        "from nova_code_verifier.handlers.single_file import loader\n"
        f"loader._make_read_only(loader.unpack({FILES!r}, Path(sys.argv[1])))\n"
        "print(len(list(Path(sys.argv[1]).iterdir())))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]

    assert subprocess.run(command, check=True, capture_output=True).stdout == b"1\n"
    assert list(tmp_path.iterdir()) == []


def test_an_old_python_gets_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.9 parses the single file, and raises the error that names the versions it needs."""
    text = build()
    ast.parse(text, feature_version=(3, 9))
    monkeypatch.setattr(sys, "version_info", (3, 9, 25, "final", 0))

    with pytest.raises(RuntimeError, match=r"needs Python 3\.11, .* started with 3\.9"):
        exec(text, {})
