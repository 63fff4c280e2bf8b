"""Real executors that stay warm for the whole run; tests of real guests use both levels.

The fixtures are an executor with two workers, one with a single worker, and `run`, which runs one
program in the first. A level that this kernel refuses is skipped, with its reason. A `Cell` is an
executor of any kind, and what a test of behaviours has to know of it.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import (
    Execution,
    IsolationLevel,
    Job,
    Limits,
    Run,
    TimedExecutor,
)
from tests.executor_function import LoopbackFunction


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An executor with one worker, in which every job finds what the job before it left.

    `lose_worker` kills that worker, or the function that holds it. `zygotes` returns its process
    ids, where they are known. A *strict* guest is watched by its audit hook alone.
    """

    executor: TimedExecutor
    level: IsolationLevel
    is_strict: bool
    forgets_ctypes: bool
    lose_worker: Callable[[], None]
    zygotes: Callable[[], tuple[int, ...]] = tuple


def local_cell(executor: LocalExecutor) -> Cell:
    """Return the cell of an executor of this machine."""

    def lose_worker() -> None:
        for pid in executor.zygote_pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    has_landlock = bool(executor.granted.get("landlock"))
    return Cell(
        executor=executor,
        level=executor.level,
        is_strict=executor.level is IsolationLevel.INTERPRETER or not has_landlock,
        forgets_ctypes=bool(executor.granted.get("forgets_ctypes", True)),
        lose_worker=lose_worker,
        zygotes=lambda: executor.zygote_pids,
    )


@contextmanager
def function_cell(level: IsolationLevel) -> Iterator[Cell]:
    """Start an executor function on this machine, with guests at *level*."""
    with LoopbackFunction(level) as function:
        with LocalExecutor(workers=1, level=level) as here:
            like = local_cell(here)
        with RemoteExecutor(function, _start_trusted, concurrency=1, required=level) as executor:
            yield Cell(
                executor=executor,
                level=executor.level,
                is_strict=like.is_strict,
                forgets_ctypes=like.forgets_ctypes,
                lose_worker=function.kill,
            )


def _start_trusted(modules: tuple[str, ...]) -> LocalExecutor:
    return LocalExecutor(workers=1, preloaded=modules)
