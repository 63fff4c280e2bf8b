"""A view of an executor with a deadline."""

from collections.abc import Iterable, Iterator

from nova_code_verifier.sandbox.host.deadline import DeadlineView
from nova_code_verifier.sandbox.types import Company, Execution, IsolationLevel, Job


class Recorder:
    """An executor that records the deadlines of its calls."""

    isolates_trusted_code = True
    fast_paths = False
    environment = ""
    level = IsolationLevel.KERNEL

    def __init__(self) -> None:
        """Record nothing yet."""
        self.deadlines: list[float] = []
        self.preloaded: tuple[str, ...] = ()

    def level_by(self, deadline: float, /) -> IsolationLevel:
        """Record the deadline, and return the level."""
        self.deadlines.append(deadline)
        return self.level

    def run(
        self,
        jobs: Iterable[Job],
        *,
        deadline: float = float("inf"),
        company: Company | None = None,
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Record the deadline, and return no execution."""
        del company
        self.deadlines.append(deadline)
        return iter([(index, ()) for index, _ in enumerate(jobs)])

    def with_preloaded(self, modules: tuple[str, ...]) -> "Recorder":
        """Record the modules, and return this executor."""
        self.preloaded = modules
        return self

    with_sessions = with_preloaded


def test_every_call_of_a_view_has_its_deadline() -> None:
    """The level, jobs, trusted programs and sessions all stop at the deadline of the view."""
    executor = Recorder()
    view = DeadlineView(executor, 7.5)

    assert view.level is IsolationLevel.KERNEL
    assert view.isolates_trusted_code
    assert list(view.run([])) == []
    assert list(view.with_preloaded(("json",)).run([])) == []
    assert list(view.with_sessions(("ast",)).run([])) == []
    assert (executor.deadlines, executor.preloaded) == ([7.5] * 4, ("ast",))
