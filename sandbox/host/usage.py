"""Measure a guest from outside: its CPU time, waiting time, memory, threads and files.

A guest that has ended reads as None or 0. Its zygote, which reaps it, then reports the totals. If
this process is out of descriptors or memory, the functions raise OSError: otherwise a limit would
not be enforced, or files be counted as too many.
"""

import contextlib
import math
import os
import resource
import stat
import time
from pathlib import Path
from typing import NamedTuple

from nova_code_verifier.sandbox.confinement.processes import read_file, stat_fields
from nova_code_verifier.sandbox.errors import SHORTAGES
from nova_code_verifier.sandbox.protocol.progress import cpu_clock

_PAGE_BYTES = resource.getpagesize()
_BLOCK_BYTES = 512
# A program with all libraries of a scientific installation has a few thousand.
_MAPS_MAX = 2**14
# The first threads of a program are those that work. To look at hundreds would take too long.
_WAITING_THREADS_MAX = 16
# Fields of /proc/PID/stat, counted from the state.
_THREADS, _RESIDENT = 17, 21


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time of all threads of a process, or None if it has ended."""
    try:
        return time.clock_gettime(cpu_clock(pid))
    except OSError:
        return None


def waited_seconds(pid: int) -> float:
    """Return how long a process was ready to run but had no processor: the most of its threads.

    Programs that need a big stack do all their work in a thread, for which the first one waits. Not
    the sum: a program that sleeps could then have many threads wait for it.
    """
    waited = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task")[:_WAITING_THREADS_MAX]:  # noqa: PTH208  (often)
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                schedstat = read_file(f"/proc/{pid}/task/{thread}/schedstat")
                waited = max(waited, int(schedstat.split()[1]))
    except (OSError, IndexError, ValueError) as error:
        _raise_if_ours(error)
    return waited / 1e9


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open, or 0 if the kernel does not say."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size  # noqa: PTH116  (for every run)
    except OSError:
        return 0


def threads(pid: int) -> int:
    """Return how many threads a process has, or 0 if it has ended."""
    try:
        # It counts as a directory with one entry for each, and two of its own.
        return os.stat(f"/proc/{pid}/task").st_nlink - 2  # noqa: PTH116  (for every run)
    except OSError:
        return 0


def _raise_if_ours(error: Exception) -> None:
    """Raise *error* if this process, and not the measured one, is the reason for it."""
    if isinstance(error, OSError) and error.errno in SHORTAGES:
        raise error


class Usage(NamedTuple):
    """What a process uses now."""

    resident_bytes: int
    threads: int


def usage(pid: int) -> Usage:
    """Return memory and threads of a process."""
    try:
        fields = stat_fields(pid)
        return Usage(int(fields[_RESIDENT]) * _PAGE_BYTES, int(fields[_THREADS]))
    except (OSError, IndexError, ValueError) as error:
        _raise_if_ours(error)
        return Usage(0, 0)


def peak_usage(pid: int) -> Usage:
    """Return the most memory that a process has held, even between two looks; and its threads."""
    try:
        status = read_file(f"/proc/{pid}/status")
        _, _, peak = status.partition(b"\nVmHWM:")
        _, _, threads = status.partition(b"\nThreads:")
        return Usage(int(peak.split(None, 1)[0]) * 1024, int(threads.split(None, 1)[0]))
    except (OSError, IndexError, ValueError) as error:
        _raise_if_ours(error)
        return Usage(0, 0)


def holds_too_much(directory: Path, *, bytes_max: float, files_max: int) -> bool:
    """Return whether the files below *directory* are too many, or too big together.

    A directory that cannot be read, because it is closed or too deep for a path, is too much.
    """
    room, count, pending = bytes_max, 0, [os.fspath(directory)]
    just_removed = contextlib.suppress(FileNotFoundError, NotADirectoryError)
    try:
        while pending:
            with just_removed, os.scandir(pending.pop()) as entries:
                for entry in entries:
                    count += 1
                    with contextlib.suppress(FileNotFoundError):
                        room -= entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                    if room < 0 or count > files_max:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
    except OSError as error:
        _raise_if_ours(error)
        return True
    return False


def nameless_bytes(pid: int, directory: Path, *, files_max: int) -> float:
    """Return the size of files without a name that a process has open, or maps, on a disk.

    It is infinite if there are more than *files_max*: each takes an inode of the disk, and memory
    of the kernel. So it is for more maps than any program has. The disk is that of *directory*.
    What the kernel does not let us see is not counted: it shows open files of another user only
    with CAP_SYS_PTRACE, and maps only with CAP_SYS_ADMIN.
    """
    sizes: dict[int, int] = {}
    device, count = directory.stat().st_dev, 0
    for folder in ("fd", "map_files"):
        with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/{folder}") as entries:
            for entry in entries:
                count += 1
                with contextlib.suppress(OSError):
                    file = entry.stat()
                    if not file.st_nlink and file.st_dev == device and stat.S_ISREG(file.st_mode):
                        sizes[file.st_ino] = file.st_blocks * _BLOCK_BYTES
                if len(sizes) > files_max or count > _MAPS_MAX:
                    return math.inf
    return sum(sizes.values())
