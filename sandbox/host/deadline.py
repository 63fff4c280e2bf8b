"""A view of an executor that passes one deadline to every call."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from nova_code_verifier.sandbox.host.view import ExecutorView
from nova_code_verifier.sandbox.types import (
    Company,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    JobRunner,
)


class StoppableRunner(JobRunner, Protocol):
    """Runs jobs until a deadline."""

    def run(
        self, jobs: Iterable[Job], *, deadline: float = ...
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Run *jobs* until *deadline*, in `time.monotonic` seconds."""


class _Stoppable(Executor, Protocol):
    def run(
        self, jobs: Iterable[Job], *, deadline: float = ..., company: Company | None = ...
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]: ...

    def level_by(self, deadline: float, /) -> IsolationLevel: ...

    def with_preloaded(self, modules: tuple[str, ...]) -> "_Stoppable": ...

    def with_sessions(self, modules: tuple[str, ...]) -> StoppableRunner: ...


class _RunnerView:
    """A `JobRunner` that stops at its deadline."""

    def __init__(self, runner: StoppableRunner, deadline: float) -> None:
        self._runner = runner
        self._deadline = deadline

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Run *jobs* until the deadline."""
        return self._runner.run(jobs, deadline=self._deadline)


class DeadlineView(ExecutorView[_Stoppable]):
    """An `Executor` that stops at its deadline, in `time.monotonic` seconds."""

    def __init__(self, executor: _Stoppable, deadline: float) -> None:
        """View *executor*, which stays the owner of all processes."""
        super().__init__(executor)
        self._deadline = deadline

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Run *jobs* until the deadline."""
        return self._executor.run(jobs, deadline=self._deadline, company=company)

    @property
    def level(self) -> IsolationLevel:
        """Return the executor's level. Raises SandboxError if it is unknown at the deadline."""
        return self._executor.level_by(self._deadline)

    def with_preloaded(self, modules: tuple[str, ...]) -> Executor:
        """Return the view, with the same deadline, of the executor of trusted programs."""
        return DeadlineView(self._executor.with_preloaded(modules), self._deadline)

    def with_sessions(self, modules: tuple[str, ...]) -> JobRunner:
        """Return the view, with the same deadline, of what runs sessions."""
        return _RunnerView(self._executor.with_sessions(modules), self._deadline)
