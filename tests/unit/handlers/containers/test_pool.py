"""The pool of containers, with fake containers. tests/container/test_cells.py has real ones."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from nova_code_verifier.handlers.containers.container import Answer
from nova_code_verifier.handlers.containers.image import ContainerError
from nova_code_verifier.handlers.containers.pool import container_invoker
from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.sandbox.errors import FunctionCrashedError, UnreachableError


@dataclass
class FakeContainer:
    """A container whose function returns its payload; it can crash, and be stuck."""

    status: int = 200
    error: ContainerError | None = None
    is_stuck: bool = False
    tenants: list[str] = field(default_factory=list)
    restarts: int = 0

    def invoke(self, event: bytes, *, tenant: str = "") -> Answer:
        """Return the payload of *event*, or raise the error."""
        self.tenants.append(tenant)
        if self.error:
            raise self.error
        body = json.dumps(wrap(unwrap(json.loads(event)))).encode()
        return Answer(status=self.status, body=body)

    def restart(self) -> None:
        """Count the restart, or raise if the container is stuck."""
        self.restarts += 1
        if self.is_stuck:
            raise ContainerError("cannot be restarted")


def invoker(container: Any, *, fresh_environment: bool = False) -> Any:
    """Return the invoker of a pool with one container."""
    return container_invoker([container], fresh_environment=fresh_environment)


def test_a_container_serves_several_requests() -> None:
    """A container whose function works is not restarted, and has no tenant."""
    container = FakeContainer()
    invoke = invoker(container)

    assert [invoke(b"1"), invoke(b"2")] == [b"1", b"2"]
    assert (container.restarts, container.tenants) == (0, ["", ""])


def test_a_container_is_restarted_after_each_request_with_fresh_environment() -> None:
    """With `fresh_environment`, each request has a restarted container and a new tenant."""
    container = FakeContainer()
    invoke = invoker(container, fresh_environment=True)

    assert [invoke(b"1"), invoke(b"2")] == [b"1", b"2"]
    assert container.restarts == 2
    assert len({*container.tenants, ""}) == 3


@pytest.mark.parametrize(
    "container", [FakeContainer(status=500), FakeContainer(error=ContainerError("gone"))]
)
def test_a_container_that_failed_is_restarted(container: FakeContainer) -> None:
    """A failed request raises a crash, and the next one gets a restarted container."""
    invoke = invoker(container)

    with pytest.raises(FunctionCrashedError):
        invoke(b"1")
    container.status, container.error = 200, None

    assert invoke(b"2") == b"2"
    assert container.restarts == 1


def test_a_container_that_cannot_be_restarted_is_unreachable() -> None:
    """If the restart fails too, the request raises an outage."""
    with pytest.raises(UnreachableError, match="cannot be restarted"):
        invoker(FakeContainer(status=500, is_stuck=True))(b"1")
