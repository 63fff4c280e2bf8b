"""Real executors, warm for the whole run: every test of real guests meets both levels.

In: nothing. Out: an executor with two lanes, one with a single lane, and `run`, which puts
one program through the first. A level that this kernel refuses is skipped, with its reason.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Execution, Job, Level, Limits, Run


@pytest.fixture(scope="session", params=[Level.KERNEL, Level.INTERPRETER], ids=str)
def level(request: pytest.FixtureRequest) -> Level:
    """Name a level that this kernel grants."""
    wanted: Level = request.param
    try:
        with LocalExecutor(lanes=1, level=wanted) as executor:
            return executor.level
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture(scope="session")
def executor(level: Level) -> Iterator[LocalExecutor]:
    """Keep two lanes warm."""
    with LocalExecutor(lanes=2, level=level) as executor:
        yield executor


@pytest.fixture(scope="session")
def lone_lane(level: Level) -> Iterator[LocalExecutor]:
    """Keep one lane warm, in which every job meets what the one before it left."""
    with LocalExecutor(lanes=1, level=level) as executor:
        yield executor


@pytest.fixture(scope="session")
def run(executor: LocalExecutor) -> Callable[..., Execution]:
    """Run one program: `run(program, stdin=b"...", wall_seconds=1)`."""

    def run_program(program: str, stdin: bytes = b"", **limits: Any) -> Execution:
        job = Job(program=program, questions=(Run(stdin=stdin),), limits=Limits(**limits))
        [(_, (execution,))] = executor.run([job])
        return execution

    return run_program
