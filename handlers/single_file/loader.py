"""Start the reward function from a single file.

In: an archive of its modules, as text. Out: its handler. The zygotes are processes of their own and
need real files, so the archive is unpacked: once for each version, into a directory that nobody
else can write to.

The text of this module is the beginning of the single file. A Python that is too old must be able
to parse all of it, and to run it up to the version check.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (see above)
    raise RuntimeError(
        "this reward function needs Python 3.11, 3.12 or 3.13, and was started with {}.{}: "
        "choose another runtime for it".format(*sys.version_info)
    )

import atexit
import base64
import contextlib
import hashlib
import importlib
import json
import os
import shutil
import stat
import tempfile
import zlib
from pathlib import Path
from types import ModuleType

_PACKAGES = ("RestrictedPython", "nova_code_verifier")
_NAME = "nova-code-verifier"


def load(archive: str) -> object:
    """Return the handler in *archive*, which `handlers/single_file/bundle.py` packed."""
    packed = base64.b85decode("".join(archive.split()))
    files = json.loads(zlib.decompress(packed))
    digest = hashlib.sha256(packed).hexdigest()
    directory = unpack(files, digest, Path(tempfile.gettempdir()))
    handler = _import_from(directory)
    _make_read_only(directory)
    return handler


def unpack(files: dict[str, str], digest: str, parent: Path) -> Path:
    """Return a directory in *parent* that holds exactly *files*.

    Processes that start later use the same directory. If another user created it, or a cleaner of
    old files changed it, the files go into a new directory, which is removed with this process.
    """
    directory = parent / f"{_NAME}-{os.geteuid()}-{digest[:16]}"
    if _holds(directory, files):
        return directory
    draft = Path(tempfile.mkdtemp(prefix=f"{_NAME}-", dir=parent))
    for name, text in files.items():
        path = draft / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        draft.rename(directory)
    except OSError:
        if _holds(directory, files):  # another process was faster
            shutil.rmtree(draft)
            return directory
        atexit.register(_remove, draft, os.getpid())
        return draft
    return directory


def _holds(directory: Path, files: dict[str, str]) -> bool:
    """Return whether *directory* is closed to other users, and holds all *files* unchanged."""
    try:
        status = directory.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        return (
            is_ours
            and not status.st_mode & 0o077
            and all((directory / name).read_text("utf-8") == text for name, text in files.items())
        )
    except (OSError, ValueError):
        return False


def _make_read_only(directory: Path) -> None:
    """Remove all write permissions: guests may have this process's uid, but cannot `chmod`."""
    for path in [directory, *directory.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # another process is compiling this file
            path.chmod(0o500 if path.is_dir() else 0o400)


def _remove(directory: Path, owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child must not remove its parent's files
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o700)
    shutil.rmtree(directory)


def _import_from(directory: Path) -> object:
    """Import the handler, even if this process has other modules of the same names."""
    foreign = _unload_modules()
    sys.path.insert(0, str(directory))
    try:
        return importlib.import_module("nova_code_verifier.handlers.reward").lambda_handler
    finally:
        sys.path.remove(str(directory))
        _unload_modules()  # our functions keep references to their own modules
        sys.modules.update(foreign)


def _unload_modules() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
