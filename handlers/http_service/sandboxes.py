"""The sandboxes of one process, the service that grades with them, and its threads.

In: entries in an inbox, jobs. Out: outcomes, executions. All of it starts in the process that
serves, and never before a fork.
"""

import math
from collections.abc import Callable

from nova_code_verifier.handlers.executors import start_executor, start_local
from nova_code_verifier.handlers.gathering.batches import Graders, Inbox
from nova_code_verifier.handlers.gathering.shared_executor import SharedExecutor
from nova_code_verifier.handlers.http_service.settings import ServiceSettings
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.types import Executor
from nova_code_verifier.verifier.control import CONTROLLED, control_samples

_BATCH_MAX = 64


class Sandboxes:
    """Grades what is put into the `inbox`, with `service`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        on_bug: Callable[[], None],
        on_misjudged: Callable[[str], None],
    ) -> None:
        """Start. Raises SettingsError and SandboxError.

        *on_bug* is called inside the `except`; *on_misjudged* with what control samples showed.
        """
        verifier = settings.verifier
        self._executor = _executor_for(settings)
        local = self._executor if isinstance(self._executor, LocalExecutor) else None
        self._shared = SharedExecutor(local) if local else None
        self.inbox = Inbox(batch_max=_BATCH_MAX)
        self.service = Service(
            self._shared or self._executor,
            verifier,
            on_bug=lambda _index: on_bug(),
            on_misjudged=on_misjudged,
        )
        Graders(self.inbox, self.service, self._shared, on_bug=on_bug).start()

    @property
    def has_waiting_jobs(self) -> bool:
        """Return whether many jobs wait for a worker."""
        return self._shared is not None and self._shared.has_waiting_jobs

    def view(self, is_over: Callable[[], bool], deadline: float) -> Executor:
        """Return a view of the executor until something *is over*, at the latest at *deadline*."""
        return (self._shared.until(is_over) if self._shared else self._executor).with_deadline(
            deadline
        )

    def misjudgement(self) -> str:
        """Grade control samples; return how they were misjudged, or why not graded; "" if neither.

        Raises SandboxError, and IsolationRefusedError if programs may not run here at all.
        """
        _ = self._executor.level
        controls = [control for source in CONTROLLED for control in control_samples(source)]
        entries = [Entry(id=None, sample=control.sample) for control in controls]
        may_refuse = self._executor.isolates_trusted_code
        for outcome in self.service.score(entries, sample_seconds_max=math.inf):
            if outcome.score.is_outage:
                return outcome.score.problem
            control = controls[outcome.index]
            if problem := control.misjudgement(outcome.score, may_refuse=may_refuse):
                return f"control samples: {problem}"
        return ""

    def close(self) -> None:
        """End all."""
        self.inbox.close()
        if isinstance(self._executor, LocalExecutor):
            self._executor.close()


def _executor_for(settings: ServiceSettings) -> LocalExecutor | RemoteExecutor:
    verifier, workers = settings.verifier, settings.workers
    if verifier.executor_function:
        return start_executor(verifier, workers=workers)
    return start_local(verifier, workers=workers, guests_bytes=settings.guests_bytes)
