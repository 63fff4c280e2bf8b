"""Keep processors busy, to find out which problems depend on an idle machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# A busy process ends by itself if this one is killed.
_PROGRAM = """
import os, sys
parent = int(sys.argv[1])
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@contextmanager
def busy_processors(count: int) -> Iterator[None]:
    """Run *count* processes that need all the time that they get, until the block ends."""
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(os.getpid())]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        while len(processes) < count:
            processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
