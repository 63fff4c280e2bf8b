"""A page of memory in which a harness says how far it is, and its keeper reads that.

The keeper opens a nameless file. The harness's guest maps it and closes it, and the candidate's
guest never has it. A message for each request would wake the keeper each time; this costs nothing.
"""

import mmap
import os
import struct
import time
from typing import NamedTuple

PAGE_BYTES = mmap.PAGESIZE
# In native format, which writes each number at once. The number of the item comes last once more:
# a page with two different ones was read while it was written.
_PAGE = struct.Struct("@QddddQ")
_WAITING_SINCE = struct.Struct("@d")
_WAITING_SINCE_AT = 32
# Tests may patch them.
_clock_gettime, _monotonic, _process_time = time.clock_gettime, time.monotonic, time.process_time


class Progress(NamedTuple):
    """How far a harness is.

    `item` counts the test items that it has begun. Times are in seconds: of the clock of the
    candidate's CPU time and of the harness's own, when the item began; and of `time.monotonic`,
    when it began, and since when the harness waits for the candidate (0 if it does not wait).
    """

    item: int = 0
    candidate_cpu: float = 0.0
    harness_cpu: float = 0.0
    started: float = 0.0
    waiting_since: float = 0.0


def read_progress(fd: int, *, item_min: int = 0) -> Progress | None:
    """Read a page, on the keeper's side; return None if the harness is just writing it.

    Before the first item, all fields are zero. They are for a moment, too, whenever the harness
    writes the page (`pack_into` clears it first): so pass the item that was read before.
    """
    data = os.pread(fd, _PAGE.size, 0)
    *fields, item_again = _PAGE.unpack(data.ljust(_PAGE.size, b"\0"))
    progress = Progress(*fields)
    return progress if item_min <= progress.item == item_again else None


def cpu_clock(pid: int) -> int:
    """Return the number of a process's CPU clock, as clock_getcpuclockid(3) computes it."""
    return (~pid << 3) | 2


class ProgressPage:
    """The page, on the harness's side."""

    def __init__(self, fd: int, candidate_pid: int) -> None:
        """Map the file *fd*, which can be closed afterwards."""
        self._memory = mmap.mmap(fd, PAGE_BYTES)
        self._item = 0
        self._candidate_clock = cpu_clock(candidate_pid)

    def candidate_cpu(self) -> float:
        """Return the CPU time that the candidate has used so far; 0 if it has ended."""
        try:
            return _clock_gettime(self._candidate_clock)
        except OSError:
            return 0.0

    def begin_item(self) -> None:
        """Begin a test item: from now on, its limits count."""
        self._item += 1
        now = _monotonic()
        marks = self.candidate_cpu(), _process_time(), now, 0.0
        _PAGE.pack_into(self._memory, 0, self._item, *marks, self._item)

    def begin_wait(self) -> None:
        """Say that the harness waits for the candidate."""
        _WAITING_SINCE.pack_into(self._memory, _WAITING_SINCE_AT, _monotonic())

    def end_wait(self) -> None:
        """Say that the harness has its answer, or that it serves a request of the candidate's."""
        _WAITING_SINCE.pack_into(self._memory, _WAITING_SINCE_AT, 0.0)
