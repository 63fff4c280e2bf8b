"""Unpacking the single file into a directory where other users may write too."""

import ast
import stat
import sys
from pathlib import Path

import pytest

from nova_code_verifier.handlers.single_file.bundle import build
from nova_code_verifier.handlers.single_file.loader import unpack

FILES = {"handlers/__init__.py": "", "handlers/reward.py": "OPEN = 'é'\n"}
DIGEST = "0123456789abcdef0"


def contents(directory: Path) -> dict[str, str]:
    """Return the texts of all files in *directory*."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {path.relative_to(directory).as_posix(): path.read_text("utf-8") for path in files}


def test_the_files_are_unpacked_into_a_private_directory(tmp_path: Path) -> None:
    """All files are in a directory that no other user can read or write."""
    directory = unpack(FILES, DIGEST, tmp_path)

    assert contents(directory) == FILES
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [directory]


def test_a_warm_start_unpacks_nothing(tmp_path: Path) -> None:
    """A second start uses the files of the first."""
    first = unpack(FILES, DIGEST, tmp_path)
    written = (first / "handlers/reward.py").stat().st_ino

    assert unpack(FILES, DIGEST, tmp_path) == first
    assert (first / "handlers/reward.py").stat().st_ino == written


def test_another_version_has_another_directory(tmp_path: Path) -> None:
    """Archives with different digests have different directories."""
    assert unpack(FILES, DIGEST, tmp_path) != unpack(FILES, "f" * 20, tmp_path)


@pytest.mark.parametrize("how", ["open", "changed", "lacking", "a link", "a file"])
def test_a_directory_that_was_changed_is_not_used(how: str, tmp_path: Path) -> None:
    """A directory that another user planted, or that lost a file, is replaced by a new one."""
    directory = unpack(FILES, DIGEST, tmp_path)
    match how:
        case "open":
            directory.chmod(0o777)
        case "changed":
            (directory / "handlers/reward.py").write_text("OPEN = 'evil'\n")
        case "lacking":
            (directory / "handlers/reward.py").unlink()
        case "a link":
            directory.rename(tmp_path / "elsewhere")
            directory.symlink_to(tmp_path / "elsewhere")
        case "a file":
            directory.rename(tmp_path / "elsewhere")
            directory.write_text("")

    other = unpack(FILES, DIGEST, tmp_path)

    assert other != directory
    assert contents(other) == FILES


def test_a_directory_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of a directory could change it at any time, so it is not used."""
    ours = unpack(FILES, DIGEST, tmp_path)
    uid = ours.stat().st_uid
    planted = ours.rename(tmp_path / ours.name.replace(f"-{uid}-", f"-{uid + 1}-"))
    monkeypatch.setattr("os.geteuid", lambda: uid + 1)

    assert planted.name.startswith(f"nova-code-verifier-{uid + 1}-")
    assert unpack(FILES, DIGEST, tmp_path) != planted


def test_the_slower_of_two_processes_uses_the_directory_of_the_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that start at once use one directory, and leave no draft behind."""
    rename = Path.rename

    def rename_late(draft: Path, directory: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        unpack(FILES, DIGEST, tmp_path)
        return rename(draft, directory)

    monkeypatch.setattr(Path, "rename", rename_late)

    directory = unpack(FILES, DIGEST, tmp_path)

    assert contents(directory) == FILES
    assert list(tmp_path.iterdir()) == [directory]


def test_an_old_python_gets_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.9 parses the single file, and raises the error that names the versions it needs."""
    text = build()
    ast.parse(text, feature_version=(3, 9))
    monkeypatch.setattr(sys, "version_info", (3, 9, 25, "final", 0))

    with pytest.raises(RuntimeError, match=r"needs Python 3\.11, .* started with 3\.9"):
        exec(text, {})
