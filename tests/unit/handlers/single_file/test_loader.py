"""The single file's way into real files, where others can write too."""

import ast
import stat
import sys
from pathlib import Path

import pytest

from nova_code_verifier.handlers.single_file.bundle import build
from nova_code_verifier.handlers.single_file.loader import unpack

FILES = {"handlers/__init__.py": "", "handlers/door.py": "OPEN = 'é'\n"}
DIGEST = "0123456789abcdef0"


def contents(place: Path) -> dict[str, str]:
    """Read all files below *place*."""
    files = [path for path in place.rglob("*") if path.is_file()]
    return {path.relative_to(place).as_posix(): path.read_text("utf-8") for path in files}


def test_the_files_are_there_and_private(tmp_path: Path) -> None:
    """What was packed is unpacked, where no other user can look or write."""
    place = unpack(FILES, DIGEST, tmp_path)

    assert contents(place) == FILES
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [place]


def test_the_files_are_used_again(tmp_path: Path) -> None:
    """A warm start unpacks nothing."""
    first = unpack(FILES, DIGEST, tmp_path)
    written = (first / "handlers/door.py").stat().st_ino

    assert unpack(FILES, DIGEST, tmp_path) == first
    assert (first / "handlers/door.py").stat().st_ino == written


def test_another_version_has_another_place(tmp_path: Path) -> None:
    """Two files of different versions do not meet."""
    assert unpack(FILES, DIGEST, tmp_path) != unpack(FILES, "f" * 20, tmp_path)


@pytest.mark.parametrize("how", ["open", "changed", "lacking", "a link", "a file"])
def test_a_directory_that_is_not_ours_alone_is_not_used(how: str, tmp_path: Path) -> None:
    """What another user planted, or a cleaner spoilt, is never imported."""
    place = unpack(FILES, DIGEST, tmp_path)
    match how:
        case "open":
            place.chmod(0o777)
        case "changed":
            (place / "handlers/door.py").write_text("OPEN = 'evil'\n")
        case "lacking":
            (place / "handlers/door.py").unlink()
        case "a link":
            place.rename(tmp_path / "elsewhere")
            place.symlink_to(tmp_path / "elsewhere")
        case "a file":
            place.rename(tmp_path / "elsewhere")
            place.write_text("")

    other = unpack(FILES, DIGEST, tmp_path)

    assert other != place
    assert contents(other) == FILES


def test_a_directory_of_another_user_s_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns it could change it at any time."""
    ours = unpack(FILES, DIGEST, tmp_path)
    uid = ours.stat().st_uid
    planted = ours.rename(tmp_path / ours.name.replace(f"-{uid}-", f"-{uid + 1}-"))
    monkeypatch.setattr("os.geteuid", lambda: uid + 1)

    assert planted.name.startswith(f"nova-code-verifier-{uid + 1}-")
    assert unpack(FILES, DIGEST, tmp_path) != planted


def test_who_comes_second_takes_what_the_first_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that start at once end up in one place, and leave no draft behind."""
    rename = Path.rename

    def rename_late(draft: Path, place: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        unpack(FILES, DIGEST, tmp_path)
        return rename(draft, place)

    monkeypatch.setattr(Path, "rename", rename_late)

    place = unpack(FILES, DIGEST, tmp_path)

    assert contents(place) == FILES
    assert list(tmp_path.iterdir()) == [place]


def test_an_old_python_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.9 can read the file as far as the sentence that it is too old."""
    text = build()
    ast.parse(text, feature_version=(3, 9))
    monkeypatch.setattr(sys, "version_info", (3, 9, 25, "final", 0))

    with pytest.raises(RuntimeError, match=r"needs Python 3\.11, .* started with 3\.9"):
        exec(text, {})


def test_the_same_modules_give_the_same_file() -> None:
    """Nobody needs to wonder what changed."""
    assert build() == build()
