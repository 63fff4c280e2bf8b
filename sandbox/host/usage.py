"""What the kernel knows about a guest, read from outside.

In: a pid, a directory. Out: seconds and bytes. A guest that has ended reads as None or 0:
its parent, the zygote, then has the last word. Must not know: any limit.
"""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement.processes import stat_fields

_PAGE_BYTES = resource.getpagesize()
_BLOCK_BYTES = 512
# Fields of /proc/PID/stat, counted from the one after the process's name.
_THREADS, _RESIDENT = 17, 21


def cpu_seconds(pid: int) -> float | None:
    """CPU time of a process, all threads, in nanosecond steps."""
    try:
        # The number that clock_getcpuclockid(3) computes for a process's CPU clock.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


def waited_seconds(pid: int) -> float:
    """Time in which the process's first thread was ready to run and no processor was free."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:  # noqa: PTH123  (on every tick)
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Usage(NamedTuple):
    """What a process holds now."""

    resident_bytes: int
    threads: int


def usage(pid: int) -> Usage:
    """Memory and threads of a process."""
    try:
        fields = stat_fields(pid)
        return Usage(int(fields[_RESIDENT]) * _PAGE_BYTES, int(fields[_THREADS]))
    except (OSError, IndexError, ValueError):
        return Usage(0, 0)


def holds_too_much(directory: Path, *, bytes_max: int, files_max: int) -> bool:
    """Tell whether the files below *directory* are too many or too big, taken together.

    What cannot be looked at, closed or too deep for a path, is too much.
    """
    room, count = bytes_max, 0
    try:
        for entry in _walk(os.fspath(directory)):
            count += 1
            room -= _size(entry)
            if room < 0 or count > files_max:
                return True
    except OSError:
        return True
    return False


def _walk(directory: str) -> Iterator[os.DirEntry[str]]:
    pending = [directory]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone while we looked


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
    except FileNotFoundError:
        return 0
