"""Empty a guest's work directory, whatever a guest did to it.

A guest can nest directories deeper than any stack or path allows, and close them to their owner.
Where the kernel does not prevent it, a guest can also remove the directory, move it away, or put
something else in its place. The zygote renews the directory after every guest, and the host removes
it when the worker ends. A zygote loads this module, so it imports next to nothing.
"""

import itertools
import time

# By name: in a zygote, `os` has substitutes for guests. (`pathlib` would make every zygote bigger.)
from os import (
    chdir,
    chmod,
    chown,
    lstat,
    mkdir,
    rename,
    rmdir,
    scandir,
    stat_result,
    unlink,
)
from stat import S_IMODE, S_ISDIR

_MODE = 0o700


class WorkDirectories:
    """The directories of a worker's guests, as they were before the first guest."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        """Remember who owns the directories *paths*. The first is the current directory."""
        self._paths = paths
        first = lstat(paths[0])
        self._current = (first.st_dev, first.st_ino)
        self._owner = (first.st_uid, first.st_gid)

    def renew(self) -> None:
        """Empty all directories; make those anew that are not there any more.

        Raises OSError if something cannot be removed.
        """
        for path in self._paths:
            status = _directory_status(path)
            if status is None:
                mkdir(path, _MODE)  # noqa: PTH102
                chown(path, *self._owner)
                status = lstat(path)
            elif S_IMODE(status.st_mode) != _MODE:
                chmod(path, _MODE)  # noqa: PTH101  (a guest has closed it)
            if path == self._paths[0] and (status.st_dev, status.st_ino) != self._current:
                # The current directory is the one that a guest has removed or moved.
                chdir(path)
                self._current = (status.st_dev, status.st_ino)
            empty(path)


def _directory_status(path: str) -> stat_result | None:
    """Return the status of a directory. Return None if there is none, and unlink what is there."""
    try:
        status = lstat(path)
    except FileNotFoundError:
        return None
    if S_ISDIR(status.st_mode):
        return status
    unlink(path)  # noqa: PTH108  (a file, or a link: never follow it)
    return None


def empty(directory: str) -> None:
    """Remove everything in *directory*, however deep.

    Do it without recursion: move the entries of each directory up one level and remove the
    directory, until none is left. Raises OSError if something cannot be removed.
    """
    fresh_names = (f"{directory}/{time.monotonic_ns()}.{number}" for number in itertools.count())
    while entries := list(scandir(directory)):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                chmod(entry.path, _MODE)  # noqa: PTH101
                for inner in list(scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        chmod(inner.path, _MODE)  # noqa: PTH101  (else it cannot be moved)
                        rename(inner.path, next(fresh_names))  # noqa: PTH104
                    else:
                        unlink(inner.path)  # noqa: PTH108
                rmdir(entry.path)  # noqa: PTH106
            else:
                unlink(entry.path)  # noqa: PTH108


def remove(directory: str) -> None:
    """Remove *directory* and everything in it, as far as possible."""
    try:
        if _directory_status(directory) is not None:
            chmod(directory, _MODE)  # noqa: PTH101
            empty(directory)
            rmdir(directory)  # noqa: PTH106
    except OSError:
        pass  # no later directory has the same name
