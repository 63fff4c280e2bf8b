"""What a view of an executor takes from the executor itself."""

from typing import Generic, TypeVar

from nova_code_verifier.sandbox.types import Executor

Viewed = TypeVar("Viewed", bound=Executor)


class ExecutorView(Generic[Viewed]):
    """The properties that every view of one executor has. The executor owns all processes."""

    def __init__(self, executor: Viewed) -> None:
        """View *executor*."""
        self._executor = executor

    @property
    def isolates_trusted_code(self) -> bool:
        """Return whether the executor isolates trusted code."""
        return self._executor.isolates_trusted_code

    @property
    def environment(self) -> str:
        """Return the environment of the executor."""
        return self._executor.environment

    @property
    def fast_paths(self) -> bool:
        """Return whether fast paths are tried."""
        return self._executor.fast_paths
