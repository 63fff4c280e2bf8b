"""Tests of the memory that there is for guests."""

import math
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.host.memory import find_limit, fitting_workers
from nova_code_verifier.sandbox.types import Cause, Ending, IsolationLevel, Job, Limits, Run

MIB, GIB = 2**20, 2**30
UNLIMITED = "9223372036854771712"

MACHINES: dict[str, tuple[dict[str, str], float]] = {
    "machine": ({"proc/meminfo": "MemTotal:  4194304 kB\nMemFree:  1 kB\n"}, 4 * GIB),
    "a group above ours": (
        {
            "proc/meminfo": "MemTotal:  4194304 kB\n",
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/memory.max": f"{GIB}\n",
        },
        GIB,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "5:cpu,memory:/a\n2:cpuset:/\n0::/\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{GIB}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{UNLIMITED}\n",
        },
        GIB,
    ),
    "a container that shows the path of its host": (
        {
            "proc/self/cgroup": "0::/docker/abc\n",
            "sys/fs/cgroup/memory.max": f"{GIB}\n",
        },
        GIB,
    ),
    "nothing known": ({"proc/self/cgroup": "nonsense", "proc/meminfo": ""}, math.inf),
}


@pytest.mark.parametrize("name", MACHINES)
def test_the_least_limit_counts(name: str, tmp_path: Path) -> None:
    """That of the machine, of a control group, or of one above it."""
    files, expected = MACHINES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert find_limit(tmp_path, {}) == expected


def test_a_function_has_the_memory_that_its_environment_names(tmp_path: Path) -> None:
    """Lambda's machine is bigger than its function."""
    assert find_limit(tmp_path, {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}) == 1769 * MIB


@pytest.mark.parametrize(
    ("wanted", "guests_bytes", "expected"),
    [
        (None, 10 * GIB, 4),
        (None, math.inf, 4),
        (None, 1.5 * GIB, 3),
        (2, 1.5 * GIB, 2),
        (3, 1.5 * GIB, 3),
        (None, GIB / 2, 1),
    ],
)
def test_there_are_as_many_workers_as_fit(
    wanted: int | None, guests_bytes: float, expected: int
) -> None:
    """Each with a guest at its limit."""
    found = fitting_workers(wanted, default=4, guest_bytes=GIB // 2, guests_bytes=guests_bytes)

    assert found == expected


@pytest.mark.parametrize(
    ("wanted", "guests_bytes", "advice"),
    [
        (4, 1.5 * GIB, "set workers to 3 or less, or lower memory_mb"),
        (1, GIB / 4, "give it more memory, or lower memory_mb"),
        (None, -MIB, "give it more memory$"),
    ],
)
def test_workers_that_do_not_fit_are_refused(
    wanted: int | None, guests_bytes: float, advice: str
) -> None:
    """The message names the setting and what would fit."""
    with pytest.raises(SandboxError, match=f"^workers: {wanted or 1} .* 512 MB .*{advice}"):
        fitting_workers(wanted, default=4, guest_bytes=GIB // 2, guests_bytes=guests_bytes)


def test_a_limit_that_does_not_fit_this_machine_is_an_outage() -> None:
    """Its candidate could make the kernel kill it within the limit; other jobs run."""
    big = Job(program="print(1)", questions=(Run(), Run()), limits=Limits(memory_bytes=2**50))
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as executor:
        found = dict(executor.run([big, Job(program="print(1)", questions=(Run(),))]))

    assert [(each.ending, each.cause) for each in found[0]] == [(Ending.NOT_RUN, Cause.NO_ROOM)] * 2
    assert found[0][0].detail.startswith("limits.memory_mb: guests of up to 1073741824 MB")
    assert found[1][0].ending is Ending.FINISHED
