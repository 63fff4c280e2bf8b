"""Busy processes."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from nova_code_verifier.handlers.cli.audit.load import busy_processors


def children() -> set[str]:
    """Return the processes that this one has started and that have not ended."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_processes_end_with_the_block() -> None:
    """They run inside the block, and none is left behind it, also after an error."""
    before = children()
    with suppress(LookupError), busy_processors(2):
        started = children() - before
        raise LookupError

    assert len(started) == 2
    assert children() == before


def test_processes_end_if_the_audit_is_killed() -> None:
    """A busy process notices that its parent has gone."""
    program = (
        "import os, pathlib\n"
        "from nova_code_verifier.handlers.cli.audit.load import busy_processors\n"
        "with busy_processors(1):\n"
        "    task = pathlib.Path(f'/proc/self/task/{os.getpid()}/children')\n"
        "    print(task.read_text(), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)

    path = Path("/proc", done.stdout.decode().strip(), "stat")
    while path.exists() and " Z " not in path.read_text():  # the time limit of the test ends it
        time.sleep(0.05)
