"""Empty a guest's work directory, whatever a guest did to it.

A guest can nest directories deeper than any stack or path allows, and close them to their owner.
The zygote empties the directory after every guest, and the host removes it when the worker ends. A
zygote loads this module, so it imports next to nothing.
"""

import itertools
import time

# By name: in a zygote, `os` has substitutes for guests. (`pathlib` would make every zygote bigger.)
from os import chmod, rename, rmdir, scandir, unlink


def empty(directory: str) -> None:
    """Remove everything in *directory*, however deep, and open it to its owner again.

    Do it without recursion: move the entries of each directory up one level and remove the
    directory, until none is left. Raises OSError if something cannot be removed.
    """
    chmod(directory, 0o700)  # noqa: PTH101  (a guest may have closed it)
    fresh_names = (f"{directory}/{time.monotonic_ns()}.{number}" for number in itertools.count())
    while entries := list(scandir(directory)):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                chmod(entry.path, 0o700)  # noqa: PTH101
                for inner in list(scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        chmod(inner.path, 0o700)  # noqa: PTH101  (else it cannot be moved)
                    rename(inner.path, next(fresh_names))  # noqa: PTH104
                rmdir(entry.path)  # noqa: PTH106
            else:
                unlink(entry.path)  # noqa: PTH108


def remove(directory: str) -> None:
    """Remove *directory* and everything in it, as far as possible."""
    try:
        empty(directory)
        rmdir(directory)  # noqa: PTH106
    except OSError:
        pass  # no later directory has the same name
