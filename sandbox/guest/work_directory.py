"""A guest's work directory, and how it is emptied whatever a guest did to it.

In: a path. Out: nothing is left below it. A guest can nest deeper than any stack or path
allows, and close directories to their owner. Runs in the zygote after every guest, and in
its keeper when the worker ends; a zygote loads this, so it imports next to nothing.
"""

import itertools
import os
import time


def empty(directory: str) -> None:
    """Remove all that is in *directory*, however deep, and open it to its owner again.

    Without recursion: a directory's entries are moved up one floor, and the directory
    removed, until there is none. Raises OSError if something cannot be removed.
    """
    os.chmod(directory, 0o700)  # noqa: PTH101  (a guest may have closed it)
    fresh_names = (f"{directory}/{time.monotonic_ns()}.{number}" for number in itertools.count())
    while entries := list(os.scandir(directory)):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)  # noqa: PTH101
                for inner in list(os.scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        os.chmod(inner.path, 0o700)  # noqa: PTH101  (else it cannot be moved)
                    os.rename(inner.path, next(fresh_names))  # noqa: PTH104
                os.rmdir(entry.path)  # noqa: PTH106
            else:
                os.unlink(entry.path)  # noqa: PTH108


def remove(directory: str) -> None:
    """Remove *directory* with all that is in it, as far as it can be done."""
    try:
        empty(directory)
        os.rmdir(directory)  # noqa: PTH106
    except OSError:
        pass  # its names are never used again
