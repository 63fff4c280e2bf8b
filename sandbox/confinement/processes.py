"""Read `/proc`: which processes there are, and what the kernel says about one.

A zygote loads this module, so it imports next to nothing.
"""

import os


def process_ids() -> list[int]:
    """Return the pids of all processes that this one can see."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def stat_fields(pid: int | str) -> list[bytes]:
    """Return the fields of `/proc/PID/stat` that follow the name: the first is the state.

    A process chooses its own name, which may hold spaces and brackets. Raises OSError if the
    process has ended.
    """
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  (on every tick)
        return file.read().rpartition(b")")[2].split()
