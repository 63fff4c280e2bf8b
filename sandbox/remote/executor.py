"""Run jobs in an executor function elsewhere, and trusted programs on this machine.

In: jobs, and a way to the function. Out: executions, as they come. What a reply says is hearsay
(see `sandbox.remote.response`). Must not know: tests, answers, rewards, whose function it is.

The jobs of `run` are candidates', and go to the function. Whoever holds secrets (harnesses, with
the tests) is run through `with_preloaded`: on this machine, where no candidate ever is.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from nova_code_verifier.sandbox.host.deadline import DeadlineView
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.client import LONGEST_SECONDS, ExecutorClient, Invoke
from nova_code_verifier.sandbox.remote.dispatcher import Dispatcher
from nova_code_verifier.sandbox.types import Execution, Executor, IsolationLevel, Job

StartTrusted = Callable[[tuple[str, ...]], LocalExecutor]
"""Starts an executor on this machine, whose guests find these modules loaded."""


class RemoteExecutor:
    """Has candidates' jobs run in an executor function. Safe to share between threads."""

    def __init__(
        self,
        invoke: Invoke,
        start_trusted: StartTrusted,
        *,
        concurrency: int = 16,
        jobs_per_request: int = 1,
        required: IsolationLevel = IsolationLevel.INTERPRETER,
    ) -> None:
        """Have *concurrency* orders under way at most, with *jobs_per_request* jobs in each.

        More than one job in an order is for a function whose guests are behind the kernel's
        wall: elsewhere a candidate might see, and answer for, those that came with it.
        """
        self._courier = ExecutorClient(invoke, required=required)
        self._start_trusted = start_trusted
        self._trusted: dict[tuple[str, ...], LocalExecutor] = {}
        self._concurrency = concurrency
        self._jobs_per_request = jobs_per_request
        self._lock = threading.Lock()

    @property
    def level(self) -> IsolationLevel:
        """The weakest wall that the function has claimed so far. Asks it, if it has not yet.

        Raises IsolationRefusedError if that is below *required*, SandboxError if it is silent.
        """
        return self.level_by(time.monotonic() + LONGEST_SECONDS)

    def level_by(self, deadline: float) -> IsolationLevel:
        """Be the same, for whoever cannot wait longer than *deadline*."""
        return self._courier.claimed_level(min(deadline, time.monotonic() + LONGEST_SECONDS))

    @property
    def isolates_trusted_code(self) -> bool:
        """Yes: a program that holds secrets can only be run where no candidate is."""
        return True

    def run(
        self, jobs: Iterable[Job], *, deadline: float = float("inf")
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its place in *jobs* and its executions.

        Questions that *deadline* (of `time.monotonic`) or an outage cut short are `NOT_RUN`.
        """
        return Dispatcher(
            self._courier,
            jobs,
            concurrency=self._concurrency,
            jobs_per_request=self._jobs_per_request,
            deadline=deadline,
        ).run()

    def with_deadline(self, deadline: float) -> Executor:
        """Return a view of this executor that stops at *deadline* (`time.monotonic` seconds)."""
        return DeadlineView(self, deadline)

    def with_preloaded(self, modules: tuple[str, ...]) -> LocalExecutor:
        """Be an executor of this machine, for trusted programs. Closed with this one."""
        with self._lock:
            if modules not in self._trusted:
                self._trusted[modules] = self._start_trusted(modules)
            return self._trusted[modules]

    def close(self) -> None:
        """End what was started on this machine."""
        for executor in self._trusted.values():
            executor.close()

    def __enter__(self) -> "RemoteExecutor":
        """Be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
