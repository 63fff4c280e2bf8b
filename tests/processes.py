"""Look at processes, and wait for what they do."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nova_code_verifier.sandbox.confinement.processes import process_ids, stat_fields
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import ENVIRONMENT

_WAIT_SECONDS = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds. Raises TimeoutError."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)


def processes_in(directory: Path) -> list[int]:
    """Return the zygotes and guests that have a directory below *directory*."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes()
            if b"guest/start.py" in arguments and f"{directory}/".encode() in arguments:
                found.append(int(process.name))
    return found


def descendants(root: int) -> set[int]:
    """Return all descendants of a process. Orphans may be elsewhere."""
    parents: dict[int, int] = {}
    for pid in process_ids():
        with suppress(OSError):
            parents[pid] = int(stat_fields(pid)[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {root}


def is_running(pid: int) -> bool:
    """Return whether a process is there, and has not ended."""
    try:
        return stat_fields(pid)[0] != b"Z"
    except OSError:
        return False


def start_python(program: str, temporary: Path) -> subprocess.Popen[str]:
    """Start a program that uses the package."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
    )
