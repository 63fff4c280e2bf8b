"""The directory of an executor: locked while its owner lives, and removed after its owner's death.

In: nothing. Out: a new directory and the descriptor of its lock. The kernel releases the lock when
the last process that holds it ends, even by SIGKILL. So the next executor can tell what a dead one
left from what a living one uses.
"""

import fcntl
import json
import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from nova_code_verifier.sandbox.confinement.processes import process_ids, read_file
from nova_code_verifier.sandbox.guest import work_directory

_PREFIX = "verifier-guests-"
_EXIT_SECONDS = 2.0
_START_SCRIPT = b"sandbox/guest/start.py"


def new_directory() -> tuple[Path, int]:
    """Make a directory; return its path and the descriptor of its lock. Raises OSError."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        try:
            lock = _open(path)
        except FileNotFoundError:
            continue  # another process has just taken it for a leftover
        except OSError:
            path.rmdir()
            raise
        if _take(lock) and path.exists():
            os.fchmod(lock, 0o711)  # a guest with its own uid must reach its work directory
            return path, lock
        os.close(lock)


def remove_leftovers() -> None:
    """Remove the directories of dead executors of our user, and kill what still runs in them.

    Everybody can make files of any name beside them. So only a directory counts, never a link to
    one; our user must own it, and nobody may hold its lock.
    """
    with suppress(OSError):
        parent = Path(tempfile.gettempdir()).resolve()
        for path in [path for path in parent.iterdir() if path.name.startswith(_PREFIX)]:
            with suppress(OSError):  # in use, somebody else's, or no directory
                _remove_leftover(path)


def end_processes(directory: Path) -> None:
    """Kill the zygotes and guests with directories below *directory*. Raises OSError.

    Wait until they have ended: nobody may change the directory while it is removed.
    """
    deadline = time.monotonic() + _EXIT_SECONDS
    mark = json.dumps(f"{directory}/")[1:-1].encode("ascii")
    while [pid for pid in process_ids() if _runs_in(pid, mark) and _kill(pid)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes in {directory} do not end")
        time.sleep(0.002)


def _take(lock: int) -> bool:
    """Lock a directory; return False if another process holds the lock."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # this file system has no locks: nobody can take the directory for a leftover
    return True


def _remove_leftover(path: Path) -> None:
    lock = _open(path)
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end_processes(path)
            # By its descriptor: a path could lead somewhere else by now.
            work_directory.empty(f"/proc/self/fd/{lock}")
            path.rmdir()
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _runs_in(pid: int, mark: bytes) -> bool:
    """Return whether a process was started as a zygote, or forked from one, with this *mark*."""
    try:
        arguments = read_file(f"/proc/{pid}/cmdline")
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False  # it has ended, or is none of ours
    return mark in arguments and _START_SCRIPT in arguments


def _kill(pid: int) -> bool:
    """Kill a process; return whether it was there, and ours."""
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True
