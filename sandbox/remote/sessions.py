"""Run sessions in an executor function, if its wall protects the tests from the candidate there.

In: sessions. Out: executions. A session holds the tests of its candidate, so the function gets none
before a handshake: a session of ours, without tests. The response to it, and to every later
request, says which protections the function was granted. If one is missing, no more sessions are
sent: they end as `UNSENDABLE`, and the reason says what is missing. The function checks its wall,
too, and then runs no session.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator

from nova_code_verifier.sandbox import errors
from nova_code_verifier.sandbox.remote.client import LONGEST_SECONDS, ExecutorClient, Invoke
from nova_code_verifier.sandbox.remote.dispatcher import Dispatcher, unsent
from nova_code_verifier.sandbox.remote.protections import missing_protections
from nova_code_verifier.sandbox.remote.response import RunResponse
from nova_code_verifier.sandbox.types import Execution, IsolationLevel, Job, Limits, Session

# A guest cannot import `sandbox/protocol/channel.py`, which defines this frame.
_HARNESS = """
import os, sys
tag = sys.implementation.cache_tag.encode()
os.write(CHANNEL_FD, len(tag).to_bytes(4, "big") + tag)
"""
_HANDSHAKE = Job(
    program="", questions=(Session(harness=_HARNESS, harness_limits=Limits(memory_bytes=2**30)),)
)
# Compiled tests have the format of one version of Python.
_EXPECTED = str(sys.implementation.cache_tag).encode()
_ADVICE = "score this dataset without an executor function"
_NEVER = (
    "tests: need a process beside the candidate's, on the machine of the executor function, and "
    f"VERIFIER_EXECUTOR_SESSIONS is never: {_ADVICE}"
)


class SessionClient(ExecutorClient):
    """Sends sessions to one function. Safe to share between threads."""

    def __init__(
        self,
        invoke: Invoke,
        *,
        required: IsolationLevel,
        modules: tuple[str, ...],
        claimed_level: Callable[[float], IsolationLevel],
        may_send: bool = True,
    ) -> None:
        """Send sessions that need *modules*, unless no session *may* be sent.

        *claimed_level* is that of the client for other jobs.
        """
        super().__init__(invoke, required=required, modules=modules)
        self._claimed_level_of_others = claimed_level
        self._refusal = "" if may_send else _NEVER
        self._has_shaken_hands = False

    def shake_hands(self, deadline: float) -> None:
        """Find out, once, whether the function may get sessions.

        Raises SessionsRefusedError if it must not, SandboxError if it does not answer before
        *deadline*.
        """
        deadline = min(deadline, time.monotonic() + LONGEST_SECONDS)
        if not self._refusal:
            # Where the isolation is weak, a candidate may stay and shake hands in the function's
            # place. Before the first candidate, the function has said that it is weak.
            self._refuse_below_kernel(self._claimed_level_of_others(deadline))
        self._require_all()
        if not self._has_shaken_hands:
            self._probe(deadline)
        self._has_shaken_hands = True

    def _accept(self, response: RunResponse) -> None:
        super()._accept(response)
        self._refuse_below_kernel(response.level)
        if missing := missing_protections(response.protections):
            self._refuse(missing)
        self._require_all()

    def _refuse_below_kernel(self, level: IsolationLevel) -> None:
        if level is not IsolationLevel.KERNEL:
            self._refuse(f"isolation level kernel (it has {level})")

    def _refuse(self, missing: str) -> None:
        """Send no more sessions."""
        self._refusal = self._refusal or (
            "tests: need a process beside the candidate's, and the executor function does not "
            f"protect them from the candidate there; missing: {missing}: {_ADVICE}"
        )

    def _require_all(self) -> None:
        if self._refusal:
            raise errors.SessionsRefusedError(self._refusal)

    def _probe_like(self, _: Job | None) -> Job:
        return _HANDSHAKE

    def _check_probe(self, execution: Execution) -> None:
        match execution.value:
            case (message,) if message == _EXPECTED:
                return
            case (bytes(message),):
                problem = f"its Python is {message[:20]!r}, and this one is {_EXPECTED!r}"
            case _:
                problem = execution.detail or f"the harness ended {execution.harness_ending}"
        raise errors.UnreachableError(f"the executor function does not run sessions: {problem}")


class SessionRunner:
    """Runs sessions in an executor function."""

    def __init__(self, client: SessionClient, *, concurrency: int, jobs_per_request: int) -> None:
        """Send at most *concurrency* requests at a time, of *jobs_per_request* sessions each."""
        self._client = client
        self._concurrency = concurrency
        self._jobs_per_request = jobs_per_request

    def run(
        self, jobs: Iterable[Job], *, deadline: float = float("inf")
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Yield, for each job as it ends, its index in *jobs* and its executions.

        See `RemoteExecutor.run`. Sessions that the function must not get end as `UNSENDABLE`.
        """
        try:
            self._client.shake_hands(deadline)
        except errors.SandboxError as error:
            for index, job in enumerate(jobs):
                yield index, (unsent(error),) * len(job.questions)
            return
        yield from Dispatcher(
            self._client,
            jobs,
            concurrency=self._concurrency,
            jobs_per_request=self._jobs_per_request,
            deadline=deadline,
        ).run()
