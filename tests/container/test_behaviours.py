"""Containers behave as every other executor: the list of `tests/conformance/behaviours/`."""

from collections.abc import Iterator
from typing import Any

import pytest

from nova_code_verifier.handlers.containers.container import EXECUTOR_HANDLER, running
from nova_code_verifier.handlers.containers.pool import container_invoker
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from tests.conformance.behaviours.behaviour import ISOLATED
from tests.conformance.behaviours.checks import FAULTS, check, check_next_sample
from tests.conformance.behaviours.table import BEHAVIOURS
from tests.conformance.behaviours.target import Target
from tests.executors import Cell

_FOLDER = "/var/task/nova_code_verifier/handlers"
_TARGET = Target(
    marker=f"{_FOLDER}/executor.py",
    outside=_FOLDER,
    secret="def lambda_handler",
    port=9001,  # of the interface to the runtime
)


@pytest.fixture(scope="module", params=[IsolationLevel.KERNEL, IsolationLevel.INTERPRETER], ids=str)
def cell(request: pytest.FixtureRequest, client: Any, image: str) -> Iterator[Cell]:
    """Start one container, with one worker in it."""
    level = request.param
    settings: dict[str, Any] = {"VERIFIER_ISOLATION": str(level), "VERIFIER_WORKERS": "1"}
    with running(client, image, handler=EXECUTOR_HANDLER, **settings) as container:
        invoke = container_invoker([container])
        with RemoteExecutor(invoke, _no_trusted_code, concurrency=1, required=level) as executor:
            yield Cell(
                executor=executor,
                level=executor.level,
                is_strict=level is IsolationLevel.INTERPRETER,
                forgets_ctypes=True,
                lose_worker=container._container.kill,
            )


@pytest.mark.parametrize(
    "key", [key for key, behaviour in BEHAVIOURS.items() if behaviour.levels >= ISOLATED]
)
def test_a_container_behaves(key: str, cell: Cell) -> None:
    """What this machine does, a container does."""
    for name in BEHAVIOURS[key].chosen:
        check(BEHAVIOURS[key], name, cell, _TARGET, ("/root",))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_container_is_no_verdict(fault: str, cell: Cell) -> None:
    """A container that was lost decides about no sample."""
    FAULTS[fault](cell)
    check_next_sample(cell)


def _no_trusted_code(modules: tuple[str, ...]) -> LocalExecutor:
    raise NotImplementedError(modules)
