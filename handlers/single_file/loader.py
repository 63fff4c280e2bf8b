"""Start the reward function from a single file.

In: an archive of its modules, as text. Out: its handler. The zygotes are processes of their own,
which need real files: so the archive is unpacked, once for every version, into a directory that
nobody else can write to. This module's text is the beginning of the single file: it has to be
read, up to its first sentence, by Pythons that cannot run the rest.
Must not know: what it starts.
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
    """Return the handler that is in *archive*, as `handlers.single_file.bundle` packs it."""
    packed = base64.b85decode("".join(archive.split()))
    files = json.loads(zlib.decompress(packed))
    digest = hashlib.sha256(packed).hexdigest()
    place = unpack(files, digest, Path(tempfile.gettempdir()))
    handler = _import_from(place)
    _seal(place)
    return handler


def unpack(files: dict[str, str], digest: str, parent: Path) -> Path:
    """Return the directory in *parent* that holds just these *files*.

    It is used again by whoever starts next. Another user may have been there first, or a cleaner
    of old files: then the files go into a new directory, which ends with this process.
    """
    place = parent / f"{_NAME}-{os.geteuid()}-{digest[:16]}"
    if _holds(place, files):
        return place
    draft = Path(tempfile.mkdtemp(prefix=f"{_NAME}-", dir=parent))
    _write(draft, files)
    try:
        draft.rename(place)
    except OSError:
        if _holds(place, files):  # somebody was faster
            shutil.rmtree(draft)
            return place
        atexit.register(_remove, draft, os.getpid())
        return draft
    return place


def _write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _holds(place: Path, files: dict[str, str]) -> bool:
    """Tell whether *place* is ours alone, and whole."""
    try:
        status = place.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        return (
            is_ours
            and not status.st_mode & 0o077
            and all((place / name).read_text("utf-8") == text for name, text in files.items())
        )
    except (OSError, ValueError):
        return False


def _seal(place: Path) -> None:
    """Let nobody write there any more: guests may have this process's uid, but cannot `chmod`."""
    for path in [place, *place.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # another process is just compiling it
            path.chmod(0o500 if path.is_dir() else 0o400)


def _remove(place: Path, owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child must not take its parent's files away
    for path in [place, *place.rglob("*")]:
        path.chmod(0o700)
    shutil.rmtree(place)


def _import_from(place: Path) -> object:
    """Import the handler, whatever else in this process may have modules of these names."""
    theirs = _take_modules_out()
    sys.path.insert(0, str(place))
    try:
        return importlib.import_module(
            "nova_code_verifier.handlers.single_file.plain_reward"
        ).lambda_handler
    finally:
        sys.path.remove(str(place))
        _take_modules_out()  # our functions know their modules without it
        sys.modules.update(theirs)


def _take_modules_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
