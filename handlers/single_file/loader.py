"""Start the reward function from a single file.

In: an archive of its modules, as text. Out: its handler. The zygotes are processes of their own and
need real files, so each process unpacks the archive into a new directory of its own. A directory of
an earlier process may hold more than the archive did: whatever ran as this user could add modules
or byte code.

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
import fcntl
import importlib
import json
import os
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from types import ModuleType

_PACKAGES = ("RestrictedPython", "nova_code_verifier")
_NAME = "nova-code-verifier"
_LOCKED_AFTER_SECONDS = 60.0


def load(archive: str) -> object:
    """Return the handler in *archive*, which `handlers/single_file/bundle.py` packed."""
    packed = base64.b85decode("".join(archive.split()))
    files = json.loads(zlib.decompress(packed))
    directory = unpack(files, Path(tempfile.gettempdir()))
    handler = _import_from(directory)
    _make_read_only(directory)
    return handler


def unpack(files: dict[str, str], parent: Path) -> Path:
    """Return a new directory in *parent* that holds exactly *files*.

    It is removed with this process. Directories of processes that were killed are removed, too.
    """
    for leftover in parent.glob(f"{_NAME}-{os.geteuid()}-*"):
        _remove_leftover(leftover)
    directory = Path(tempfile.mkdtemp(prefix=f"{_NAME}-{os.geteuid()}-", dir=parent))
    # The kernel frees the lock when this process ends, however it ends.
    fcntl.flock(os.open(directory, os.O_RDONLY | os.O_CLOEXEC), fcntl.LOCK_EX)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    atexit.register(_remove, directory, os.getpid())
    return directory


def _remove_leftover(directory: Path) -> None:
    """Remove a directory if it is ours, and the process that locked it has ended."""
    with contextlib.suppress(OSError):
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            # A process that has just made its directory may not have locked it yet.
            is_old = time.time() - status.st_mtime > _LOCKED_AFTER_SECONDS
            if is_old and status.st_uid == os.geteuid():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(directory, os.getpid())
        finally:
            os.close(fd)


def _make_read_only(directory: Path) -> None:
    """Remove all write permissions: guests may have this process's uid, but cannot `chmod`."""
    for path in [directory, *directory.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # another process is compiling this file
            path.chmod(0o500 if path.is_dir() else 0o400)


def _remove(directory: Path, owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child must not remove its parent's files
    for path in [directory, *directory.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


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
