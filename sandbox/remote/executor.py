"""Run candidates in an executor function elsewhere, and trusted programs on this machine.

The jobs of `run` hold candidates, and go to the function. What it responds is not believed (see
`sandbox/remote/response.py`). Programs that hold secrets, such as checkers, run through
`with_preloaded`: on this machine, where no candidate ever runs. Only sessions hold both: they go to
the function if its wall protects the tests there (`sandbox/remote/sessions.py`).
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from nova_code_verifier.sandbox.host.deadline import DeadlineView
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.client import LONGEST_SECONDS, ExecutorClient, Invoke
from nova_code_verifier.sandbox.remote.dispatcher import Dispatcher
from nova_code_verifier.sandbox.remote.sessions import SessionClient, SessionRunner
from nova_code_verifier.sandbox.types import (
    Company,
    Execution,
    Executor,
    IsolationLevel,
    Job,
)

StartTrusted = Callable[[tuple[str, ...]], LocalExecutor]
"""Starts an executor on this machine, whose guests find these modules imported."""


class RemoteExecutor:
    """Runs candidates' jobs in an executor function. Safe to share between threads."""

    def __init__(
        self,
        invoke: Invoke,
        start_trusted: StartTrusted,
        *,
        concurrency: int = 16,
        jobs_per_request: int = 1,
        required: IsolationLevel = IsolationLevel.INTERPRETER,
        may_send_sessions: bool = True,
        fast_paths: bool = True,
    ) -> None:
        """Send at most *concurrency* requests at a time, of *jobs_per_request* jobs each.

        More than one job in a request needs isolation level `kernel`: below it, a candidate
        might see the other jobs of its request, and answer for them. Sessions, which hold tests,
        are sent if they may be and the function has all of `Protection`. *fast_paths* are as in
        `Executor`.
        """
        self._invoke, self._required = invoke, required
        self.fast_paths = fast_paths
        self._may_send_sessions = may_send_sessions
        self._session_clients: dict[tuple[str, ...], SessionClient] = {}
        self._client = ExecutorClient(invoke, required=required)
        self._start_trusted = start_trusted
        self._trusted: dict[tuple[str, ...], LocalExecutor] = {}
        self._concurrency = concurrency
        self._jobs_per_request = jobs_per_request
        self._lock = threading.Lock()

    @property
    def level(self) -> IsolationLevel:
        """Return the weakest level that the function has claimed so far. Asks it if need be.

        Raises IsolationRefusedError if that is below *required*, SandboxError without a response.
        """
        return self.level_by(float("inf"))

    def level_by(self, deadline: float) -> IsolationLevel:
        """Return the level as `level` does, but wait for a response until *deadline* at most."""
        return self._client.claimed_level(min(deadline, time.monotonic() + LONGEST_SECONDS))

    @property
    def isolates_trusted_code(self) -> bool:
        """Return True: trusted programs run on this machine, candidates in the function."""
        return True

    @property
    def environment(self) -> str:
        """Return "": a function may be deployed again, with other packages, at any time."""
        return ""

    def run(
        self,
        jobs: Iterable[Job],
        *,
        deadline: float = float("inf"),
        company: Company | None = None,  # noqa: ARG002  (expected answers stay here)
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        *company* is not used: the function would have to ask this machine after every run.

        Questions that were not answered at *deadline* (`time.monotonic` seconds), or because of
        an outage, end as `NOT_RUN`.
        """
        return Dispatcher(
            self._client,
            jobs,
            concurrency=self._concurrency,
            jobs_per_request=self._jobs_per_request,
            deadline=deadline,
        ).run()

    def with_deadline(self, deadline: float) -> Executor:
        """Return a view of this executor that stops at *deadline* (`time.monotonic` seconds)."""
        return DeadlineView(self, deadline)

    def with_preloaded(self, modules: tuple[str, ...]) -> LocalExecutor:
        """Return an executor on this machine for trusted programs. It is closed with this one."""
        with self._lock:
            if modules not in self._trusted:
                self._trusted[modules] = self._start_trusted(modules)
            return self._trusted[modules]

    def with_sessions(self, modules: tuple[str, ...]) -> SessionRunner:
        """Return what runs sessions in the function, whose harnesses find *modules* imported."""
        with self._lock:
            if modules not in self._session_clients:
                self._session_clients[modules] = SessionClient(
                    self._invoke,
                    required=self._required,
                    modules=modules,
                    claimed_level=self._client.claimed_level,
                    may_send=self._may_send_sessions,
                )
        return SessionRunner(
            self._session_clients[modules],
            concurrency=self._concurrency,
            jobs_per_request=self._jobs_per_request,
        )

    def close(self) -> None:
        """Close the executors that were started on this machine."""
        for executor in self._trusted.values():
            executor.close()

    def __enter__(self) -> "RemoteExecutor":
        """Return this executor, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
