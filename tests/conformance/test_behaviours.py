"""Every executor behaves in the same way: the list of `behaviours/table.py`, run on each.

All variants run on this machine at both levels. Where no level isolates, and over an executor
function, each behaviour is shown by one program or a few.
"""

import os
from collections.abc import Iterator

import pytest

from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel, Job, Run
from tests.conformance.behaviours.behaviour import Behaviour
from tests.conformance.behaviours.checks import FAULTS, check, check_next_sample
from tests.conformance.behaviours.limits import NAMELESS
from tests.conformance.behaviours.table import BEHAVIOURS
from tests.conformance.behaviours.target import Target, target_here
from tests.executors import Cell, function_cell, local_cell

_VARIANTS = [
    pytest.param((behaviour, name), id=f"{key}-{name}")
    for key, behaviour in BEHAVIOURS.items()
    if IsolationLevel.INTERPRETER in behaviour.levels
    for name in behaviour.variants
]


_KINDS = [
    ("local", IsolationLevel.NONE),
    ("function", IsolationLevel.KERNEL),
    ("function", IsolationLevel.INTERPRETER),
]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Make something to attack."""
    with target_here() as target:
        yield target


@pytest.fixture(scope="session")
def here(lone_worker: LocalExecutor) -> Cell:
    """Return one worker of this machine."""
    return local_cell(lone_worker)


@pytest.fixture(scope="session")
def foreign() -> Iterator[tuple[str, ...]]:
    """Return directories of other guests."""
    with LocalExecutor(workers=1) as executor:
        assert executor.level
        yield executor.work_directories


@pytest.fixture(scope="module")
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Cell]:
    """Return one worker of another kind."""
    kind, level = request.param
    try:
        if kind == "function":
            with function_cell(level) as cell:
                yield cell
        else:
            with LocalExecutor(workers=1, level=level) as executor:
                yield local_cell(executor)
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


@pytest.mark.parametrize("variant", _VARIANTS)
def test_this_machine_behaves(
    variant: tuple[Behaviour, str],
    here: Cell,
    target: Target,
    foreign: tuple[str, ...],
    request: pytest.FixtureRequest,
) -> None:
    """Each variant ends as the list says, and the next program notices nothing."""
    behaviour, name = variant
    if name in NAMELESS and os.geteuid() != 0 and here.level is not IsolationLevel.INTERPRETER:
        pytest.skip("the kernel does not show us the open files of a guest")
    if name == "ctypes from what is left of it" and not here.forgets_ctypes:
        reason = "before Python 3.13 the types of ctypes live as long as the process"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))

    check(behaviour, name, here, target, foreign)


@pytest.mark.parametrize(
    ("elsewhere", "key"),
    [
        pytest.param(kind, key, id="-".join((*kind, key)))
        for kind in _KINDS
        for key, behaviour in BEHAVIOURS.items()
        if kind[1] in behaviour.levels
    ],
    indirect=["elsewhere"],
)
def test_every_executor_behaves(
    elsewhere: Cell, key: str, target: Target, foreign: tuple[str, ...]
) -> None:
    """What this machine does, other executors do."""
    for name in BEHAVIOURS[key].chosen:
        check(BEHAVIOURS[key], name, elsewhere, target, foreign)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_ours_is_no_verdict_here(fault: str, level: IsolationLevel) -> None:
    """A worker of this machine that is lost, or has no time, decides about no sample."""
    with LocalExecutor(workers=1, level=level) as executor:
        cell = local_cell(executor)
        FAULTS[fault](cell)
        check_next_sample(cell)


@pytest.mark.parametrize("elsewhere", _KINDS, ids="-".join, indirect=True)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_ours_is_no_verdict_elsewhere(fault: str, elsewhere: Cell) -> None:
    """Neither does another executor's."""
    FAULTS[fault](elsewhere)
    check_next_sample(elsewhere)


_WRITER = "import time; open('/tmp/secret', 'w').close(); time.sleep(0.5)"
_READER = """
import os, time
for _ in range(40):
    print(*(n for f in ('/tmp', '/var/tmp', '/dev/shm') for n in os.listdir(f)), end='')
    time.sleep(0.01)
"""


def test_guests_do_not_share_tmp(executor: LocalExecutor) -> None:
    """A guest sees no temporary file of another one, nor of this machine."""
    jobs = [Job(program=program, questions=(Run(),)) for program in (_WRITER, _READER)]

    executions = {index: execution for index, (execution,) in executor.run(jobs)}

    assert [executions[index].exit_status for index in (0, 1)] == [0, 0]
    assert executions[1].stdout == b""
