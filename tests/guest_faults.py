"""Faults of the machine, at the real place: guests that are killed, memory that is too small."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor

_PAUSE_SECONDS = 0.005
_GROUPS = Path("/sys/fs/cgroup")

Choice = Callable[[Sequence[int]], Sequence[int]]
"""Of the guests of one zygote, in the order of their start, returns those to kill."""


def every(guests: Sequence[int]) -> Sequence[int]:
    """Choose all guests."""
    return guests


def candidate(guests: Sequence[int]) -> Sequence[int]:
    """Choose the candidate of a session."""
    return guests[:-1]


def harness(guests: Sequence[int]) -> Sequence[int]:
    """Choose the harness of a session."""
    return guests[1:]


class Killer:
    """Sends SIGKILL to guests from outside, as the kernel does where memory is short."""

    def __init__(self, executor: LocalExecutor, choose: Choice = every, *, times: float) -> None:
        """Kill so many guests of *executor*, as long as the `with` block lasts."""
        self._executor, self._choose, self._times = executor, choose, times
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.killed: set[int] = set()

    def __enter__(self) -> "Killer":
        """Start to kill."""
        assert self._executor.level  # its zygotes are ready
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            with suppress(RuntimeError):  # the executor starts more zygotes just now
                for zygote in self._executor.zygote_pids:
                    self._kill(self._choose(guests_of(zygote)))

    def _kill(self, guests: Sequence[int]) -> None:
        for guest in guests:
            if len(self.killed) < self._times and guest not in self.killed:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(guest, 9)
                    self.killed.add(guest)


def guests_of(zygote: int) -> list[int]:
    """Return the guests of a zygote, the oldest first.

    Each has a session of its own. The trial processes of a zygote that starts have none.
    """
    try:
        children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
        return [pid for pid in map(int, children) if os.getsid(pid) == pid]
    except OSError:
        return []


@contextmanager
def memory_group(limit_bytes: int) -> Iterator[Path]:
    """Make a control group with this memory, for a process of a test to enter."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    own, limit = (
        (_GROUPS / "memory" / paths["memory"].lstrip("/"), "memory.limit_in_bytes")
        if "memory" in paths
        else (_GROUPS / paths[""].lstrip("/"), "memory.max")
    )
    group = own / f"verifier-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    try:
        try:
            (group / limit).write_text(str(limit_bytes))
        except OSError as error:
            pytest.skip(f"the memory of a control group cannot be limited: {error}")
        yield group
    finally:
        group.rmdir()


def free_bytes(group: Path) -> int:
    """Return how much memory is left in a group if the kernel drops all pages of files."""
    version = "1" if (group / "memory.limit_in_bytes").exists() else "2"
    names = {"1": ("limit_in_bytes", "usage_in_bytes"), "2": ("max", "current")}[version]
    limit, used = (int((group / f"memory.{name}").read_text()) for name in names)
    stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return limit - used + int(stat["inactive_file"]) + int(stat["active_file"])


def kernel_kills(group: Path) -> int:
    """Return how many processes of a group the kernel has killed for lack of memory."""
    version_1 = group / "memory.oom_control"
    file = version_1 if version_1.exists() else group / "memory.events"
    return int(dict(line.split() for line in file.read_text().splitlines())["oom_kill"])
