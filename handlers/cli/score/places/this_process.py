"""Score in this process, one chunk after the other."""

import traceback
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, closing
from typing import TYPE_CHECKING

from nova_code_verifier.handlers.cli.score.places.place import Chunks, ScoredAt
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import IsolationLevel, TimedExecutor

if TYPE_CHECKING:
    from nova_code_verifier.handlers.service import Service


class ThisProcess:
    """The place where one executor runs all programs, and this thread enforces their limits.

    So nothing may wait while a chunk is scored, except in `Chunks.take`: no guest runs then.
    """

    chunk_samples = 256
    chunk_bytes = 32 * 2**20
    chunks_at_once = 1
    status = ""
    facts = ()

    def __init__(
        self, start: Callable[[], AbstractContextManager[TimedExecutor]], settings: Settings
    ) -> None:
        """Prepare to score with the executor that *start* starts."""
        self._start, self._settings = start, settings
        self._stack = ExitStack()
        self._executor: TimedExecutor | None = None
        self._service: Service | None = None
        self.bug = ""

    def __enter__(self) -> "ThisProcess":
        """Start the executor. It warms up while the caller goes on."""
        self._executor = self._stack.enter_context(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        """Close the executor."""
        self._stack.close()

    @property
    def level(self) -> IsolationLevel:
        """The level of the executor."""
        assert self._executor is not None  # noqa: S101  (in its `with` block)
        return self._executor.level

    def wait_ready(self) -> None:
        """Wait until the sandbox has started. Raises SandboxError, and SettingsError."""
        # Imported after the start: the workers get ready while this process loads it.
        from nova_code_verifier.handlers.service import Service  # noqa: PLC0415

        assert self._executor is not None  # noqa: S101
        self._service = Service(self._executor, self._settings, on_bug=self._keep_bug)
        _ = self.level

    def _keep_bug(self, _index: int) -> None:
        self.bug = self.bug or traceback.format_exc()

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Score the chunks one after the other. Raises SandboxError."""
        from nova_code_verifier.handlers.scored.sample import score_entries  # noqa: PLC0415

        assert self._service is not None  # noqa: S101
        while chunk := chunks.take():
            scored = score_entries(self._service, chunk.entries, full=full)
            with closing(scored):  # also after Ctrl-C: it must end before the executor is closed
                for index, sample in scored:
                    yield chunk.number, index, sample
