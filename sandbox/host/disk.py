"""The disk of the guests' directories: whether it is full.

All guests share it. A program whose file cannot be written because of another one's files must not
be judged by that. So the event loop asks again, alone, what ran while the disk was full.
"""

import math
import os
import time
from pathlib import Path

SPARE_BYTES = 16 * 2**20
SPARE_FILES = 2**10
"""A disk with less free space than this, or with room for fewer files, counts as full."""
LOOK_SECONDS = 0.02


class Disk:
    """A disk, and when it was last seen to be full."""

    def __init__(self, directory: Path) -> None:
        """Watch the disk of *directory*."""
        self._directory = os.fspath(directory)
        self._full_at = -math.inf
        self._next_look = 0.0

    @property
    def description(self) -> str:
        """Say what is missing, and what to do."""
        return (
            f"the disk of {self._directory} is full: less than {SPARE_BYTES >> 20} MiB or "
            f"{SPARE_FILES} inodes are free; make room, or set TMPDIR to another disk"
        )

    def is_full(self) -> bool:
        """Look. A directory that is not there is another problem."""
        try:
            status = os.statvfs(self._directory)
        except OSError:
            return False
        # A file system with a total of 0 does not count its inodes.
        lacks_inodes = status.f_files > 0 and status.f_favail < SPARE_FILES
        is_full = lacks_inodes or status.f_bavail * status.f_frsize < SPARE_BYTES
        if is_full:
            self._full_at = time.monotonic()
        return is_full

    def became_full(self, now: float) -> bool:
        """Look, unless the last look was just now."""
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_SECONDS
        return self.is_full()

    def was_full_since(self, moment: float) -> bool:
        """Return whether the disk is full, or was seen to be from *moment* on."""
        return self.is_full() or self._full_at >= moment
