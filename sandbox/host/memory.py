"""The memory that there is for guests: that of the machine, its control group or its function.

In: files of the kernel, and a variable of Lambda's. Out: how much guests may take, and how many
workers that is enough for.

A guest that the kernel kills for lack of memory, within its own limit, is an outage. So no
candidate may run whose limit does not fit: it could choose that outage.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath

from nova_code_verifier.sandbox.errors import SandboxError

RESERVED_BYTES = 256 * 2**20
"""For our own process and the zygotes."""
_MIB = 2**20
_FUNCTION_MB = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"


@cache
def bytes_for_guests() -> float:
    """Return how much memory all guests together may take; infinity if nothing limits it."""
    return find_limit(Path("/"), os.environ) - RESERVED_BYTES


def find_limit(root: Path, environment: Mapping[str, str]) -> float:
    """Return the memory of the machine, of our control group or of the function: the least.

    The files of the kernel are below *root*.
    """
    limits = [*_machine_limit(root), *_group_limits(root)]
    with suppress(KeyError, ValueError):
        limits.append(int(environment[_FUNCTION_MB]) * _MIB)
    return min(limits, default=math.inf)


def fitting_workers(
    wanted: int | None, *, default: int, guest_bytes: int, guests_bytes: float
) -> int:
    """Return how many workers to start: those that are *wanted*; or *default*, or fewer that fit.

    Each has guests of up to *guest_bytes*, and there are *guests_bytes* for all of them. Raises
    SandboxError if that is too little for one worker, or for those that are wanted.
    """
    fitting = int(min(guests_bytes / guest_bytes, wanted or default))
    if fitting < (wanted or 1):
        advice = f"set workers to {fitting} or less" if fitting > 0 else "give it more memory"
        advice += ", or lower memory_mb" if guests_bytes > 0 else ""
        raise SandboxError(
            f"workers: {wanted or 1} with guests of up to {_mb(guest_bytes)} (memory_mb) "
            f"{_do_not_fit(guests_bytes)}; {advice}"
        )
    return fitting


def refusal(needed_bytes: int, guests_bytes: float) -> str:
    """Return why a task that may take *needed_bytes* must not run; "" if it may."""
    if needed_bytes <= guests_bytes:
        return ""
    return (
        f"limits.memory_mb: guests of up to {_mb(needed_bytes)}, with the harness if there is one, "
        f"{_do_not_fit(guests_bytes)}; lower it, or give this machine more memory"
    )


def _do_not_fit(guests_bytes: float) -> str:
    total, own = _mb(guests_bytes + RESERVED_BYTES), _mb(RESERVED_BYTES)
    return f"do not fit the {total} of this machine, of which the verifier itself needs {own}"


def _mb(size: float) -> str:
    return f"{size / _MIB:.0f} MB"


def _machine_limit(root: Path) -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                yield int(line.split()[1]) * 1024


def _group_limits(root: Path) -> Iterator[int]:
    """Yield the limits of our control group, and of those above it: version 2, or version 1."""
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0":
                mount, name = root / "sys/fs/cgroup", "memory.max"
            elif "memory" in controllers.split(","):
                mount, name = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
            else:
                continue
            # In a container, the path may be that of the host. The mount is the container's own.
            group = PurePosixPath(path.removeprefix("/"))
            for above in (group, *group.parents):
                with suppress(OSError, ValueError):  # "max"
                    yield int((mount / above / name).read_text())
