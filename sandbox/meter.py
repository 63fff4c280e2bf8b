"""What the kernel knows about a guest, read from outside.

In: a pid, a directory. Out: seconds and bytes. A guest that has ended reads as None or 0:
its parent, the zygote, then has the last word. Must not know: any limit.
"""

import os
import resource
import time
from pathlib import Path

_PAGE_BYTES = resource.getpagesize()
_BLOCK_BYTES = 512


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


def resident_bytes(pid: int) -> int:
    """Memory that the process holds now."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123  (on every tick)
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def holds_too_much(directory: Path, *, bytes_max: int, files_max: int) -> bool:
    """Tell whether the files below *directory* are too many or too big, taken together."""
    pending, room, count = [os.fspath(directory)], bytes_max, 0
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    count += 1
                    room -= entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                    if room < 0 or count > files_max:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue  # gone, or closed to us, while we looked
    return False
