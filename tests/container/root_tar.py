"""Write a root file system as a tar, without unpacked files in between.

In: files of this machine, and their paths in the file system. Out: a tar in which every file
belongs to root and can be read by all users.
"""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_NEEDED = re.compile(r"^\s+(?:\S+ => )?(/\S+)", re.MULTILINE)


class RootTar:
    """The tar, for the length of a `with` block. The first file that is added at a path stays."""

    def __init__(self, path: Path) -> None:
        """Start to write a tar at *path*."""
        self._tar = tarfile.open(path, "w")  # noqa: SIM115  (closed at the end of the block)
        self._taken: set[str] = set()
        self._binaries: list[Path] = []

    def __enter__(self) -> "RootTar":
        """Return the tar."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the tar."""
        self._tar.close()

    def add_directory(self, target: str, *, mode: int = 0o755) -> None:
        """Add an empty directory."""
        entry = tarfile.TarInfo(target.lstrip("/"))
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._add(entry)

    def add_text(self, target: str, text: str, *, mode: int = 0o644) -> None:
        """Add a file with this *text*."""
        content = text.encode("utf-8")
        entry = tarfile.TarInfo(target.lstrip("/"))
        entry.size, entry.mode = len(content), mode
        self._add(entry, content)

    def add_link(self, target: str, destination: str) -> None:
        """Add a symbolic link to *destination*."""
        entry = tarfile.TarInfo(target.lstrip("/"))
        entry.type, entry.linkname = tarfile.SYMTYPE, destination
        self._add(entry)

    def add_file(self, source: Path, target: str) -> None:
        """Add a file, with its modification time, which compiled modules compare."""
        content = source.read_bytes()
        status = source.stat()
        entry = tarfile.TarInfo(target.lstrip("/"))
        entry.size, entry.mtime = len(content), int(status.st_mtime)
        entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
        if content.startswith(b"\x7fELF"):
            self._binaries.append(source)
        self._add(entry, content)

    def add_tree(self, source: Path, target: str, *, without: re.Pattern[str]) -> None:
        """Add all files below *source*, except those whose relative path matches *without*."""
        for path in sorted(source.rglob("*")):
            relative = path.relative_to(source).as_posix()
            if path.is_file() and not without.search(f"/{relative}"):
                self.add_file(path, f"{target}/{relative}")

    def add_libraries(self, *, except_below: Iterable[Path], also: Iterable[str]) -> None:
        """Add the libraries that the programs added so far need, at their paths on this machine.

        Libraries named in *also* are added if they are in the same directories.
        """
        ldd = ["ldd", *map(str, self._binaries)]
        found = subprocess.run(ldd, capture_output=True, text=True, check=False).stdout
        needed = {Path(match) for match in _NEEDED.findall(found)}
        needed |= {
            other for path in needed for name in also if (other := path.parent / name).exists()
        }
        for path in sorted(needed):
            if not any(path.is_relative_to(tree) for tree in except_below):
                self.add_file(path, str(path))

    def _add(self, entry: tarfile.TarInfo, content: bytes = b"") -> None:
        for parent in reversed(PurePosixPath(entry.name).parents[:-1]):
            if str(parent) not in self._taken:
                self.add_directory(str(parent))
        if entry.name not in self._taken:
            self._taken.add(entry.name)
            self._tar.addfile(entry, io.BytesIO(content))
