"""A root file system, written straight into a tar: nothing is unpacked on the way.

In: files of this machine, and where they belong. Out: a tar in which everything belongs to
root and can be read by everybody. Must not know: what the files are for.
"""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_NEEDED = re.compile(r"^\s+(?:\S+ => )?(/\S+)", re.MULTILINE)


class RootTar:
    """The tar, for the length of a `with` block. The first to take a place keeps it."""

    def __init__(self, path: Path) -> None:
        """Write to *path*."""
        self._tar = tarfile.open(path, "w")  # noqa: SIM115  (closed at the end of the block)
        self._taken: set[str] = set()
        self._binaries: list[Path] = []

    def __enter__(self) -> "RootTar":
        """Be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the tar."""
        self._tar.close()

    def add_directory(self, place: str, *, mode: int = 0o755) -> None:
        """Add an empty directory."""
        entry = tarfile.TarInfo(place.lstrip("/"))
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._add(entry)

    def add_text(self, place: str, text: str, *, mode: int = 0o644) -> None:
        """Add a file with this *text*."""
        content = text.encode("utf-8")
        entry = tarfile.TarInfo(place.lstrip("/"))
        entry.size, entry.mode = len(content), mode
        self._add(entry, content)

    def add_link(self, place: str, target: str) -> None:
        """Add a symbolic link."""
        entry = tarfile.TarInfo(place.lstrip("/"))
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._add(entry)

    def add_file(self, source: Path, place: str) -> None:
        """Add the file that *source* leads to, with its time, as compiled modules need it."""
        content = source.read_bytes()
        status = source.stat()
        entry = tarfile.TarInfo(place.lstrip("/"))
        entry.size, entry.mtime = len(content), int(status.st_mtime)
        entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
        if content.startswith(b"\x7fELF"):
            self._binaries.append(source)
        self._add(entry, content)

    def add_tree(self, source: Path, place: str, *, without: re.Pattern[str]) -> None:
        """Add all files below *source*, but those whose path below it matches *without*."""
        for path in sorted(source.rglob("*")):
            below = path.relative_to(source).as_posix()
            if path.is_file() and not without.search(f"/{below}"):
                self.add_file(path, f"{place}/{below}")

    def add_libraries(self, *, other_than_below: Iterable[Path], also: Iterable[str]) -> None:
        """Add the libraries that the programs added so far need, where they are here.

        Those named in *also* are looked for beside them.
        """
        ldd = ["ldd", *map(str, self._binaries)]
        found = subprocess.run(ldd, capture_output=True, text=True, check=False).stdout
        needed = {Path(match) for match in _NEEDED.findall(found)}
        needed |= {
            beside for path in needed for name in also if (beside := path.parent / name).exists()
        }
        for path in sorted(needed):
            if not any(path.is_relative_to(tree) for tree in other_than_below):
                self.add_file(path, str(path))

    def _add(self, entry: tarfile.TarInfo, content: bytes = b"") -> None:
        for parent in reversed(PurePosixPath(entry.name).parents[:-1]):
            if str(parent) not in self._taken:
                self.add_directory(str(parent))
        if entry.name not in self._taken:
            self._taken.add(entry.name)
            self._tar.addfile(entry, io.BytesIO(content))
