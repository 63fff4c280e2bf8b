"""A process, or a zygote, that has no descriptors left."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Ending, Job, Run
from nova_code_verifier.verifier.types import Sample

MOST = 30
TEST = "import math\ndef test():\n    numbers = [1]\n    f(numbers)\n    assert numbers == [1, 2]\n"
STDIO = {"inputs": ["4", "5"], "outputs": ["8", "10"]}
CALLS = {"fn_name": "f", "inputs": [[4], [5]], "outputs": [8, 10]}


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Let this process open only *count* descriptors more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(open_descriptors()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    held = []
    with suppress(OSError):
        while True:
            held.append(os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit + count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in held:
            os.close(fd)


def open_descriptors() -> list[int]:
    """Return the descriptors of this process."""
    return [int(path.name) for path in Path("/proc/self/fd").iterdir()]


def entries(number: int) -> list[Entry]:
    """Return a right program for each kind of guest, and a wrong one, which no cache knows."""
    programs: list[tuple[str, object]] = [
        ("print(2 * int(input()))", STDIO),
        ("import sys\nprint(2 * int(sys.stdin.read()))", STDIO),
        ("def f(n): return n + n", CALLS),
        ("def f(numbers): numbers.append(2)", TEST),
        ("print(3)", STDIO),
    ]
    return [
        Entry(
            id=None,
            sample=Sample(completion=f"```python\n{text}  # {number}\n```", reference=tests),
        )
        for text, tests in programs
    ]


def test_a_shortage_at_any_place_is_an_outage() -> None:
    """With few descriptors, a batch is an outage; with more, every verdict is right."""
    with LocalExecutor(workers=1) as executor:
        service = Service(executor, replace(Settings(), control_samples=0))

        def rewards(number: int) -> dict[int, float | None]:
            return {out.index: out.score.reward for out in service.score(entries(number))}

        right = rewards(MOST)
        before = len(open_descriptors())
        outages, graded = 0, 0
        for count in range(MOST):
            with descriptors_left(count):
                try:
                    assert rewards(count) == right
                    graded += 1
                except SandboxError as error:
                    assert "Too many open files" in str(error)  # noqa: PT017
                    outages += 1
            if graded == 2:
                break
        assert rewards(MOST + 1) == right
        assert len(open_descriptors()) == before

    assert graded == 2
    assert outages > 10


def test_a_guest_that_cannot_be_measured_is_an_outage() -> None:
    """Its files are not counted as too many, nor its memory as none."""
    writer = "import time\nopen('x', 'w').write('1')\ntime.sleep(0.6)\nprint('done')"
    jobs = [Job(program=text, questions=(Run(),)) for text in ("print(1)", writer)]
    with LocalExecutor(workers=1) as executor:
        batch = executor.run(jobs)
        assert next(batch)[0] == 0  # by now, the second one runs

        with descriptors_left(0), pytest.raises(SandboxError, match="Too many open files"):
            list(batch)

        assert next(executor.run(jobs[1:]))[1][0].stdout == b"done\n"


def test_a_zygote_without_descriptors_is_replaced() -> None:
    """The same job gets its verdict from another zygote."""
    job = Job(program="print(input())", questions=(Run(stdin=b"x"),))
    with LocalExecutor(workers=1) as executor:
        list(executor.run([job]))
        (zygote,) = executor.zygote_pids
        _, hard = resource.prlimit(zygote, resource.RLIMIT_NOFILE)
        resource.prlimit(zygote, resource.RLIMIT_NOFILE, (5, hard))

        [(_, (execution,))] = executor.run([job])

        assert (execution.ending, execution.stdout) == (Ending.FINISHED, b"x\n")
        assert executor.zygote_pids != (zygote,)
