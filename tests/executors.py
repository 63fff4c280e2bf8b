"""Real executors that stay warm for the whole run; tests of real guests use both levels.

The fixtures are an executor with two workers, one with a single worker, and `run`, which runs one
program in the first. A level that this kernel refuses is skipped, with its reason.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Execution, IsolationLevel, Job, Limits, Run


@pytest.fixture(
    scope="session", params=[IsolationLevel.KERNEL, IsolationLevel.INTERPRETER], ids=str
)
def level(request: pytest.FixtureRequest) -> IsolationLevel:
    """Return a level that this kernel grants."""
    wanted: IsolationLevel = request.param
    try:
        with LocalExecutor(workers=1, level=wanted) as executor:
            return executor.level
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture(scope="session")
def executor(level: IsolationLevel) -> Iterator[LocalExecutor]:
    """Keep two workers warm."""
    with LocalExecutor(workers=2, level=level) as executor:
        yield executor


@pytest.fixture(scope="session")
def lone_worker(level: IsolationLevel) -> Iterator[LocalExecutor]:
    """Keep one worker warm, in which every job finds what the job before it left."""
    with LocalExecutor(workers=1, level=level) as executor:
        yield executor


@pytest.fixture(scope="session")
def run(executor: LocalExecutor) -> Callable[..., Execution]:
    """Return a function that runs one program: `run(program, stdin=b"...", wall_seconds=1)`."""

    def run_program(program: str, stdin: bytes = b"", **limits: Any) -> Execution:
        job = Job(program=program, questions=(Run(stdin=stdin),), limits=Limits(**limits))
        [(_, (execution,))] = executor.run([job])
        return execution

    return run_program
