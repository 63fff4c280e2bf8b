"""Renewing the directories of a worker's guests, whatever a guest made of them."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.guest.work_directory import WorkDirectories, remove


def move_into_each_other(work: Path, tmp: Path) -> None:
    """Move the work directory into the other one, and that into a new work directory."""
    work.rename(tmp / "x")
    work.mkdir()
    tmp.rename(work / "y")


def replace_by_link(work: Path, tmp: Path) -> None:
    """Put a link to a directory that is not the guest's in the place of each."""
    for path in (work, tmp):
        path.rmdir()
        path.symlink_to(work.parent / "foreign")


def nest(work: Path, _tmp: Path) -> None:
    """Make directories that are deeper than any path, and close each."""
    here = os.open(work, os.O_RDONLY)
    for _ in range(2100):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.fchmod(here, 0)
        os.close(here)
        here = deeper
    os.close(here)


def remove_both(work: Path, tmp: Path) -> None:
    """Remove both directories."""
    work.rmdir()
    tmp.rmdir()


def move(work: Path, tmp: Path) -> None:
    """Move the current directory into the other one."""
    work.rename(tmp / "x")


def replace_by_directory(work: Path, tmp: Path) -> None:
    """Put another directory, which is closed, in the place of the current one."""
    work.rename(tmp / "x")
    work.mkdir(0o311)


def replace_by_file(work: Path, _tmp: Path) -> None:
    """Put a file in the place of the current directory."""
    work.rmdir()
    work.write_text("x")


def close(work: Path, tmp: Path) -> None:
    """Close both directories to their owner."""
    work.chmod(0)
    tmp.chmod(0)


def link(work: Path, tmp: Path) -> None:
    """Make a link to a directory that is not the guest's."""
    (work / "link").symlink_to(tmp.parent / "foreign")


HOSTILE = (
    remove_both,
    move,
    move_into_each_other,
    replace_by_directory,
    replace_by_file,
    replace_by_link,
    close,
    link,
    nest,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_guest_did_the_next_one_finds_its_directories_as_at_first(
    hostile: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They exist, are empty and open to their owner only. No link is followed."""
    work, tmp, foreign = (tmp_path / name for name in ("work", "tmp", "foreign"))
    for directory in (work, tmp, foreign):
        directory.mkdir(0o700)
    foreign.chmod(0o755)
    (foreign / "file").write_text("x")
    monkeypatch.chdir(work)
    directories = WorkDirectories((str(work), str(tmp)))

    for _ in range(2):
        hostile(work, tmp)
        directories.renew()

        assert Path.cwd() == work
        for directory in (work, tmp):
            assert stat.S_IMODE(directory.lstat().st_mode) == 0o700
            assert list(directory.iterdir()) == []
    assert stat.S_IMODE(foreign.stat().st_mode) == 0o755
    assert list(foreign.iterdir()) == [foreign / "file"]


def test_a_link_in_the_place_of_a_directory_is_not_followed_when_it_is_removed(
    tmp_path: Path,
) -> None:
    """Only the link goes."""
    foreign, link = tmp_path / "foreign", tmp_path / "link"
    foreign.mkdir()
    (foreign / "file").write_text("x")
    link.symlink_to(foreign)

    remove(str(link))

    assert not link.is_symlink()
    assert (foreign / "file").exists()
